//! A server and clients that speak TLS, each connection on a thread: rustls, with a certificate by rcgen.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
};

const CLIENTS: usize = 8;

/// Both sides' settings, with one certificate.
fn settings() -> (Arc<ServerConfig>, Arc<ClientConfig>) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).expect("a certificate");
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a key");
    let server = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .expect("the key is that of the certificate");
    let client = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (Arc::new(server), Arc::new(client))
}

/// Answers each line in capitals, until the client says that it has no more.
fn serve(stream: TcpStream, settings: Arc<ServerConfig>) {
    let connection = ServerConnection::new(settings).expect("the settings are good");
    let mut stream = BufReader::new(StreamOwned::new(connection, stream));
    let mut line = String::new();
    while stream.read_line(&mut line).is_ok_and(|length| length > 0) {
        let answer = line.to_uppercase();
        stream
            .get_mut()
            .write_all(answer.as_bytes())
            .expect("the client listens");
        line.clear();
    }
}

/// Returns how many bytes came back, and the protocol that was agreed on.
fn ask(
    address: SocketAddr,
    settings: Arc<ClientConfig>,
    client: usize,
    lines: usize,
) -> (usize, String) {
    let name = ServerName::try_from("localhost").expect("a name");
    let connection = ClientConnection::new(settings, name).expect("the settings are good");
    let stream = TcpStream::connect(address).expect("the server accepts");
    let mut stream = BufReader::new(StreamOwned::new(connection, stream));
    let mut answers = 0;
    for line in 0..lines {
        let question = format!("line {line} of client {client}\n");
        stream
            .get_mut()
            .write_all(question.as_bytes())
            .expect("the server listens");
        let mut answer = String::new();
        stream.read_line(&mut answer).expect("the server answers");
        assert_eq!(answer, question.to_uppercase());
        answers += answer.len();
    }
    let stream = stream.get_mut();
    stream.conn.send_close_notify();
    stream
        .conn
        .complete_io(&mut stream.sock)
        .expect("the server listens");
    (answers, format!("{:?}", stream.conn.protocol_version()))
}

fn main() {
    let measure = std::env::args().nth(1).is_some();
    let lines = if measure { 1_000 } else { 10 };
    let (for_server, for_client) = settings();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a bound listener");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.expect("a connection can be accepted");
            let settings = for_server.clone();
            thread::spawn(move || serve(stream, settings));
        }
    });
    let start = Instant::now();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let settings = for_client.clone();
            thread::spawn(move || ask(address, settings, client, lines))
        })
        .collect();
    let answers: Vec<_> = clients
        .into_iter()
        .map(|client| client.join().expect("no client panics"))
        .collect();
    if measure {
        let rate = (CLIENTS * lines) as f64 / start.elapsed().as_secs_f64();
        println!("{rate:.0} requests/s");
        return;
    }
    let bytes: usize = answers.iter().map(|(bytes, _)| bytes).sum();
    println!("{bytes} bytes from {CLIENTS} clients, by {}", answers[0].1);
}
