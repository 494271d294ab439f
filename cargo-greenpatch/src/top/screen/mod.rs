//! The screen: a view, drawn into a buffer.

mod details;
mod hubs;
mod style;
mod threads;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Stylize;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget};

use super::picture::{Picture, State};
use super::text::{clean, counted, rate, span};
use super::view::View;
use style::{ALARM, DIM, MOST_HUBS};

/// The most lines that cycles take.
const MOST_CYCLES: usize = 3;
/// The lines of the details, with their border.
const DETAILS: u16 = 8;

/// Returns how many lines a screen needs that shows all threads.
pub(super) fn height(view: &View) -> u16 {
    let (hubs, cycles) = upper(view);
    let details = if view.has_details { DETAILS } else { 0 };
    let threads = u16::try_from(view.shown.len().max(1)).unwrap_or(u16::MAX);
    (2 + 1 + hubs + cycles + 1 + details + 1).saturating_add(threads)
}

/// The lines of the hubs, without their head, and of the cycles.
fn upper(view: &View) -> (u16, u16) {
    let picture = view.picture.as_ref();
    let lines = |count: usize, most: usize| match count > most {
        true => most as u16 + 1,
        false => count as u16,
    };
    picture.map_or((0, 0), |picture| {
        (
            lines(picture.hubs.len(), MOST_HUBS),
            lines(picture.cycles.len(), MOST_CYCLES),
        )
    })
}

/// Draws the screen.
pub(super) fn draw(view: &mut View, area: Rect, buffer: &mut Buffer) {
    let (hubs, cycles) = upper(view);
    let details = if view.has_details { DETAILS } else { 0 };
    let [head, hub_area, cycle_area, table, detail_area, foot] = Layout::vertical([
        Constraint::Length(2),
        Constraint::Length(1 + hubs),
        Constraint::Length(cycles),
        Constraint::Min(2),
        Constraint::Length(details),
        Constraint::Length(1),
    ])
    .areas(area);
    view.fit(usize::from(table.height.saturating_sub(1)));
    draw_head(view, head, buffer);
    if let Some(picture) = &view.picture {
        hubs::draw(picture, hub_area, buffer);
        draw_cycles(picture, cycle_area, buffer);
        threads::draw(view, picture, table, buffer);
        if view.has_details {
            details::draw(view, picture, detail_area, buffer);
        }
    } else {
        "no answer yet".render(hub_area, buffer);
    }
    draw_foot(view, foot, buffer);
}

fn draw_head(view: &View, area: Rect, buffer: &mut Buffer) {
    let about = &view.about;
    let mut line = Line::from(vec![
        Span::from("greenpatch top").bold(),
        Span::from(format!(
            " — {}, process {}",
            clean(&about.program),
            about.pid
        )),
        Span::styled(
            format!(
                ", attached for {}, every {}",
                span(view.attached.as_secs_f64()),
                span(view.every.as_secs_f64())
            ),
            DIM,
        ),
    ]);
    if let Some(end) = &view.end {
        line.push_span(Span::styled(format!("  {}", clean(end)), ALARM.reversed()));
    } else if view.is_paused {
        line.push_span(Span::from("  paused").yellow().bold());
    } else if let Some(late) = view.late {
        let late = span(late.as_secs_f64());
        line.push_span(
            Span::from(format!("  no answer for {late}"))
                .yellow()
                .bold(),
        );
    }
    let Some(picture) = &view.picture else {
        return line.render(area, buffer);
    };
    Paragraph::new(vec![line, Line::from(summary(view, picture))]).render(area, buffer);
}

fn summary(view: &View, picture: &Picture) -> String {
    let green = || picture.threads.iter().filter(|thread| !thread.is_root);
    let count = |state| green().filter(|thread| thread.state == state).count();
    let states = [State::Running, State::Ready, State::New, State::Waiting];
    let counts = states.map(|state| format!("{} {}", count(state), state.word()));
    // One that runs is seen only where it makes the dump itself, or holds its hub.
    let counts = if count(State::Running) > 0 {
        &counts
    } else {
        &counts[1..]
    };
    let mut text = format!(
        "{}: {}",
        counted(green().count() as u64, "green thread"),
        counts.join(", ")
    );
    if let Some(others) = picture.other_os_threads {
        text += &format!("; {}", counted(others, "other OS thread"));
    }
    if let Some(calls) = picture.helper_calls {
        text += &format!("; {} calls by helpers a second", rate(calls));
    }
    if !view.listing.filter.is_empty() {
        text += &format!("; {} shown", view.shown.len());
    }
    text
}

fn draw_cycles(picture: &Picture, area: Rect, buffer: &mut Buffer) {
    let cycles = &picture.cycles;
    let mut lines: Vec<Line<'_>> = (cycles.iter().take(MOST_CYCLES))
        .map(|cycle| {
            let names = cycle.iter().chain(cycle.first());
            let names: Vec<_> = names.map(|id| picture.name_of(*id)).collect();
            Line::styled(format!("deadlock: {}", names.join(" → ")), ALARM)
        })
        .collect();
    if cycles.len() > MOST_CYCLES {
        let more = format!("and {} more", cycles.len() - MOST_CYCLES);
        lines.push(Line::styled(more, ALARM));
    }
    Paragraph::new(lines).render(area, buffer);
}

fn draw_foot(view: &View, area: Rect, buffer: &mut Buffer) {
    if view.is_editing {
        let line = Line::from(vec![
            Span::from("filter: ").bold(),
            Span::from(view.listing.filter.as_str()),
            Span::from(" ").reversed(),
            Span::styled("  enter keeps it, esc removes it", DIM),
        ]);
        return line.render(area, buffer);
    }
    let mut line = Line::default();
    let tree = if view.listing.is_tree { "flat" } else { "tree" };
    let pause = if view.is_paused { "go on" } else { "pause" };
    for (key, what) in [
        ("q", "quit"),
        ("↑↓", "select"),
        ("enter", "details"),
        ("o", "owner"),
        ("/", "filter"),
        ("nahswk", "sort"),
        ("r", "reverse"),
        ("t", tree),
        ("space", pause),
    ] {
        line.push_span(Span::from(key).bold());
        line.push_span(Span::styled(format!(" {what}  "), DIM));
    }
    if !view.listing.filter.is_empty() {
        line.push_span(Span::from(format!("filter: {}", view.listing.filter)).yellow());
    }
    line.render(area, buffer);
}

#[cfg(test)]
mod tests;
