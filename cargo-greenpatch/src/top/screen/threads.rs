//! The table of threads.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Cell, Row, Table, Widget};

use super::style::{ALARM, DIM};
use crate::top::order::Sort;
use crate::top::picture::{Picture, State, Thread};
use crate::top::text::{size, span};
use crate::top::view::View;

/// A column: its head, what its key orders by, its width, and its content.
struct Column {
    head: &'static str,
    sort: Option<Sort>,
    width: Constraint,
    is_right: bool,
    text: fn(&Thread, usize) -> String,
    /// The least width of the screen that has room for it.
    from: u16,
}

const COLUMNS: &[Column] = &[
    Column {
        head: "#",
        sort: Some(Sort::Number),
        width: Constraint::Length(7),
        is_right: true,
        text: |thread, _| thread.id.to_string(),
        from: 0,
    },
    Column {
        head: "hub",
        sort: Some(Sort::Hub),
        width: Constraint::Length(4),
        is_right: true,
        text: |thread, _| thread.hub.to_string(),
        from: 90,
    },
    Column {
        head: "name",
        sort: Some(Sort::Name),
        width: Constraint::Fill(3),
        is_right: false,
        text: name,
        from: 0,
    },
    Column {
        head: "state",
        sort: Some(Sort::State),
        width: Constraint::Length(8),
        is_right: false,
        text: |thread, _| thread.state.word().to_owned(),
        from: 0,
    },
    Column {
        head: "waits for",
        sort: None,
        width: Constraint::Fill(5),
        is_right: false,
        text: |thread, _| thread.waits_for.clone(),
        from: 0,
    },
    Column {
        head: "waited",
        sort: Some(Sort::Waited),
        width: Constraint::Length(8),
        is_right: true,
        text: |thread, _| thread.waited.map_or(String::new(), span),
        from: 0,
    },
    Column {
        head: "owner",
        sort: None,
        width: Constraint::Fill(2),
        is_right: false,
        text: |thread, _| thread.owner_text.clone(),
        from: 90,
    },
    Column {
        head: "spawned at",
        sort: None,
        width: Constraint::Fill(3),
        is_right: false,
        text: |thread, _| short(&thread.spawned_at),
        from: 120,
    },
    Column {
        head: "stack",
        sort: Some(Sort::Stack),
        width: Constraint::Length(9),
        is_right: true,
        text: |thread, _| thread.stack_used.map_or(String::new(), size),
        from: 100,
    },
];

/// Draws it.
pub(super) fn draw(view: &View, picture: &Picture, area: Rect, buffer: &mut Buffer) {
    let columns = || COLUMNS.iter().filter(|column| area.width >= column.from);
    let heads = columns().map(|column| {
        let is_sorted = column.sort == Some(view.listing.sort);
        let arrow = if view.listing.is_reversed {
            "▴"
        } else {
            "▾"
        };
        let head = format!("{}{}", column.head, if is_sorted { arrow } else { "" });
        let line = Line::from(head);
        Cell::from(if column.is_right {
            line.right_aligned()
        } else {
            line
        })
    });
    let end = (view.first + view.height).min(view.shown.len());
    let rows = (view.first..end).map(|number| {
        let (place, depth) = view.shown[number];
        let thread = &picture.threads[place];
        let cells = columns().map(|column| {
            let line = Line::from((column.text)(thread, depth));
            let line = if column.is_right {
                line.right_aligned()
            } else {
                line
            };
            let is_state = column.head == "state";
            Cell::from(line).style(if is_state {
                state_style(thread)
            } else {
                Style::new()
            })
        });
        Row::new(cells).style(style(thread, number == view.selected))
    });
    let table = Table::new(rows, columns().map(|column| column.width))
        .header(Row::new(heads).style(DIM.underlined()));
    Widget::render(table, area, buffer);
    if view.shown.is_empty() && area.height > 1 {
        let line = Line::styled("no such thread", DIM);
        let below = Rect::new(area.x, area.y + 1, area.width, 1);
        line.render(below, buffer);
    }
}

fn name(thread: &Thread, depth: usize) -> String {
    let name = match thread.name.as_str() {
        "" if thread.is_root => "(OS thread's own stack)",
        "" => "–",
        name => name,
    };
    format!("{:1$}{name}", "", 2 * depth.min(20))
}

/// The file and the line, without the column. Of a long path, the end, which tells most.
fn short(location: &str) -> String {
    let line = location.rsplit_once(':').map(|(line, _)| line);
    let location = line.unwrap_or(location);
    let mut parts = location.rsplitn(3, '/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(file), Some(folder), Some(_)) => format!("…/{folder}/{file}"),
        _ => location.to_owned(),
    }
}

fn style(thread: &Thread, is_selected: bool) -> Style {
    let style = match thread.is_in_cycle {
        true => ALARM,
        false if thread.is_old => DIM,
        false => Style::new(),
    };
    if is_selected {
        return style.add_modifier(Modifier::REVERSED);
    }
    style
}

fn state_style(thread: &Thread) -> Style {
    let color = match thread.state {
        _ if thread.is_in_cycle || thread.is_old => return Style::new(),
        State::Running => Color::Green,
        State::Ready => Color::Yellow,
        State::New => Color::Cyan,
        State::Waiting | State::Unknown => return Style::new(),
    };
    Style::new().fg(color)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_paths_are_cut_at_their_beginning() {
        assert_eq!(short("src/main.rs:1:2"), "src/main.rs:1");
        assert_eq!(short("/home/a/b/src/main.rs:1:2"), "…/src/main.rs:1");
        assert_eq!(short(""), "");
    }
}
