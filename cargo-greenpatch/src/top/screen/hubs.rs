//! The table of hubs.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::Stylize;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Row, Table, Widget};

use super::style::{ALARM, DIM, MOST_HUBS};
use crate::top::picture::{Hub, Picture};
use crate::top::text::rate;

/// Draws it.
pub(super) fn draw(picture: &Picture, area: Rect, buffer: &mut Buffer) {
    let is_timed = |hub: &Hub| hub.rates.is_some_and(|rates| rates.busy.is_some());
    let is_timed = picture.hubs.iter().any(is_timed);
    let mut heads = vec![
        "hub",
        "OS thread",
        "ready",
        "new",
        "waiting",
        "switches/s",
        "parks/s",
        "wakes/s",
        "polls/s",
    ];
    let mut widths = [3, 24, 7, 7, 7, 10, 8, 8, 8]
        .map(Constraint::Length)
        .to_vec();
    if is_timed {
        heads.push("busy");
        widths.push(Constraint::Length(5));
    }
    heads.push("does");
    widths.push(Constraint::Min(10));
    let last = heads.len() - 1;
    let heads = heads.into_iter().enumerate().map(|(number, head)| {
        let line = Line::from(head);
        let is_number = (2..last).contains(&number);
        Cell::from(if is_number {
            line.right_aligned()
        } else {
            line
        })
    });
    let hubs = picture.hubs.iter().enumerate().take(MOST_HUBS);
    let mut rows: Vec<Row<'_>> = hubs
        .map(|(number, hub)| row(number, hub, is_timed))
        .collect();
    if picture.hubs.len() > MOST_HUBS {
        let more = format!("and {} more", picture.hubs.len() - MOST_HUBS);
        rows.push(Row::new(["".to_owned(), more]));
    }
    let table = Table::new(rows, widths).header(Row::new(heads).style(DIM.underlined()));
    Widget::render(table, area, buffer);
}

fn row(number: usize, hub: &Hub, is_timed: bool) -> Row<'_> {
    let right = |text: String| Cell::from(Line::from(text).right_aligned());
    let name = match hub.name.as_str() {
        "" => hub.os_thread.to_string(),
        name => format!("{} {name}", hub.os_thread),
    };
    let mut cells = vec![Cell::from(number.to_string()), Cell::from(name)];
    let is_held = hub.held.is_some();
    // Those of a held hub are not known.
    for count in [hub.ready, hub.new, hub.waiting] {
        cells.push(right(if is_held {
            "?".to_owned()
        } else {
            count.to_string()
        }));
    }
    let rates = hub.rates;
    for value in [
        rates.map(|rates| rates.switches),
        rates.map(|rates| rates.parks),
        rates.map(|rates| rates.remote_wakes),
        rates.map(|rates| rates.polls),
    ] {
        cells.push(right(value.map_or("–".to_owned(), rate)));
    }
    if is_timed {
        let busy = rates.and_then(|rates| rates.busy);
        cells.push(right(
            busy.map_or("–".to_owned(), |busy| format!("{:.0}%", busy * 100.0)),
        ));
    }
    cells.push(Cell::from(does(hub)));
    Row::new(cells)
}

/// What it does. One that answers does so between two threads, so what it has run until then is among the threads that are ready.
fn does(hub: &Hub) -> Line<'_> {
    let running = hub.running.as_deref();
    match &hub.held {
        Some(why) => Line::styled(
            format!("held by {}, {why}", running.unwrap_or("a thread")),
            ALARM,
        ),
        None => Line::from(match running {
            Some(running) => Span::from(format!("runs {running}")).green(),
            None if hub.ready > 0 => Span::from("busy").green(),
            None => Span::styled("idle", DIM),
        }),
    }
}
