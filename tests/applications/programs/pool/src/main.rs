//! A pool of connections, r2d2's, that the threads of a pool, threadpool's, share: fewer connections than threads.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use threadpool::ThreadPool;

const THREADS: usize = 16;
const CONNECTIONS: u32 = 4;

/// Answers each line with its length. A line is one write: the rest of one in two would wait for an acknowledgement.
fn serve(stream: TcpStream) -> io::Result<()> {
    let mut writer = stream.try_clone()?;
    for line in BufReader::new(stream).lines() {
        writer.write_all(format!("{}\n", line?.len()).as_bytes())?;
    }
    Ok(())
}

struct Connections {
    address: SocketAddr,
    opened: Arc<AtomicUsize>,
}

impl r2d2::ManageConnection for Connections {
    type Connection = BufReader<TcpStream>;
    type Error = io::Error;

    fn connect(&self) -> io::Result<Self::Connection> {
        self.opened.fetch_add(1, Ordering::Relaxed);
        TcpStream::connect(self.address).map(BufReader::new)
    }

    fn is_valid(&self, connection: &mut Self::Connection) -> io::Result<()> {
        ask(connection, "valid").map(drop)
    }

    fn has_broken(&self, connection: &mut Self::Connection) -> bool {
        connection.get_ref().peer_addr().is_err()
    }
}

fn ask(connection: &mut BufReader<TcpStream>, question: &str) -> io::Result<usize> {
    let line = format!("{question}\n");
    connection.get_mut().write_all(line.as_bytes())?;
    let mut answer = String::new();
    connection.read_line(&mut answer)?;
    answer.trim().parse().map_err(io::Error::other)
}

fn main() {
    let measure = std::env::args().nth(1).is_some();
    let jobs = if measure { 20_000 } else { 5_000 };
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a bound listener");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.expect("a connection can be accepted");
            thread::spawn(move || serve(stream));
        }
    });
    let opened = Arc::new(AtomicUsize::new(0));
    let connections = r2d2::Pool::builder()
        .max_size(CONNECTIONS)
        .connection_timeout(Duration::from_secs(30))
        .build(Connections {
            address,
            opened: opened.clone(),
        })
        .expect("the server accepts");
    let start = Instant::now();
    let threads = ThreadPool::with_name("asks".into(), THREADS);
    let (sender, receiver) = mpsc::channel();
    for job in 0..jobs {
        let (connections, sender) = (connections.clone(), sender.clone());
        threads.execute(move || {
            let mut connection = connections.get().expect("a connection comes free");
            let answer = ask(&mut connection, &"x".repeat(job % 50));
            sender
                .send(answer.expect("the server answers"))
                .expect("main listens");
        });
    }
    threads.join();
    drop(sender);
    let sum: usize = receiver.iter().sum();
    if measure {
        println!("{:.0} jobs/s", jobs as f64 / start.elapsed().as_secs_f64());
        return;
    }
    println!("{jobs} jobs, sum {sum}");
    println!("connections: {}", opened.load(Ordering::Relaxed));
    println!("panics in jobs: {}", threads.panic_count());
}
