//! A chat over WebSockets, with a thread for each connection and one more for what is sent to it: tungstenite.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Instant;

use tungstenite::{Message, WebSocket, accept, client};

const MEMBERS: usize = 8;

type Members = Arc<Mutex<Vec<Sender<Message>>>>;

/// Hands on what this member says to all.
fn serve(stream: TcpStream, members: &Members) {
    let mut socket = accept(stream).expect("a handshake");
    let (sender, receiver) = mpsc::channel();
    members.lock().expect("no connection panics").push(sender);
    socket.send("welcome".into()).expect("the member listens");
    let said = socket.read().expect("the member speaks");
    let all = members.lock().expect("no connection panics").clone();
    for other in &all {
        other.send(said.clone()).expect("a connection listens");
    }
    for message in receiver.iter().take(MEMBERS) {
        socket.send(message).expect("the member listens");
    }
    // From here on an echo, until the member closes.
    while let Ok(message) = socket.read() {
        if message.is_text() {
            socket.send(message).expect("the member listens");
        }
    }
}

fn join(address: SocketAddr) -> WebSocket<TcpStream> {
    let stream = TcpStream::connect(address).expect("the server accepts");
    let (mut socket, _) = client(format!("ws://{address}/"), stream).expect("a handshake");
    assert_eq!(socket.read().expect("a welcome"), "welcome".into());
    socket
}

/// Says its number, and returns what all said and how many echoes came back.
fn chat(
    address: SocketAddr,
    number: usize,
    all_here: &Barrier,
    echoes: usize,
) -> (Vec<String>, usize) {
    let mut socket = join(address);
    all_here.wait();
    socket
        .send(format!("I am {number}").into())
        .expect("the server listens");
    let mut heard: Vec<String> = (0..MEMBERS)
        .map(|_| socket.read().expect("a message").to_string())
        .collect();
    heard.sort();
    let mut back = 0;
    for echo in 0..echoes {
        let message: Message = format!("{number} {echo}").into();
        socket.send(message.clone()).expect("the server listens");
        back += usize::from(socket.read().expect("an echo") == message);
    }
    socket.close(None).expect("the server listens");
    while socket.read().is_ok() {}
    (heard, back)
}

fn main() {
    let measure = std::env::args().nth(1).is_some();
    let echoes = if measure { 1_000 } else { 20 };
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a bound listener");
    let members = Members::default();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.expect("a connection can be accepted");
            let members = members.clone();
            thread::spawn(move || serve(stream, &members));
        }
    });
    let all_here = Arc::new(Barrier::new(MEMBERS));
    let start = Instant::now();
    let chats: Vec<_> = (0..MEMBERS)
        .map(|number| {
            let all_here = all_here.clone();
            thread::spawn(move || chat(address, number, &all_here, echoes))
        })
        .collect();
    let heard: Vec<_> = chats
        .into_iter()
        .map(|chat| chat.join().expect("no member panics"))
        .collect();
    if measure {
        let rate = (MEMBERS * echoes) as f64 / start.elapsed().as_secs_f64();
        println!("{rate:.0} echoes/s");
        return;
    }
    assert!(heard.iter().all(|(messages, _)| messages == &heard[0].0));
    println!("heard by all: {:?}", heard[0].0);
    println!(
        "echoes: {}",
        heard.iter().map(|(_, back)| back).sum::<usize>()
    );
}
