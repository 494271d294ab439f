//! An echo server with a thread for each connection, and clients that keep it busy.
//!
//! `cargo run --release --example echo_server [-- --native] [--connections N] [--requests N]`

use greenpatch::patchable;
use greenpatch_examples::{Summary, number, patch_unless_native};

#[patchable]
mod program {
    use std::io::{self, Read, Write};
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::thread;

    /// Serves until no client is left that could connect.
    pub fn serve(listener: TcpListener) {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || echo(stream));
        }
    }

    fn echo(mut stream: TcpStream) -> io::Result<()> {
        let mut buffer = [0; 1024];
        loop {
            let length = stream.read(&mut buffer)?;
            if length == 0 {
                return Ok(());
            }
            stream.write_all(&buffer[..length])?;
        }
    }

    /// Sends `requests` requests over each of `connections`, and returns the number of correct answers.
    pub fn ask(server: SocketAddr, connections: usize, requests: usize) -> usize {
        let clients: Vec<_> = (0..connections)
            .map(|_| thread::spawn(move || client(server, requests)))
            .collect();
        clients
            .into_iter()
            .filter_map(|client| client.join().ok()?.ok())
            .sum()
    }

    fn client(server: SocketAddr, requests: usize) -> io::Result<usize> {
        let mut stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        let mut right = 0;
        for number in 0..requests {
            let question = (number as u64).to_le_bytes();
            stream.write_all(&question)?;
            let mut answer = [0; 8];
            stream.read_exact(&mut answer)?;
            right += usize::from(answer == question);
        }
        Ok(right)
    }

    pub fn run(connections: usize, requests: usize) -> io::Result<usize> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let server = listener.local_addr()?;
        thread::spawn(move || serve(listener));
        Ok(ask(server, connections, requests))
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    patch_unless_native()?;
    let (connections, requests) = (number("--connections", 100), number("--requests", 1000));
    let summary = Summary::begin();
    let right = program::run(connections, requests)?;
    summary.print(right);
    assert_eq!(right, connections * requests);
    Ok(())
}
