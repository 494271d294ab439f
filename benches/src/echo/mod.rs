//! Echo servers and their load generator.
//!
//! Each server runs in a separate process on one core. The load generator runs on another: one loop over all connections
//! that sends the next request as soon as an answer arrives. It makes the same system calls as the servers, so it has to
//! be efficient itself: a server that is faster than the generator finds few requests at a time, and appears to be slow.

mod epoll;
mod histogram;
mod servers;

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use epoll::Epoll;
use histogram::Histogram;

use crate::machine;
use crate::scenario::{Effort, Figures};

pub(crate) use servers::serve;

const QUESTION: [u8; 64] = [b'?'; 64];
/// The number of answers that the load generator reads before it sends the next requests: enough to make its reads
/// cheaper, and too few to affect the latencies.
const BATCH: usize = 16;

/// CPU time of the server for each request, in microseconds; requests per second; the time within which 50, 99 and 99.9 %
/// were answered, in microseconds.
pub(crate) fn measure(
    peer: &str,
    connections: usize,
    time: Duration,
    effort: Effort,
) -> io::Result<Figures> {
    machine::stay_on(machine::OTHER)?;
    let mut server = Command::new(std::env::current_exe()?)
        .args(["serve", peer])
        .stdout(Stdio::piped())
        .spawn()?;
    let time = if effort.quick {
        Duration::from_millis(300)
    } else {
        time
    };
    let result = ask(&mut server, connections, time);
    server.kill()?;
    server.wait()?;
    result
}

fn ask(server: &mut Child, connections: usize, time: Duration) -> io::Result<Figures> {
    let mut port = String::new();
    let output = server.stdout.take().expect("it is piped");
    BufReader::new(output).read_line(&mut port)?;
    let port: u16 = port.trim().parse().map_err(io::Error::other)?;
    let mut load = Load::new(port, connections)?;
    // Warm up, which is not counted.
    load.run(time / 4)?;
    let (cpu, start) = (machine::cpu_of(server.id())?, Instant::now());
    let answers = load.run(time)?;
    let (cpu, time) = (machine::cpu_of(server.id())? - cpu, start.elapsed());
    let total = answers.total() as f64;
    Ok(vec![
        cpu as f64 / 1e3 / total,
        total / time.as_secs_f64(),
        answers.quantile(0.5) / 1e3,
        answers.quantile(0.99) / 1e3,
        answers.quantile(0.999) / 1e3,
    ])
}

struct Load {
    epoll: Epoll,
    streams: Vec<TcpStream>,
    /// The time of the last request on each connection.
    asked: Vec<Instant>,
}

impl Load {
    /// Connects, and sends the first request on each connection.
    fn new(port: u16, connections: usize) -> io::Result<Load> {
        let epoll = Epoll::new(BATCH)?;
        let mut streams = Vec::with_capacity(connections);
        for number in 0..connections {
            let mut stream = TcpStream::connect(("127.0.0.1", port))?;
            stream.set_nodelay(true)?;
            // Prevents the accept queue of the server from overflowing.
            if number % 64 == 63 {
                stream.write_all(&QUESTION)?;
                stream.read_exact(&mut [0; QUESTION.len()])?;
            }
            stream.set_nonblocking(true)?;
            epoll.add(stream.as_raw_fd(), number as u64)?;
            streams.push(stream);
        }
        for mut stream in &streams {
            stream.write_all(&QUESTION)?;
        }
        let asked = vec![Instant::now(); connections];
        Ok(Load {
            epoll,
            streams,
            asked,
        })
    }

    /// Sends the next request after each answer, for some time.
    fn run(&mut self, time: Duration) -> io::Result<Histogram> {
        let end = Instant::now() + time;
        let mut answers = Histogram::new();
        let mut ready = Vec::with_capacity(BATCH);
        let mut answered = Vec::with_capacity(BATCH);
        while Instant::now() < end {
            self.epoll.wait(100, |number| ready.push(number as usize));
            for number in ready.drain(..) {
                if read_answer(&self.streams[number])? {
                    let now = Instant::now();
                    answers.count((now - self.asked[number]).as_nanos() as u64);
                    self.asked[number] = now;
                    answered.push(number);
                }
            }
            for number in answered.drain(..) {
                (&self.streams[number]).write_all(&QUESTION)?;
            }
        }
        Ok(answers)
    }
}

/// Reads an answer, if one has arrived.
fn read_answer(mut stream: &TcpStream) -> io::Result<bool> {
    let mut buffer = [0; 1024];
    match stream.read(&mut buffer) {
        Ok(length) if length == QUESTION.len() => Ok(true),
        Ok(length) => Err(io::Error::other(format!("{length} bytes came back"))),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        Err(error) => Err(error),
    }
}
