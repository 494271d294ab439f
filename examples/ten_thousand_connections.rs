//! Nine thousand connections open at once, in one process that has both ends of them, with a thread
//! for each at the server. (The ten thousand are what the descriptors of most systems allow, less
//! some.)
//!
//! `cargo run --release --example ten_thousand_connections [-- --native] [--connections N]`; it
//! needs `ulimit -n` of a little more than twice as many.

use greenpatch::patchable;
use greenpatch_examples::{Summary, number, patch_unless_native};

#[patchable]
mod program {
    use std::io::{self, Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    /// Each of these clients has its share of the connections.
    const CLIENTS: usize = 50;

    fn echo(mut stream: TcpStream) -> io::Result<()> {
        let mut buffer = [0; 64];
        loop {
            let length = stream.read(&mut buffer)?;
            if length == 0 {
                return Ok(());
            }
            stream.write_all(&buffer[..length])?;
        }
    }

    /// Opens all connections, then asks over each of them `rounds` times. Returns how many answers
    /// were right, and how many connections were open at once.
    pub fn run(connections: usize, rounds: usize) -> io::Result<(usize, usize)> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let open = Arc::new(AtomicUsize::new(0));
        let most = Arc::new(AtomicUsize::new(0));
        thread::spawn({
            let (open, most) = (open.clone(), most.clone());
            move || {
                for stream in listener.incoming().flatten() {
                    let open = open.clone();
                    most.fetch_max(open.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                    thread::spawn(move || {
                        let result = echo(stream);
                        open.fetch_sub(1, Ordering::Relaxed);
                        result
                    });
                }
            }
        });
        let streams: Vec<_> = (0..connections)
            .map(|_| TcpStream::connect(address))
            .collect::<Result<_, _>>()?;
        let share = connections.div_ceil(CLIENTS);
        let right = thread::scope(|s| {
            let clients: Vec<_> = streams
                .chunks(share)
                .map(|streams| s.spawn(move || ask(streams, rounds)))
                .collect();
            let answers = clients.into_iter().map(|client| client.join());
            answers.filter_map(|right| right.ok()?.ok()).sum()
        });
        Ok((right, most.load(Ordering::Relaxed)))
    }

    /// Asks over all of them at once, again and again.
    fn ask(streams: &[TcpStream], rounds: usize) -> io::Result<usize> {
        let mut right = 0;
        for round in 0..rounds {
            let question = (round as u64).to_le_bytes();
            for mut stream in streams {
                stream.write_all(&question)?;
            }
            for mut stream in streams {
                let mut answer = [0; 8];
                stream.read_exact(&mut answer)?;
                right += usize::from(answer == question);
            }
        }
        Ok(right)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    patch_unless_native()?;
    let (connections, rounds) = (number("--connections", 9000), number("--rounds", 10));
    let summary = Summary::begin();
    let (right, most) = program::run(connections, rounds)?;
    println!("{most} connections open at once");
    summary.print(right);
    assert_eq!((right, most), (connections * rounds, connections));
    Ok(())
}
