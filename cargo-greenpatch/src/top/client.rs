//! The connection to a process: requests and answers.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;

use super::text::clean;
use super::wire::{About, Dump, Refusal, Stats};
use crate::error::{Context, Failure};

/// A connection.
#[derive(Debug)]
pub(super) struct Client {
    stream: BufReader<UnixStream>,
    /// What the process says of itself.
    pub(super) about: About,
}

/// What a process has answered at one time.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    /// When it has.
    pub(super) at: Instant,
    pub(super) dump: Dump,
    pub(super) stats: Stats,
}

impl Client {
    /// Attaches to a process. Without an answer in this time it is given up, then and later.
    pub(super) fn attach(path: &Path, patience: Duration) -> Result<Client, Failure> {
        let doing = || format!("could not attach to {}", path.display());
        let stream = UnixStream::connect(path).context(doing)?;
        stream.set_read_timeout(Some(patience)).context(doing)?;
        let mut client = Client {
            stream: BufReader::new(stream),
            about: About::default(),
        };
        client.about = client.ask("about").context(doing)?;
        Ok(client)
    }

    /// Waits for answers as long as it takes from now on: the process may be stopped for a while.
    pub(super) fn wait_on(&self) -> Result<(), Failure> {
        let waits_on = self.stream.get_ref().set_read_timeout(None);
        waits_on.context(|| "could not wait for the process".to_owned())
    }

    /// Asks what the process does now.
    pub(super) fn sample(&mut self) -> Result<Sample, Failure> {
        let dump = self.ask("dump")?;
        let stats = self.ask("stats")?;
        Ok(Sample {
            at: Instant::now(),
            dump,
            stats,
        })
    }

    fn ask<T: DeserializeOwned>(&mut self, request: &str) -> Result<T, Failure> {
        let ended = || Failure::new("the process has ended, or has closed the connection");
        let line = format!("{request}\n");
        if self.stream.get_mut().write_all(line.as_bytes()).is_err() {
            return Err(self.refusal().unwrap_or_else(ended));
        }
        let answer = self.line()?.ok_or_else(ended)?;
        if let Ok(refusal) = serde_json::from_str::<Refusal>(&answer) {
            return Err(refused(&refusal));
        }
        serde_json::from_str(&answer)
            .context(|| format!("the answer to `{request}` is not as expected"))
    }

    /// What the process has said before it closed the connection.
    fn refusal(&mut self) -> Option<Failure> {
        let answer = self.line().ok()??;
        let refusal: Refusal = serde_json::from_str(&answer).ok()?;
        Some(refused(&refusal))
    }

    fn line(&mut self) -> Result<Option<String>, Failure> {
        let mut line = Vec::new();
        match self.stream.read_until(b'\n', &mut line) {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                return Err(Failure::new("the process does not answer"));
            }
            // Its end of the connection is gone.
            Err(_) => return Ok(None),
        }
        if line.last() != Some(&b'\n') {
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(&line).into_owned()))
    }
}

fn refused(refusal: &Refusal) -> Failure {
    Failure::new(format!("the process answers: {}", clean(&refusal.error)))
}
