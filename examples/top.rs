//! A program to look at from outside: a server with its clients, a queue with its workers, threads that compute, and two
//! that wait for each other. It ends by itself after a second, or after as many as its argument says.
//!
//! ```text
//! cargo run --example top -- 60
//! cargo run -p cargo-greenpatch -- top      # in another terminal
//! ```

use std::error::Error;
use std::time::Duration;

#[greenpatch::patchable]
mod program {
    use std::hint::black_box;
    use std::io::{self, Read, Write};
    use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
    use std::sync::{Arc, Barrier, Condvar, Mutex, mpsc};
    use std::thread;
    use std::time::{Duration, Instant};

    /// Runs everything for this time, and returns how many requests were answered.
    pub fn run(time: Duration) -> io::Result<u64> {
        let end = Instant::now() + time;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        named("server".into(), move || serve(&listener));
        named("workers".into(), move || work(end));
        named("rivals".into(), deadlock);
        for number in 0..2 {
            named(format!("computes {number}"), move || compute(end));
        }
        let clients: Vec<_> = (0..3)
            .map(|number| {
                named(format!("client {number}"), move || {
                    ask(address, number, end)
                })
            })
            .collect();
        let answered = clients.into_iter().map(|client| client.join());
        let answered = answered.map(|count| count.expect("a client does not panic"));
        Ok(answered.sum())
    }

    /// A thread for each connection, which sends back what it reads.
    fn serve(listener: &TcpListener) {
        while let Ok((mut stream, peer)) = listener.accept() {
            named(format!("connection {}", peer.port()), move || {
                let mut bytes = [0; 64];
                while let Ok(count @ 1..) = stream.read(&mut bytes) {
                    if stream.write_all(&bytes[..count]).is_err() {
                        break;
                    }
                }
            });
        }
    }

    /// Each client waits longer than the one before between two requests.
    fn ask(address: SocketAddr, number: u64, end: Instant) -> u64 {
        let Ok(mut stream) = TcpStream::connect(address) else {
            return 0;
        };
        let mut answered = 0;
        while Instant::now() < end && stream.write_all(b"hello").is_ok() {
            if stream.read_exact(&mut [0; 5]).is_err() {
                break;
            }
            answered += 1;
            thread::sleep(Duration::from_millis(1 + 100 * number));
        }
        let _ = stream.shutdown(Shutdown::Both);
        answered
    }

    /// One thread fills a queue, three take from it, one by one. They meet before they begin.
    fn work(end: Instant) {
        let (queue, jobs) = mpsc::sync_channel::<u64>(2);
        let jobs = Arc::new(Mutex::new(jobs));
        let start = Arc::new(Barrier::new(3));
        let done = Arc::new((Mutex::new(0_u64), Condvar::new()));
        let workers: Vec<_> = (0..3)
            .map(|number| {
                let (jobs, start, done) = (jobs.clone(), start.clone(), done.clone());
                named(format!("worker {number}"), move || {
                    start.wait();
                    loop {
                        // The lock is held meanwhile: the others wait for its owner.
                        let job = jobs.lock().expect("no worker panics").recv();
                        let Ok(job) = job else { return };
                        thread::sleep(Duration::from_millis(job % 40));
                        *done.0.lock().expect("no worker panics") += 1;
                        done.1.notify_all();
                    }
                })
            })
            .collect();
        let counted = done.clone();
        named("every 100th".into(), move || {
            let mut count = counted.0.lock().expect("no worker panics");
            loop {
                let next = (*count / 100 + 1) * 100;
                let is_before = |count: &mut u64| *count < next;
                count = counted
                    .1
                    .wait_while(count, is_before)
                    .expect("no worker panics");
            }
        });
        for job in 0.. {
            if Instant::now() >= end || queue.send(job).is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(25));
        }
        drop(queue);
        for worker in workers {
            worker.join().expect("no worker panics");
        }
    }

    /// Computes, and lets others run now and then.
    fn compute(end: Instant) {
        let mut sum = 0_u64;
        while Instant::now() < end {
            sum = (0..20_000).fold(sum, |sum, step| black_box(sum ^ step));
            thread::yield_now();
        }
    }

    /// Two threads lock two mutexes in opposite orders.
    fn deadlock() {
        let account = || Arc::new(Mutex::new(0_i64));
        let (ours, theirs) = (account(), account());
        let both = Arc::new(Barrier::new(2));
        let transfer = |name: &str, from: &Arc<Mutex<i64>>, to: &Arc<Mutex<i64>>| {
            let (from, to, both) = (from.clone(), to.clone(), both.clone());
            named(name.into(), move || {
                let mut from = from.lock().expect("nothing panics");
                both.wait();
                *to.lock().expect("nothing panics") += 1;
                *from -= 1;
            })
        };
        let pays = transfer("pays", &ours, &theirs);
        let refunds = transfer("refunds", &theirs, &ours);
        for thread in [pays, refunds] {
            let _ = thread.join();
        }
    }

    #[track_caller]
    fn named<R: Send + 'static>(
        name: String,
        body: impl FnOnce() -> R + Send + 'static,
    ) -> thread::JoinHandle<R> {
        let builder = thread::Builder::new().name(name);
        builder.spawn(body).expect("there is room for a thread")
    }
}

/// Runs the program, which listens. `GREENPATCH_LISTEN` names another socket.
pub fn main() -> Result<(), Box<dyn Error>> {
    let seconds = match std::env::args().nth(1) {
        Some(seconds) => seconds.parse()?,
        None => 1,
    };
    greenpatch::Patcher::new().listen(true).apply()?;
    println!("process {} listens for {seconds} s", std::process::id());
    let answered = program::run(Duration::from_secs(seconds))?;
    println!(
        "{} requests were answered",
        if answered > 0 { "some" } else { "no" }
    );
    Ok(())
}
