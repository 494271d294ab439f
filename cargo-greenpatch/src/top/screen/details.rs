//! The details of the selected thread.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Stylize;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph, Widget};

use super::style::{ALARM, DIM};
use crate::top::picture::{Picture, Thread};
use crate::top::text::{size, span};
use crate::top::view::View;

/// Draws them.
pub(super) fn draw(view: &View, picture: &Picture, area: Rect, buffer: &mut Buffer) {
    let Some(thread) = view.selected() else {
        return;
    };
    let block = Block::new()
        .borders(Borders::TOP)
        .border_style(DIM)
        .title(Span::from(format!(" {} ", picture.name_of(thread.id))).bold());
    let lines = [
        line("state", state(thread, picture)),
        line("waits for", wait(thread)),
        line("waits at", thread.location.clone()),
        owners(thread, picture),
        line("spawned at", spawned(thread, picture)),
        line("stack", stack(thread)),
    ];
    Paragraph::new(lines.to_vec())
        .block(block)
        .render(area, buffer);
}

fn line(name: &'static str, text: String) -> Line<'static> {
    let text = if text.is_empty() {
        "–".to_owned()
    } else {
        text
    };
    Line::from(vec![
        Span::styled(format!("{name:>10}  "), DIM),
        Span::from(text),
    ])
}

fn state(thread: &Thread, picture: &Picture) -> String {
    let mut text = thread.state.word().to_owned();
    if thread.is_root {
        text += ", the OS thread's own stack";
    }
    text += &format!(", on hub {}", thread.hub);
    if let Some(hub) = picture.hubs.get(thread.hub) {
        text += &format!(", OS thread {}", hub.os_thread);
    }
    if thread.is_old {
        text += "; from before its hub was held";
    }
    text
}

fn wait(thread: &Thread) -> String {
    let mut text = thread.waits_for.clone();
    if let Some(waited) = thread.waited {
        text += &format!(", for {} so far", span(waited));
    }
    if let Some(remaining) = thread.remaining {
        text += &format!(", for {} more at most", span(remaining));
    }
    text
}

/// The thread that can end the wait, what that one waits for, and so on.
fn owners(thread: &Thread, picture: &Picture) -> Line<'static> {
    let (chain, is_circle) = picture.chain(thread.id);
    if chain.len() < 2 {
        return line("owner", thread.owner_text.clone());
    }
    let names: Vec<_> = chain[1..].iter().map(|id| picture.name_of(*id)).collect();
    let mut text = names.join(", which waits for ");
    if !is_circle {
        let last = picture.thread(chain[chain.len() - 1]);
        match last {
            Some(last) if !last.waits_for.is_empty() => {
                text += &format!(", which waits for {}", last.waits_for);
            }
            Some(last) => text += &format!(", which is {}", last.state.word()),
            None => {}
        }
    }
    let line = line("owner", text);
    if is_circle {
        line.patch_style(ALARM)
    } else {
        line
    }
}

fn spawned(thread: &Thread, picture: &Picture) -> String {
    let children = (picture.threads.iter()).filter(|other| other.parent == Some(thread.id));
    let mut text = thread.spawned_at.clone();
    if let Some(parent) = thread.parent {
        text += &format!(", by {}", picture.name_of(parent));
    }
    match children.count() {
        0 => {}
        count if text.is_empty() => text = format!("has spawned {count}"),
        count => text += &format!("; has spawned {count}"),
    }
    text
}

fn stack(thread: &Thread) -> String {
    match (thread.stack_used, thread.stack_size) {
        (Some(used), Some(whole)) => format!("{} of {}", size(used), size(whole)),
        (None, Some(whole)) => format!("of {}", size(whole)),
        _ => String::new(),
    }
}
