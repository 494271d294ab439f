//! Draws a frame of `cargo greenpatch top`, which it reads from standard input, as a picture for the documentation.
//!
//! ```text
//! cargo run --example top -- 30 &
//! cargo run -p cargo-greenpatch -- top --once --color always --width 136 --select pays |
//!     cargo run -p greenpatch-tests --bin top_svg > docs/images/top.svg
//! ```

use std::error::Error;
use std::fmt::Write;
use std::io;

/// The size of a cell of the terminal.
const WIDTH: f64 = 8.0;
const HEIGHT: f64 = 18.0;
const MARGIN: f64 = 12.0;
const BACKGROUND: &str = "#1c1f24";
const FOREGROUND: &str = "#d8dee6";
/// The colors of the codes 30 to 37 and 90 to 97.
const COLORS: [&str; 8] = [
    "#1c1f24", "#f4766c", "#8cc570", "#e5c07b", "#6cb0f0", "#c792ea", "#63c5cf", "#d8dee6",
];
const BRIGHT: [&str; 8] = [
    "#7f8896", "#ff9a91", "#a9dd90", "#f2d79d", "#94c8f7", "#dab1f3", "#8ddbe3", "#ffffff",
];

fn main() -> Result<(), Box<dyn Error>> {
    let frame = io::read_to_string(io::stdin())?;
    if frame.is_empty() {
        return Err("there is no frame on standard input".into());
    }
    print!("{}", draw(&frame)?);
    Ok(())
}

/// How a part of a line looks.
#[derive(Clone, Default)]
struct Style {
    color: Option<&'static str>,
    is_bold: bool,
    is_underlined: bool,
    is_reversed: bool,
}

impl Style {
    /// Reads what is between `ESC [` and `m`.
    fn of(codes: &str) -> Result<Style, Box<dyn Error>> {
        let mut style = Style::default();
        for code in codes.split(';') {
            match code.parse()? {
                0 => style = Style::default(),
                1 => style.is_bold = true,
                4 => style.is_underlined = true,
                7 => style.is_reversed = true,
                code @ 30..38 => style.color = Some(COLORS[code - 30]),
                code @ 90..98 => style.color = Some(BRIGHT[code - 90]),
                code => return Err(format!("code {code} is not known").into()),
            }
        }
        Ok(style)
    }
}

fn draw(frame: &str) -> Result<String, Box<dyn Error>> {
    let lines: Vec<Vec<(Style, String)>> = frame.lines().map(parts).collect::<Result<_, _>>()?;
    let length = |line: &Vec<(Style, String)>| -> usize {
        line.iter().map(|(_, text)| text.chars().count()).sum()
    };
    let longest = lines.iter().map(length).max().unwrap_or(0);
    let width = (longest as f64).mul_add(WIDTH, 2.0 * MARGIN);
    let height = (lines.len() as f64).mul_add(HEIGHT, 2.0 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n"
    );
    for (row, line) in lines.iter().enumerate() {
        let mut column = 0;
        for (style, text) in line {
            draw_part(&mut out, style, text, row, column)?;
            column += text.chars().count();
        }
    }
    out.push_str("</svg>\n");
    Ok(out)
}

/// Splits a line where its style changes.
fn parts(line: &str) -> Result<Vec<(Style, String)>, Box<dyn Error>> {
    let mut pieces = line.split("\x1b[");
    let mut parts = vec![(Style::default(), pieces.next().unwrap_or("").to_owned())];
    for piece in pieces {
        let (codes, text) = piece.split_once('m').ok_or("a code does not end")?;
        parts.push((Style::of(codes)?, text.to_owned()));
    }
    Ok(parts)
}

fn draw_part(
    out: &mut String,
    style: &Style,
    text: &str,
    row: usize,
    column: usize,
) -> Result<(), std::fmt::Error> {
    let x = |column: usize| (column as f64).mul_add(WIDTH, MARGIN);
    let top = (row as f64).mul_add(HEIGHT, MARGIN);
    let long = text.chars().count() as f64 * WIDTH;
    let mut color = style.color.unwrap_or(FOREGROUND);
    if style.is_reversed {
        let left = x(column);
        writeln!(
            out,
            "<rect x=\"{left}\" y=\"{top}\" width=\"{long}\" height=\"{HEIGHT}\" fill=\"{color}\"/>"
        )?;
        color = BACKGROUND;
    }
    if style.is_underlined {
        let (left, y) = (x(column), top + HEIGHT - 3.0);
        writeln!(
            out,
            "<rect x=\"{left}\" y=\"{y}\" width=\"{long}\" height=\"1\" fill=\"{color}\"/>"
        )?;
    }
    let weight = if style.is_bold {
        " font-weight=\"bold\""
    } else {
        ""
    };
    let mut start = column;
    // Words that are far apart are set each at its own place.
    for word in text.split("  ") {
        let spaces = word.chars().take_while(|char| *char == ' ').count();
        let shown = word.trim();
        if !shown.is_empty() {
            writeln!(
                out,
                "<text x=\"{}\" y=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{color}\"{weight}>{}</text>",
                x(start + spaces),
                top + HEIGHT - 5.0,
                shown.chars().count() as f64 * WIDTH,
                escaped(shown)
            )?;
        }
        start += word.chars().count() + 2;
    }
    Ok(())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
