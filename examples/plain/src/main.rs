//! A server with a thread for each connection, and a crowd of clients, in one process: nothing but std.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

const CLIENTS: usize = 300;

fn serve(stream: TcpStream) -> io::Result<()> {
    let mut writer = stream.try_clone()?;
    for line in BufReader::new(stream).lines() {
        writeln!(writer, "{}", line?.to_uppercase())?;
    }
    Ok(())
}

fn ask(address: std::net::SocketAddr, all_connected: &Barrier) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    all_connected.wait();
    writeln!(stream, "hello")?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    Ok(answer)
}

/// The OS threads of this process, as Linux counts them.
fn os_threads() -> usize {
    fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.expect("a connection can be accepted");
            thread::spawn(move || serve(stream));
        }
    });

    let all_connected = Arc::new(Barrier::new(CLIENTS));
    let most = Arc::new(AtomicUsize::new(0));
    let answers = Arc::new(Mutex::new(Vec::new()));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (all_connected, most, answers) =
                (all_connected.clone(), most.clone(), answers.clone());
            thread::spawn(move || {
                let answer = ask(address, &all_connected).expect("the server answers");
                most.fetch_max(os_threads(), Ordering::Relaxed);
                answers.lock().unwrap().push(answer);
            })
        })
        .collect();
    for client in clients {
        client.join().expect("no client panics");
    }

    let answers = answers.lock().unwrap();
    assert!(answers.iter().all(|answer| answer == "HELLO\n"));
    println!("{} clients at once were answered", answers.len());
    println!("OS threads at most: {}", most.load(Ordering::Relaxed));
    Ok(())
}
