//! The same echo server, written for each peer. `programs/echo.rs` is the one for std.

use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::os::fd::AsRawFd;

use greenpatch_bench_green as green;
use greenpatch_bench_native as native;

use super::epoll::Epoll;
use crate::machine;
use crate::peers::by_may::{on_may, spawn};
use crate::scenario::{EPOLL, GREENPATCH, MAY, STD, TOKIO, no_such};

/// Serves as `peer` until the process is killed.
pub(crate) fn serve(peer: &str) -> io::Result<()> {
    machine::stay_on(machine::MEASURED)?;
    machine::die_with_parent();
    match peer {
        EPOLL => by_epoll(),
        GREENPATCH => {
            greenpatch::patch_all().map_err(io::Error::other)?;
            green::echo::serve()
        }
        STD => native::echo::serve(),
        TOKIO => by_tokio(),
        MAY => by_may(),
        _ => no_such(peer),
    }
}

fn listen() -> io::Result<TcpListener> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    Ok(listener)
}

/// A loop over all connections, with one `recv` and one `send` per request.
fn by_epoll() -> io::Result<()> {
    let listener = listen()?;
    listener.set_nonblocking(true)?;
    let mut epoll = Epoll::new(1024)?;
    epoll.add(listener.as_raw_fd(), u64::MAX)?;
    let mut streams = Vec::new();
    let mut ready = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        epoll.wait(-1, |number| ready.push(number));
        for number in ready.drain(..) {
            if number == u64::MAX {
                while let Ok((stream, _)) = listener.accept() {
                    stream.set_nonblocking(true)?;
                    stream.set_nodelay(true)?;
                    epoll.add(stream.as_raw_fd(), streams.len() as u64)?;
                    streams.push(Some(stream));
                }
                continue;
            }
            let place = &mut streams[number as usize];
            let Some(stream) = place else { continue };
            loop {
                match stream.read(&mut buffer) {
                    Ok(0) => break *place = None,
                    Ok(length) => {
                        stream.write_all(&buffer[..length])?;
                        // A short read: no more bytes are available.
                        if length < buffer.len() {
                            break;
                        }
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(_) => break *place = None,
                }
            }
        }
    }
}

/// A coroutine for each connection.
fn by_may() -> io::Result<()> {
    use may::net::{TcpListener, TcpStream};

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

    fn accept() -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        println!("{}", listener.local_addr()?.port());
        loop {
            let (stream, _) = listener.accept()?;
            stream.set_nodelay(true)?;
            spawn(move || echo(stream))?;
        }
    }

    on_may(accept)
}

/// A task for each connection.
fn by_tokio() -> io::Result<()> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let listener = listen()?;
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loop {
            let (mut stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(async move {
                let mut buffer = [0; 1024];
                loop {
                    let length = stream.read(&mut buffer).await?;
                    if length == 0 {
                        return io::Result::Ok(());
                    }
                    stream.write_all(&buffer[..length]).await?;
                }
            });
        }
    })
}
