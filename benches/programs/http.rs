//! A small HTTP server with a thread for each connection.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// What every request is answered with.
pub const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, world!";

/// Prints its port, and serves until it is killed.
pub fn serve() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    loop {
        let (stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        thread::Builder::new().spawn(move || answer(stream))?;
    }
}

/// Answers requests without a body, one after the other.
fn answer(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 4096];
    let mut filled = 0;
    loop {
        let length = stream.read(&mut buffer[filled..])?;
        filled += length;
        if length == 0 {
            return Ok(());
        }
        let (requests, used) = requests(&buffer[..filled]);
        for _ in 0..requests {
            stream.write_all(ANSWER)?;
        }
        buffer.copy_within(used..filled, 0);
        filled -= used;
    }
}

/// Returns how many requests have arrived in full, and their length.
pub fn requests(bytes: &[u8]) -> (usize, usize) {
    let (mut count, mut used) = (0, 0);
    while let Some(end) = bytes[used..].windows(4).position(|end| end == b"\r\n\r\n") {
        count += 1;
        used += end + 4;
    }
    (count, used)
}
