//! A client of PostgreSQL, the crate postgres, which waits on a runtime of its own, tokio's; and as much of a server as
//! it asks for, in a process of its own.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use postgres::{Client, NoTls, SimpleQueryMessage};

const CLIENTS: usize = 4;
/// The type of a text, as PostgreSQL numbers it.
const TEXT: u32 = 25;

/// A message: a letter, the length, and what is in it.
fn message(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let length = u32::try_from(body.len() + 4).expect("a short message");
    [&[kind], &length.to_be_bytes()[..], &body].concat()
}

fn columns() -> Vec<u8> {
    let (no_table, no_size, no_modifier) = ([0; 6], (-1_i16).to_be_bytes(), (-1_i32).to_be_bytes());
    let kind = TEXT.to_be_bytes();
    message(
        b'T',
        &[
            &[0, 1],
            b"answer\0",
            &no_table,
            &kind,
            &no_size,
            &no_modifier,
            &[0, 0],
        ],
    )
}

fn row(value: &[u8]) -> Vec<u8> {
    let length = u32::try_from(value.len()).expect("a short value");
    message(b'D', &[&[0, 1], &length.to_be_bytes(), value])
}

fn number(reader: &mut impl Read) -> io::Result<usize> {
    let mut bytes = [0; 4];
    reader.read_exact(&mut bytes)?;
    Ok(u32::from_be_bytes(bytes) as usize)
}

/// Answers a simple query with its own text, and a prepared one with its argument.
fn serve(stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    let length = number(&mut reader)?;
    reader.read_exact(&mut vec![0; length - 4])?;
    let ready = message(b'Z', &[b"I"]);
    let complete = message(b'C', &[b"SELECT 1\0"]);
    writer.write_all(&[message(b'R', &[&[0; 4]]), ready.clone()].concat())?;
    let mut argument = Vec::new();
    loop {
        let mut kind = [0];
        reader.read_exact(&mut kind)?;
        let mut body = vec![0; number(&mut reader)? - 4];
        reader.read_exact(&mut body)?;
        let answer = match kind[0] {
            b'Q' => {
                let text = body.strip_suffix(b"\0").unwrap_or(&body);
                [columns(), row(text), complete.clone(), ready.clone()].concat()
            }
            b'P' => message(b'1', &[]),
            b'D' if body[0] == b'S' => {
                let parameters = message(b't', &[&[0, 1], &TEXT.to_be_bytes()]);
                [parameters, columns()].concat()
            }
            b'B' => {
                // Two names, one format, one value, and the format of the result, which takes 4 bytes.
                let mut rest = body.splitn(3, |&byte| byte == 0).nth(2).unwrap_or_default();
                rest = &rest[2 + 2 + 2 + 4..];
                argument = rest[..rest.len() - 4].to_vec();
                message(b'2', &[])
            }
            b'E' => [row(&argument), complete.clone()].concat(),
            b'C' => message(b'3', &[]),
            b'S' => ready.clone(),
            b'X' => return Ok(()),
            _ => Vec::new(),
        };
        writer.write_all(&answer)?;
    }
}

/// Says its port, and serves until its input ends.
fn server() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.expect("a connection can be accepted");
            thread::spawn(move || serve(stream));
        }
    });
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

fn ask(port: &str, client: usize, queries: usize) -> Result<Vec<String>, postgres::Error> {
    let settings = format!("host=127.0.0.1 port={port} user=nobody");
    let mut database = Client::connect(&settings, NoTls)?;
    let mut answers = Vec::new();
    for message in database.simple_query(&format!("select {client}"))? {
        if let SimpleQueryMessage::Row(row) = message {
            answers.extend(row.get(0).map(str::to_owned));
        }
    }
    let echo = database.prepare("select $1")?;
    for query in 0..queries {
        let row = database.query_one(&echo, &[&format!("{client} {query}")])?;
        answers.push(row.get(0));
    }
    Ok(answers)
}

fn main() {
    let argument = std::env::args().nth(1);
    if argument.as_deref() == Some("server") {
        return server().expect("a free port");
    }
    let queries = if argument.is_some() { 2_000 } else { 20 };
    let this = std::env::current_exe().expect("the program's path");
    let mut server = Command::new(this)
        .arg("server")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut port = String::new();
    let output = server.stdout.take().expect("a pipe");
    BufReader::new(output).read_line(&mut port).expect("a port");
    let start = Instant::now();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let port = port.trim().to_owned();
            thread::spawn(move || ask(&port, client, queries))
        })
        .collect();
    let answers: Vec<_> = clients
        .into_iter()
        .map(|client| {
            client
                .join()
                .expect("no client panics")
                .expect("the server answers")
        })
        .collect();
    let taken = start.elapsed().as_secs_f64();
    drop(server.stdin.take());
    let status = server.wait().expect("it ends");
    if argument.is_some() {
        println!("{:.0} queries/s", (CLIENTS * queries) as f64 / taken);
        return;
    }
    for answers in &answers {
        println!("{:?} … {:?}, {}", answers[0], answers.last(), answers.len());
    }
    println!("server: {}", status.success());
}
