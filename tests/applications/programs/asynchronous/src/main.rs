//! A server and clients in one asynchronous runtime, with blocking work on its threads: tokio and hyper.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

const CLIENTS: usize = 8;

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let text = format!("{} {}", request.method(), request.uri().path());
    // As a driver of a database would be called.
    let text = tokio::task::spawn_blocking(move || text.to_uppercase())
        .await
        .expect("no panic");
    Ok(Response::new(Full::new(Bytes::from(text))))
}

async fn serve(listener: TcpListener) {
    loop {
        let (stream, _) = listener
            .accept()
            .await
            .expect("a connection can be accepted");
        tokio::spawn(async move {
            let connection = hyper::server::conn::http1::Builder::new();
            // A client that has gone away wants no answer.
            let _ = connection
                .serve_connection(TokioIo::new(stream), service_fn(answer))
                .await;
        });
    }
}

async fn ask(address: SocketAddr, client: usize, requests: usize) -> usize {
    let stream = TcpStream::connect(address)
        .await
        .expect("the server accepts");
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .expect("a handshake");
    tokio::spawn(connection);
    let mut bytes = 0;
    for number in 0..requests {
        let request = Request::get(format!("/{client}/{number}"))
            .header("host", "localhost")
            .body(Full::<Bytes>::default())
            .expect("a request");
        let response = sender
            .send_request(request)
            .await
            .expect("the server answers");
        let body = response.into_body().collect().await.expect("a body");
        bytes += body.to_bytes().len();
    }
    bytes
}

async fn run(requests: usize) -> usize {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound listener");
    let server = tokio::spawn(serve(listener));
    let (sender, mut receiver) = mpsc::channel(2);
    for client in 0..CLIENTS {
        let sender = sender.clone();
        tokio::spawn(async move {
            let bytes = ask(address, client, requests).await;
            sender.send(bytes).await.expect("main listens");
        });
    }
    drop(sender);
    let mut sum = 0;
    while let Some(bytes) = receiver.recv().await {
        sum += bytes;
    }
    tokio::time::sleep(Duration::from_millis(5)).await;
    server.abort();
    sum
}

fn main() {
    let measure = std::env::args().nth(1).is_some();
    let requests = if measure { 1_000 } else { 20 };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("threads can be started");
    let start = Instant::now();
    let bytes = runtime.block_on(run(requests));
    if measure {
        let rate = (CLIENTS * requests) as f64 / start.elapsed().as_secs_f64();
        println!("{rate:.0} requests/s");
    } else {
        println!("{} requests, {bytes} bytes", CLIENTS * requests);
    }
}
