//! Echo servers next to each other: requests a second, and what a request costs the server.
//!
//! `cargo run --release --bin echo [-- CONNECTIONS [SECONDS [ROUNDS]]]`. Each server is a process of
//! its own on one core; the client, one loop over all connections that asks again as soon as it is
//! answered, is on another. The servers take turns, and each figure is the median of the rounds.

mod epoll;
mod servers;

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use epoll::Epoll;

const QUESTION: [u8; 64] = [b'?'; 64];

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [serve, kind] = &arguments[..]
        && serve == "serve"
    {
        let (_, server) = servers::KINDS
            .into_iter()
            .find(|(name, _)| name == kind)
            .expect("the kind of a server");
        stay_on(0);
        return server();
    }
    let number = |place: usize, default: usize| {
        let given = arguments.get(place);
        given.map_or(default, |text| text.parse().expect("a number"))
    };
    let (connections, seconds, rounds) = (number(0, 100), number(1, 2), number(2, 5));
    stay_on(1);
    let mut results = servers::KINDS.map(|(name, _)| (name, Vec::new()));
    for _ in 0..rounds {
        for (name, figures) in &mut results {
            figures.push(measure(
                name,
                connections,
                Duration::from_secs(seconds as u64),
            )?);
        }
    }
    println!("{connections} connections, {rounds} rounds of {seconds} s, medians");
    println!(
        "| server | thousand requests a second | server CPU a request, µs | of the epoll loop's |"
    );
    println!("| --- | --- | --- | --- |");
    let mut first = None;
    for (name, figures) in results {
        let rate = median(figures.iter().map(|figure| figure.0));
        let cost = median(figures.iter().map(|figure| figure.1));
        let first = *first.get_or_insert(cost);
        println!(
            "| {name} | {:.1} | {cost:.2} | {:.2} |",
            rate / 1e3,
            cost / first
        );
    }
    Ok(())
}

/// Requests a second, and microseconds of the server's CPU for each.
fn measure(kind: &str, connections: usize, time: Duration) -> io::Result<(f64, f64)> {
    let mut server = Command::new(std::env::current_exe()?)
        .args(["serve", kind])
        .stdout(Stdio::piped())
        .spawn()?;
    let result = ask(&mut server, connections, time);
    server.kill()?;
    server.wait()?;
    result
}

fn ask(server: &mut Child, connections: usize, time: Duration) -> io::Result<(f64, f64)> {
    let mut port = String::new();
    let output = server.stdout.take().expect("it is piped");
    BufReader::new(output).read_line(&mut port)?;
    let port: u16 = port.trim().parse().map_err(io::Error::other)?;
    let mut epoll = Epoll::new()?;
    let mut streams = Vec::new();
    for number in 0..connections {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        epoll.add(stream.as_raw_fd(), number as u64)?;
        streams.push(stream);
    }
    for mut stream in &streams {
        stream.write_all(&QUESTION)?;
    }
    // A while to warm up, which does not count.
    turn(&mut epoll, &streams, time / 4)?;
    let (cpu, start) = (cpu_of(server.id())?, Instant::now());
    let requests = turn(&mut epoll, &streams, time)?;
    let (cpu, seconds) = (cpu_of(server.id())? - cpu, start.elapsed().as_secs_f64());
    Ok((requests as f64 / seconds, cpu / requests as f64 * 1e6))
}

/// Answers every answer with the next question, for some time; returns how many there were.
fn turn(epoll: &mut Epoll, streams: &[TcpStream], time: Duration) -> io::Result<usize> {
    let end = Instant::now() + time;
    let mut answers = 0;
    let mut result = Ok(());
    while Instant::now() < end && result.is_ok() {
        epoll.wait(100, |number| {
            let mut stream = &streams[number as usize];
            let mut buffer = [0; 1024];
            match stream.read(&mut buffer) {
                Ok(length) if length == QUESTION.len() => answers += 1,
                Ok(length) => result = Err(io::Error::other(format!("{length} bytes came back"))),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => result = Err(error),
            }
            if let Err(error) = stream.write_all(&QUESTION) {
                result = Err(error);
            }
        });
    }
    result.map(|()| answers)
}

/// Seconds that all threads of a process have had, to the nanosecond.
fn cpu_of(process: u32) -> io::Result<f64> {
    let mut nanoseconds = 0;
    for task in std::fs::read_dir(format!("/proc/{process}/task"))? {
        let statistics = std::fs::read_to_string(task?.path().join("schedstat"))?;
        let field = statistics.split(' ').next().unwrap_or_default();
        nanoseconds += field.parse::<u64>().map_err(io::Error::other)?;
    }
    Ok(nanoseconds as f64 / 1e9)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Keeps this process on one core.
fn stay_on(core: usize) {
    // SAFETY: a set of cores is a set of bits, and is valid when zeroed.
    unsafe {
        let mut cores: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(core, &mut cores);
        libc::sched_setaffinity(0, size_of_val(&cores), &raw const cores);
    }
}
