//! A frame as text, with colours or without.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use ratatui::text::Span;

/// Returns the lines of a buffer. With colours, their style is set by the codes of ANSI.
pub(super) fn lines(buffer: &Buffer, colored: bool) -> String {
    let area = buffer.area;
    let mut out = String::new();
    for y in area.top()..area.bottom() {
        let mut line = String::new();
        let mut codes = String::new();
        let mut x = area.left();
        while x < area.right() {
            let cell = &buffer[(x, y)];
            if colored {
                let now = style(cell);
                if now != codes {
                    write!(line, "\x1b[0{now}m").expect("a string takes all");
                    codes = now;
                }
            }
            line.push_str(cell.symbol());
            // A wide sign covers the next cell.
            x += Span::raw(cell.symbol()).width().max(1) as u16;
        }
        if !codes.is_empty() {
            line.push_str("\x1b[0m");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// The codes of a cell's style, each after a semicolon.
fn style(cell: &Cell) -> String {
    let mut codes = String::new();
    for (modifier, code) in [
        (Modifier::BOLD, 1),
        (Modifier::DIM, 2),
        (Modifier::UNDERLINED, 4),
        (Modifier::REVERSED, 7),
    ] {
        if cell.modifier.contains(modifier) {
            write!(codes, ";{code}").expect("a string takes all");
        }
    }
    for (color, base) in [(cell.fg, 30), (cell.bg, 40)] {
        if let Some(number) = number(color) {
            write!(codes, ";{}", base + number).expect("a string takes all");
        }
    }
    codes
}

/// The number of a colour in the codes of ANSI. The screen has no others.
fn number(color: Color) -> Option<u8> {
    Some(match color {
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 60,
        Color::LightRed => 61,
        Color::LightGreen => 62,
        Color::LightYellow => 63,
        Color::LightBlue => 64,
        Color::LightMagenta => 65,
        Color::LightCyan => 66,
        Color::White => 67,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Stylize;
    use ratatui::text::Line;
    use ratatui::widgets::Widget;

    use super::*;

    #[test]
    fn styles_are_set_where_they_change() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 8, 2));
        let line = Line::from(vec!["a".into(), "bc".red().bold(), "\u{4e16}".into()]);
        line.render(buffer.area, &mut buffer);
        assert_eq!(lines(&buffer, false), "abc\u{4e16}\n\n");
        assert_eq!(lines(&buffer, true), "a\x1b[0;1;31mbc\x1b[0m\u{4e16}\n\n");
    }
}
