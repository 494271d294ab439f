//! Blocking clients of an asynchronous library, 500 of them at once, and an asynchronous server: reqwest and hyper.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use reqwest::blocking::Client;
use tokio::net::TcpListener;
use tokio::sync::Barrier;

const CLIENTS: usize = 500;

async fn answer(
    request: Request<Incoming>,
    all: Arc<Barrier>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let mut text = format!("{} {} ", request.method(), request.uri().path()).into_bytes();
    text.extend_from_slice(&request.into_body().collect().await?.to_bytes());
    all.wait().await;
    Ok(Response::new(Full::new(text.into())))
}

/// Answers requests, and none before as many as `together` have come.
async fn serve(listener: TcpListener, together: usize) {
    let all = Arc::new(Barrier::new(together));
    loop {
        let (stream, _) = listener
            .accept()
            .await
            .expect("a connection can be accepted");
        let all = all.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, all.clone()));
            // A client that has gone away wants no answer.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

fn ask(client: &Client, address: SocketAddr, number: usize) -> usize {
    let response = client
        .post(format!("http://{address}/{number}"))
        .body(format!("the number is {number}"))
        .send()
        .expect("the server answers");
    assert!(response.status().is_success());
    let text = response.text().expect("a body of text");
    assert_eq!(text, format!("POST /{number} the number is {number}"));
    text.len()
}

fn main() {
    let measure = std::env::args().nth(1).is_some();
    let (clients, requests, together) = if measure {
        (8, 500, 1)
    } else {
        (CLIENTS, 2, CLIENTS)
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("threads can be started");
    let listener = runtime
        .block_on(TcpListener::bind("127.0.0.1:0"))
        .expect("a free port");
    let address = listener.local_addr().expect("a bound listener");
    runtime.spawn(serve(listener, together));
    let client = Client::builder()
        .timeout(Duration::from_secs(100))
        .build()
        .expect("threads can be started");
    let start = Instant::now();
    let bytes: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..clients)
            .map(|thread| {
                let client = &client;
                scope.spawn(move || {
                    (0..requests)
                        .map(|request| ask(client, address, thread * requests + request))
                        .sum::<usize>()
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no client panics"))
            .sum()
    });
    if measure {
        let rate = (clients * requests) as f64 / start.elapsed().as_secs_f64();
        println!("{rate:.0} requests/s");
    } else {
        println!("{} requests, {bytes} bytes", clients * requests);
    }
}
