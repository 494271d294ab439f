//! An HTTP server for `benches/http.sh`: `http greenpatch 2` serves with greenpatch on two workers, `http tokio 2` with
//! tokio on two. Prints its port, and serves until it is killed.

use std::error::Error;
use std::io;

use greenpatch_bench_green as green;
use greenpatch_bench_native as native;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let peer = words.next().ok_or("name a peer")?;
    let workers = words.next().map_or(Ok(1), |workers| workers.parse())?;
    match &*peer {
        "greenpatch" if workers == 1 => {
            greenpatch::patch_all()?;
            green::http::serve()?;
        }
        "greenpatch" => {
            greenpatch::Patcher::new().workers(workers).apply()?;
            let server = greenpatch::thread::spawn(green::http::serve);
            server.join().expect("it does not panic")?;
        }
        "tokio" => {
            let runtime = match workers {
                1 => Builder::new_current_thread().enable_io().build()?,
                _ => Builder::new_multi_thread()
                    .worker_threads(workers)
                    .enable_io()
                    .build()?,
            };
            runtime.block_on(async { tokio::spawn(serve()).await })??;
        }
        "std" => native::http::serve()?,
        _ => return Err("the peers are greenpatch, tokio and std".into()),
    }
    Ok(())
}

async fn serve() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(answer(stream));
    }
}

async fn answer(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 4096];
    let mut filled = 0;
    loop {
        let length = stream.read(&mut buffer[filled..]).await?;
        filled += length;
        if length == 0 {
            return Ok(());
        }
        let (requests, used) = native::http::requests(&buffer[..filled]);
        for _ in 0..requests {
            stream.write_all(native::http::ANSWER).await?;
        }
        buffer.copy_within(used..filled, 0);
        filled -= used;
    }
}
