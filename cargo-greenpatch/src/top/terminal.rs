//! The loop between the terminal, the view and the process.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event};

use super::client::{Client, Sample};
use super::screen;
use super::view::{Step, View};
use crate::error::Failure;

/// How long the loop waits for a key before it looks for an answer.
const PAUSE: Duration = Duration::from_millis(50);

/// Shows the view until the user quits. The terminal is as before afterwards, also after a panic or a signal.
pub(super) fn show(view: View, client: Client) -> Result<(), Failure> {
    client.wait_on()?;
    let is_ended = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&is_ended))
            .map_err(|error| Failure::new(format!("could not watch for signals: {error}")))?;
    }
    let mut terminal = ratatui::try_init()
        .map_err(|error| Failure::new(format!("could not use the terminal: {error}")))?;
    let shown = run(view, client, &mut terminal, &is_ended);
    ratatui::restore();
    shown.map_err(|error| Failure::new(format!("could not use the terminal: {error}")))
}

fn run(
    mut view: View,
    client: Client,
    terminal: &mut DefaultTerminal,
    is_ended: &AtomicBool,
) -> io::Result<()> {
    let attached = Instant::now();
    let (ask, answers) = start_asking(client);
    let mut asked: Option<Instant> = None;
    let mut is_waiting = false;
    while !is_ended.load(Ordering::Relaxed) {
        while let Ok(answer) = answers.try_recv() {
            is_waiting = false;
            match answer {
                Ok(sample) => view.take(sample),
                Err(failure) => view.end = Some(failure.to_string()),
            }
        }
        let is_due = asked.is_none_or(|asked| asked.elapsed() >= view.every);
        if is_due && !is_waiting && !view.is_paused && view.end.is_none() {
            asked = Some(Instant::now());
            is_waiting = ask.send(()).is_ok();
        }
        if view.end.is_none() {
            view.attached = Duration::from_secs(attached.elapsed().as_secs());
        }
        let since = view.answered().unwrap_or(attached).elapsed();
        let is_late = is_waiting && since > 2 * view.every + Duration::from_secs(1);
        view.late = is_late.then_some(since);
        terminal.draw(|frame| {
            let area = frame.area();
            screen::draw(&mut view, area, frame.buffer_mut());
        })?;
        if event::poll(PAUSE)? && step(&mut view)? == Step::Quit {
            return Ok(());
        }
    }
    Ok(())
}

/// Handles the events that have come.
fn step(view: &mut View) -> io::Result<Step> {
    loop {
        if let Event::Key(key) = event::read()?
            && view.key(key) == Step::Quit
        {
            return Ok(Step::Quit);
        }
        if !event::poll(Duration::ZERO)? {
            return Ok(Step::Draw);
        }
    }
}

/// Starts a thread that asks, so that a process which does not answer does not hold up the keys.
fn start_asking(mut client: Client) -> (Sender<()>, Receiver<Result<Sample, Failure>>) {
    let (ask, asked) = mpsc::channel();
    let (answer, answers) = mpsc::channel();
    thread::spawn(move || {
        for () in asked {
            if answer.send(client.sample()).is_err() {
                return;
            }
        }
    });
    (ask, answers)
}
