//! A client of Redis, the crate redis, and as much of a server as it asks for: many threads count in one place.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use redis::TypedCommands;

const CLIENTS: usize = 8;

type Values = Arc<Mutex<HashMap<String, String>>>;

/// One command: `*2`, then for each word its length and itself.
fn command(reader: &mut impl BufRead) -> io::Result<Option<Vec<String>>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let words = line.trim().trim_start_matches('*').parse();
    let words: usize = words.map_err(io::Error::other)?;
    (0..words)
        .map(|_| {
            let (mut length, mut word) = (String::new(), String::new());
            reader.read_line(&mut length)?;
            reader.read_line(&mut word)?;
            Ok(word.trim_end().to_owned())
        })
        .collect::<io::Result<_>>()
        .map(Some)
}

fn serve(stream: TcpStream, values: &Values) -> io::Result<()> {
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    while let Some(words) = command(&mut reader)? {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut values = values.lock().expect("no connection panics");
        let answer = match words[..] {
            ["SET", key, value] => {
                values.insert(key.to_owned(), value.to_owned());
                "+OK\r\n".to_owned()
            }
            ["GET", key] => match values.get(key) {
                Some(value) => format!("${}\r\n{value}\r\n", value.len()),
                None => "$-1\r\n".to_owned(),
            },
            ["INCRBY", key, by] => {
                let value = values
                    .entry(key.to_owned())
                    .or_insert_with(|| "0".to_owned());
                let number: i64 = value.parse().map_err(io::Error::other)?;
                let number = number + by.parse::<i64>().map_err(io::Error::other)?;
                *value = number.to_string();
                format!(":{number}\r\n")
            }
            // What a client says of itself when it connects.
            ["CLIENT", ..] => "+OK\r\n".to_owned(),
            _ => "-ERR no such command\r\n".to_owned(),
        };
        drop(values);
        writer.write_all(answer.as_bytes())?;
    }
    Ok(())
}

fn main() {
    let measure = std::env::args().nth(1).is_some();
    let times = if measure { 2_000 } else { 100 };
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a bound listener");
    let values = Values::default();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.expect("a connection can be accepted");
            let values = values.clone();
            thread::spawn(move || serve(stream, &values));
        }
    });
    let client = redis::Client::open(format!("redis://{address}/")).expect("an address");
    let start = Instant::now();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let client = client.clone();
            thread::spawn(move || {
                let mut connection = client.get_connection().expect("the server accepts");
                for time in 0..times {
                    connection.incr("count", 1).expect("a number");
                    if time % 10 == 0 {
                        connection.set(format!("of {number}"), time).expect("OK");
                    }
                }
            })
        })
        .collect();
    for client in clients {
        client.join().expect("no client panics");
    }
    if measure {
        let commands = CLIENTS * times * 11 / 10;
        println!(
            "{:.0} commands/s",
            commands as f64 / start.elapsed().as_secs_f64()
        );
        return;
    }
    let mut connection = client.get_connection().expect("the server accepts");
    println!("count: {:?}", connection.get("count"));
    println!("of 3: {:?}", connection.get("of 3"));
    println!("nothing: {:?}", connection.get("nothing"));
    let mut pipe = redis::pipe();
    let pipe = pipe.incr("count", 5).get("count");
    let both: Result<(i64, i64), _> = pipe.query(&mut connection);
    println!("a pipeline: {both:?}");
    let unknown: Result<(), _> = redis::cmd("UNKNOWN").query(&mut connection);
    println!("an error: {}", unknown.is_err());
}
