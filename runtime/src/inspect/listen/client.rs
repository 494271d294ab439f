//! One client: what it has sent, and what it has not taken yet.
//!
//! A client that does not take its answer gets no other, so at most one answer is kept for each.
#![forbid(unsafe_code)]

use std::io::{ErrorKind, Read};
use std::time::{Duration, Instant};

use socket2::Socket;

use super::request;

/// The most bytes that a request may have, without the end of its line.
pub(super) const LONGEST: usize = 256;
/// How long a client may leave an answer untouched.
const PATIENCE: Duration = Duration::from_secs(30);

#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
const FLAGS: libc::c_int = libc::MSG_NOSIGNAL;
/// The OS thread blocks `SIGPIPE`, see `signals`.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
const FLAGS: libc::c_int = 0;

/// A client that is attached.
pub(super) struct Client {
    pub(super) socket: Socket,
    input: Vec<u8>,
    output: Vec<u8>,
    /// How much of the output the client has.
    sent: usize,
    /// When it has last taken some.
    moved: Instant,
    /// Whether the connection ends with this output.
    is_last: bool,
}

/// The connection is over.
pub(super) struct Gone;

impl Client {
    /// Takes a socket that does not block.
    pub(super) fn new(socket: Socket) -> Client {
        Client {
            socket,
            input: Vec::new(),
            output: Vec::new(),
            sent: 0,
            moved: Instant::now(),
            is_last: false,
        }
    }

    /// Refuses the client, with the reason as its answer, as far as the socket takes it at once.
    pub(super) fn refuse(mut self, reason: &str) {
        self.put(request::error(reason));
        let _ = self.send();
    }

    /// Whether there is output that the client has not taken. Nothing is read from it meanwhile.
    pub(super) fn is_behind(&self) -> bool {
        !self.output.is_empty()
    }

    /// When the client is given up.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.is_behind().then(|| self.moved + PATIENCE)
    }

    /// Whether there is a request that has been read, and whose turn it is.
    pub(super) fn has_request(&self) -> bool {
        !self.is_behind() && self.input.contains(&b'\n')
    }

    /// Goes on as far as the socket does not block, and to the next answer, so that each client has its turn.
    pub(super) fn go_on(&mut self, opened: Instant) -> Result<(), Gone> {
        let mut has_answered = false;
        loop {
            self.send()?;
            if self.is_behind() {
                return Ok(());
            }
            if self.is_last {
                return Err(Gone);
            }
            if has_answered {
                return Ok(());
            }
            if let Some(line) = self.line() {
                has_answered = true;
                let line = String::from_utf8_lossy(&line);
                self.put(request::answer(line.trim(), opened.elapsed()));
            } else if self.input.len() > LONGEST {
                self.put(request::error(&format!(
                    "a request has {LONGEST} bytes at most"
                )));
                self.is_last = true;
            } else if !self.receive()? {
                return Ok(());
            }
        }
    }

    /// Takes a whole line out of the input.
    fn line(&mut self) -> Option<Vec<u8>> {
        let end = self.input.iter().position(|byte| *byte == b'\n')?;
        if end > LONGEST {
            return None;
        }
        let rest = self.input.split_off(end + 1);
        Some(std::mem::replace(&mut self.input, rest))
    }

    /// Reads what has come. Returns whether there was something.
    fn receive(&mut self) -> Result<bool, Gone> {
        let mut bytes = [0; LONGEST + 1];
        match (&self.socket).read(&mut bytes) {
            // What was sent before the end may lack the end of its line.
            Ok(0) if !self.input.is_empty() => {
                self.input.push(b'\n');
                Ok(true)
            }
            Ok(0) => Err(Gone),
            Ok(count) => {
                self.input.extend_from_slice(&bytes[..count]);
                Ok(true)
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock => Ok(false),
                ErrorKind::Interrupted => Ok(true),
                _ => Err(Gone),
            },
        }
    }

    fn put(&mut self, answer: String) {
        self.output = answer.into_bytes();
        self.output.push(b'\n');
        self.sent = 0;
        self.moved = Instant::now();
    }

    /// Sends what the socket takes.
    fn send(&mut self) -> Result<(), Gone> {
        while self.sent < self.output.len() {
            match (self.socket).send_with_flags(&self.output[self.sent..], FLAGS) {
                Ok(count) => {
                    self.sent += count;
                    self.moved = Instant::now();
                }
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => return Ok(()),
                    ErrorKind::Interrupted => {}
                    _ => return Err(Gone),
                },
            }
        }
        // A large answer leaves no large buffer behind.
        self.output = Vec::new();
        Ok(())
    }
}
