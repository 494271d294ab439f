//! A time limit over blocking code that knows nothing of it: a client of a server that does not answer.
//!
//! ```text
//! cargo run --example timeout
//! ```

use std::error::Error;
use std::time::Duration;

use greenpatch::timeout;

#[greenpatch::patchable]
mod program {
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::sync::Mutex;
    use std::thread;

    /// Counts the requests that were made.
    pub static REQUESTS: Mutex<u32> = Mutex::new(0);

    /// Starts a server that answers every other request, and returns its address.
    pub fn serve() -> std::io::Result<SocketAddr> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        thread::spawn(move || {
            let mut silent = Vec::new();
            for (number, stream) in listener.incoming().enumerate() {
                let mut stream = stream.expect("a client connects");
                if number % 2 == 0 {
                    stream.write_all(b"well").expect("the client is there");
                } else {
                    silent.push(stream);
                }
            }
        });
        Ok(address)
    }

    /// Makes one request, while it holds the counter locked.
    pub fn ask(server: SocketAddr) -> std::io::Result<String> {
        let mut requests = REQUESTS.lock().expect("the lock is not poisoned");
        *requests += 1;
        let mut answer = String::new();
        TcpStream::connect(server)?.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

/// Makes three requests, each with a time limit.
pub fn main() -> Result<(), Box<dyn Error>> {
    greenpatch::patch_all()?;
    let server = program::serve()?;
    for _ in 0..3 {
        match timeout(Duration::from_secs(2), || program::ask(server)) {
            Ok(answer) => println!("the answer: {}", answer?),
            Err(error) => println!("no answer: {error}"),
        }
    }
    let requests = program::REQUESTS.lock();
    println!("{} requests", requests.expect("the lock is not poisoned"));
    Ok(())
}
