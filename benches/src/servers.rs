//! The same echo server in four ways. Each prints its port and serves until it is killed.

use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::os::fd::AsRawFd;

use crate::epoll::Epoll;

pub const KINDS: [(&str, fn() -> io::Result<()>); 4] = [
    ("epoll loop", by_epoll),
    ("greenpatch", by_greenpatch),
    ("tokio", by_tokio),
    ("OS threads", by_threads),
];

fn listen() -> io::Result<TcpListener> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    Ok(listener)
}

/// A loop over all connections, with one recv and one send a request.
fn by_epoll() -> io::Result<()> {
    let listener = listen()?;
    listener.set_nonblocking(true)?;
    let mut epoll = Epoll::new()?;
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
                        // A short read: there is no more.
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

/// A thread for each connection, written against std.
#[greenpatch::patchable]
mod threads {
    use std::io::{self, Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    pub fn serve(listener: TcpListener) -> io::Result<()> {
        loop {
            let (stream, _) = listener.accept()?;
            stream.set_nodelay(true)?;
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
}

fn by_greenpatch() -> io::Result<()> {
    greenpatch::patch_all().map_err(io::Error::other)?;
    threads::serve(listen()?.into())
}

fn by_threads() -> io::Result<()> {
    let listener = listen()?;
    loop {
        let (mut stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        std::thread::spawn(move || -> io::Result<()> {
            let mut buffer = [0; 1024];
            loop {
                let length = stream.read(&mut buffer)?;
                if length == 0 {
                    return Ok(());
                }
                stream.write_all(&buffer[..length])?;
            }
        });
    }
}

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
