//! `cargo greenpatch top`: a live view of the green threads of a running process.
//!
//! ```text
//! process ─ socket ─▶ client ─ wire ─▶ picture ─▶ order ─▶ view ─▶ screen ─▶ terminal, or print
//!                                                          ▲ keys
//! ```

mod client;
mod options;
mod order;
mod picture;
mod places;
mod print;
mod screen;
mod terminal;
mod text;
mod view;
mod wire;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::thread;
use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::error::{Context, Failure};
use client::Client;
use options::Options;
use view::View;

/// How long a process has to answer when this attaches to it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Carries out `top` with these arguments.
pub(crate) fn run(words: Vec<OsString>) -> Result<u8, Failure> {
    let options = match options::parse(words) {
        Ok(options) => options,
        Err(error) => {
            // As for the other commands: help is no failure.
            let _ = error.print();
            return Ok(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let is_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    if !options.once && !is_terminal {
        return Err(Failure::new(
            "`top` needs a terminal; `top --once` prints one frame",
        ));
    }
    let path = places::find(options.process.as_deref())?;
    let client = Client::attach(&path, PATIENCE)?;
    let mut view = View::new(client.about.clone(), options.listing.clone(), options.every);
    view.has_details = options.has_details;
    match options.once {
        true => print_once(view, client, &options)?,
        false => terminal::show(view, client)?,
    }
    Ok(0)
}

/// Prints one frame, after two answers, so that it has rates.
fn print_once(mut view: View, mut client: Client, options: &Options) -> Result<(), Failure> {
    let attached = Instant::now();
    view.take(client.sample()?);
    thread::sleep(options.every);
    view.take(client.sample()?);
    view.attached = attached.elapsed();
    if let Some(name) = &options.select
        && !view.select_named(name)
    {
        return Err(Failure::new(format!("no thread is called {name:?}")));
    }
    let area = Rect::new(0, 0, options.width, screen::height(&view));
    let mut buffer = Buffer::empty(area);
    screen::draw(&mut view, area, &mut buffer);
    let text = print::lines(&buffer, options.color);
    match io::stdout().write_all(text.as_bytes()) {
        // What it was piped to has enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.context(|| "could not print".to_owned()),
    }
}
