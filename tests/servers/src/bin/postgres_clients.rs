//! Clients of PostgreSQL, by its wire protocol over a `TcpStream`. The server trusts the user `postgres`.

use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use servers::{Client, Outcome};

/// Version 3.0 of the protocol.
const VERSION: i32 = 3 << 16;

struct Postgres(BufReader<TcpStream>);

impl Postgres {
    /// Reads one message: its kind and its contents.
    fn message(&mut self) -> Outcome<(u8, Vec<u8>)> {
        let mut head = [0; 5];
        self.0.read_exact(&mut head)?;
        let [kind, length @ ..] = head;
        let length = usize::try_from(i32::from_be_bytes(length))?;
        let mut contents = vec![0; length.checked_sub(4).ok_or("a length below four")?];
        self.0.read_exact(&mut contents)?;
        Ok((kind, contents))
    }

    /// Reads until the server is ready for a query, and returns the fields of all rows.
    fn fields(&mut self) -> Outcome<Vec<String>> {
        let mut fields = Vec::new();
        loop {
            match self.message()? {
                (b'Z', _) => return Ok(fields),
                (b'E', contents) => return Err(String::from_utf8_lossy(&contents).into()),
                (b'R', contents) if contents != [0; 4] => {
                    return Err("the server wants a password".into());
                }
                (b'D', contents) => {
                    let mut rest = contents.get(2..).unwrap_or_default();
                    while let Some((length, after)) = rest.split_first_chunk() {
                        let length = usize::try_from(i32::from_be_bytes(*length))?;
                        let (field, after) =
                            after.split_at_checked(length).ok_or("a field is cut")?;
                        fields.push(String::from_utf8_lossy(field).into_owned());
                        rest = after;
                    }
                }
                _ => {}
            }
        }
    }

    /// Runs statements, and returns the fields of all rows.
    fn query(&mut self, text: &str) -> Outcome<Vec<String>> {
        let mut message = vec![b'Q'];
        message.extend(i32::try_from(text.len() + 5)?.to_be_bytes());
        message.extend(text.as_bytes());
        message.push(0);
        self.0.get_mut().write_all(&message)?;
        self.fields()
    }
}

impl Client for Postgres {
    fn connect(address: SocketAddr) -> Outcome<Postgres> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let mut postgres = Postgres(BufReader::new(stream));
        let parameters = b"user\0postgres\0database\0postgres\0\0";
        let mut message = i32::try_from(parameters.len() + 8)?.to_be_bytes().to_vec();
        message.extend(VERSION.to_be_bytes());
        message.extend(parameters);
        postgres.0.get_mut().write_all(&message)?;
        postgres.fields()?;
        Ok(postgres)
    }

    fn request(&mut self, number: u64, round: u64) -> Outcome<u64> {
        let row = number * 1000 + round;
        let product = number * round;
        let fields = self.query(&format!(
            "INSERT INTO numbers VALUES ({row}, {product}) RETURNING product"
        ))?;
        Ok(fields.first().ok_or("no row is returned")?.parse()?)
    }
}

fn main() -> Outcome<()> {
    let mut postgres = Postgres::connect(servers::address())?;
    postgres.query("DROP TABLE IF EXISTS numbers")?;
    postgres.query("CREATE UNLOGGED TABLE numbers (id BIGINT PRIMARY KEY, product BIGINT)")?;
    servers::crowd::<Postgres>();
    let fields = postgres.query("SELECT COUNT(*), SUM(product) FROM numbers")?;
    println!("PostgreSQL has rows and sum {}", fields.join(", "));
    Ok(())
}
