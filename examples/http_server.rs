//! A small HTTP server with a thread for each connection.
//!
//! `cargo run --release --example http_server [-- --native] [--requests N]` sends requests to
//! itself over 50 connections that stay open. With `--seconds N [--port N]` it prints its address and serves other clients,
//! such as curl and wrk, for that time.

use std::io::{Write, stdout};

use greenpatch::patchable;
use greenpatch_examples::{Summary, number, patch_unless_native, text};

#[patchable]
mod program {
    use std::io::{self, BufRead, BufReader, Write};
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use std::time::Duration;

    /// A server that runs in a separate thread, with the number of requests that it has served.
    pub struct Server {
        pub address: SocketAddr,
        served: Arc<AtomicUsize>,
    }

    impl Server {
        pub fn start(port: u16) -> io::Result<Server> {
            let listener = TcpListener::bind(("127.0.0.1", port))?;
            let address = listener.local_addr()?;
            let served = Arc::new(AtomicUsize::new(0));
            let count = served.clone();
            thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let count = count.clone();
                    thread::spawn(move || serve(stream, &count));
                }
            });
            Ok(Server { address, served })
        }

        pub fn served(&self) -> usize {
            self.served.load(Ordering::Relaxed)
        }
    }

    /// Answers one request after the other, until the client closes the connection.
    fn serve(stream: TcpStream, count: &AtomicUsize) -> io::Result<()> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let mut reader = BufReader::new(&stream);
        let mut line = String::new();
        loop {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let path = line.split(' ').nth(1).unwrap_or("/").to_owned();
            let mut closes = line.trim_end().ends_with("HTTP/1.0");
            loop {
                line.clear();
                if reader.read_line(&mut line)? == 0 {
                    return Ok(());
                }
                let header = line.trim_end();
                if header.is_empty() {
                    break;
                }
                closes |= header.eq_ignore_ascii_case("connection: close");
            }
            let body = format!("You asked for {path}.\n");
            let connection = if closes { "close" } else { "keep-alive" };
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\
                 Connection: {connection}\r\n\r\n{body}",
                body.len()
            );
            (&stream).write_all(answer.as_bytes())?;
            count.fetch_add(1, Ordering::Relaxed);
            if closes {
                return Ok(());
            }
        }
    }

    /// Sends requests over several connections, and returns the number of correct answers.
    pub fn ask(server: SocketAddr, connections: usize, requests: usize) -> usize {
        let clients: Vec<_> = (0..connections)
            .map(|number| thread::spawn(move || client(server, number, requests / connections)))
            .collect();
        let answers = clients.into_iter().map(|client| client.join());
        answers.filter_map(|answer| answer.ok()?.ok()).sum()
    }

    fn client(server: SocketAddr, number: usize, requests: usize) -> io::Result<usize> {
        let stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(&stream);
        let mut right = 0;
        for request in 0..requests {
            let path = format!("/{number}/{request}");
            (&stream).write_all(format!("GET {path} HTTP/1.1\r\nHost: here\r\n\r\n").as_bytes())?;
            let mut line = String::new();
            while line != "\r\n" {
                line.clear();
                reader.read_line(&mut line)?;
            }
            line.clear();
            reader.read_line(&mut line)?;
            right += usize::from(line == format!("You asked for {path}.\n"));
        }
        Ok(right)
    }

    pub fn sleep(seconds: usize) {
        thread::sleep(Duration::from_secs(seconds as u64));
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    patch_unless_native()?;
    let server = program::Server::start(number("--port", 0).try_into()?)?;
    println!("listening on http://{}", server.address);
    stdout().flush()?;
    let summary = Summary::begin();
    if text("--seconds").is_some() {
        program::sleep(number("--seconds", 1));
        summary.print(server.served());
    } else {
        let requests = number("--requests", 50_000) / 50 * 50;
        let right = program::ask(server.address, 50, requests);
        summary.print(right);
        assert_eq!((right, server.served()), (requests, requests));
    }
    Ok(())
}
