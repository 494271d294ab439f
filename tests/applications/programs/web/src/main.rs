//! An HTTP server with a few worker threads, and clients that ask it in turns: tiny_http and ureq.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use tiny_http::{Header, Response, Server};

const WORKERS: usize = 4;
const CLIENTS: usize = 16;

fn serve(server: &Server) {
    for mut request in server.incoming_requests() {
        let mut body = String::new();
        request
            .as_reader()
            .read_to_string(&mut body)
            .expect("the body is text");
        let text = format!("{} {} {body}", request.method(), request.url());
        let header = Header::from_bytes("X-Length", text.len().to_string()).expect("a header");
        // A client that has gone away wants no answer.
        let _ = request.respond(Response::from_string(text).with_header(header));
    }
}

/// Asks so often, and returns how many bytes came back.
fn ask(address: &str, client: usize, requests: usize) -> usize {
    let agent = ureq::Agent::new_with_defaults();
    (0..requests)
        .map(|request| {
            let url = format!("http://{address}/{client}/{request}");
            let mut response = if request % 2 == 0 {
                agent.get(&url).call()
            } else {
                agent.post(&url).send("a body")
            }
            .expect("the server answers");
            let length = response.headers()["x-length"].to_str().map(str::parse);
            let body = response.body_mut().read_to_string().expect("a text");
            assert_eq!(length.expect("ASCII"), Ok(body.len()));
            assert!(body.contains(&format!("/{client}/{request}")));
            body.len()
        })
        .sum()
}

fn main() {
    let measure = std::env::args().nth(1).is_some();
    let requests = if measure { 200 } else { 20 };
    let server = Arc::new(Server::http("127.0.0.1:0").expect("a free port"));
    let address = server.server_addr().to_string();
    let workers: Vec<_> = (0..WORKERS)
        .map(|_| {
            let server = server.clone();
            thread::spawn(move || serve(&server))
        })
        .collect();
    let start = Instant::now();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let address = address.clone();
            thread::spawn(move || ask(&address, client, requests))
        })
        .collect();
    let bytes: usize = clients
        .into_iter()
        .map(|client| client.join().expect("no client panics"))
        .sum();
    if measure {
        let rate = (CLIENTS * requests) as f64 / start.elapsed().as_secs_f64();
        println!("{rate:.0} requests/s");
    } else {
        println!("{} requests, {bytes} bytes", CLIENTS * requests);
    }
    for _ in &workers {
        server.unblock();
    }
    for worker in workers {
        worker.join().expect("no worker panics");
    }
}
