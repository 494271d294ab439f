//! Draws a trace as a picture for the documentation: the rows of the hubs with their slices, arrows for wake-ups, and
//! the number of threads that are ready.
//!
//! ```text
//! GREENPATCH_TRACE=trace.json cargo run --example timeline
//! cargo run -p greenpatch-tests --bin timeline_svg -- trace.json > docs/images/timeline.svg
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;
use std::{env, fs};

use serde_json::Value;

const WIDTH: f64 = 1200.0;
const LEFT: f64 = 20.0;
/// The height of the arrows above a row, of its slices, and of its counters.
const ARROWS: f64 = 56.0;
const SLICES: f64 = 34.0;
const COUNTERS: f64 = 46.0;
const ROW: f64 = ARROWS + SLICES + COUNTERS + 44.0;
const TOP: f64 = 30.0;
/// One color for each thread, in the order of their first slices.
const COLORS: [&str; 8] = [
    "#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#76b7b2", "#edc948", "#b07aa1", "#9c755f",
];

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("timeline_svg TRACE")?;
    let events: Vec<Value> = serde_json::from_str(&fs::read_to_string(path)?)?;
    print!("{}", Picture::of(&events).draw());
    Ok(())
}

struct Slice<'a> {
    thread: &'a str,
    from: f64,
    to: f64,
}

#[derive(Default)]
struct Row<'a> {
    name: &'a str,
    slices: Vec<Slice<'a>>,
    /// When, how many were ready, and how many there were.
    counters: Vec<(f64, f64)>,
}

struct Arrow {
    from: (u64, f64),
    to: (u64, f64),
    is_spawn: bool,
}

struct Picture<'a> {
    rows: BTreeMap<u64, Row<'a>>,
    arrows: Vec<Arrow>,
    /// The threads, in the order in which they get colors.
    threads: Vec<&'a str>,
    start: f64,
    end: f64,
}

fn text<'a>(event: &'a Value, field: &str) -> &'a str {
    event[field].as_str().unwrap_or_default()
}

impl<'a> Picture<'a> {
    fn of(events: &'a [Value]) -> Picture<'a> {
        let mut picture = Picture {
            rows: BTreeMap::new(),
            arrows: Vec::new(),
            threads: Vec::new(),
            start: f64::MAX,
            end: 0.0,
        };
        let mut starts = BTreeMap::new();
        for event in events {
            let row = event["tid"].as_u64().unwrap_or_default();
            let at = event["ts"].as_f64().unwrap_or_default();
            let id = (text(event, "cat"), event["id"].as_u64().unwrap_or_default());
            match text(event, "ph") {
                "M" if text(event, "name") == "thread_name" => {
                    picture.rows.entry(row).or_default().name = text(&event["args"], "name");
                }
                "X" => picture.add_slice(row, event, at),
                "C" => {
                    let ready = event["args"]["ready"].as_f64().unwrap_or_default();
                    let row = picture.rows.entry(row).or_default();
                    row.counters.push((at, ready));
                }
                "s" => _ = starts.insert(id, (row, at)),
                "f" => {
                    if let Some(from) = starts.get(&id) {
                        picture.arrows.push(Arrow {
                            from: *from,
                            to: (row, at),
                            is_spawn: text(event, "name") == "spawn",
                        });
                    }
                }
                _ => {}
            }
        }
        picture
    }

    fn add_slice(&mut self, row: u64, event: &'a Value, from: f64) {
        let thread = text(event, "name");
        let to = from + event["dur"].as_f64().unwrap_or_default();
        self.start = self.start.min(from);
        self.end = self.end.max(to);
        if !self.threads.contains(&thread) {
            self.threads.push(thread);
        }
        let slices = &mut self.rows.entry(row).or_default().slices;
        slices.push(Slice { thread, from, to });
    }

    fn x(&self, at: f64) -> f64 {
        LEFT + (at - self.start) / (self.end - self.start) * (WIDTH - 2.0 * LEFT)
    }

    /// Returns the upper edge of a row's slices.
    fn y(&self, row: u64) -> f64 {
        let above = self.rows.keys().take_while(|other| **other != row).count();
        TOP + ROW * above as f64 + ARROWS + 20.0
    }

    fn color(&self, thread: &str) -> &'static str {
        let number = self.threads.iter().position(|other| *other == thread);
        COLORS[number.unwrap_or_default() % COLORS.len()]
    }

    fn draw(&self) -> String {
        let height = TOP + ROW * self.rows.len() as f64 + 30.0;
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" \
             font-family=\"sans-serif\" font-size=\"12\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
             <defs><marker id=\"tip\" markerWidth=\"6\" markerHeight=\"6\" refX=\"5\" refY=\"3\" \
             orient=\"auto\"><path d=\"M0,0 L6,3 L0,6 z\" fill=\"#555\"/></marker></defs>\n"
        );
        self.draw_axis(&mut out, height);
        for (row, content) in &self.rows {
            self.draw_row(&mut out, *row, content);
        }
        for arrow in &self.arrows {
            self.draw_arrow(&mut out, arrow);
        }
        self.draw_legend(&mut out, height - 8.0);
        out + "</svg>\n"
    }

    /// Draws a line for each round time.
    fn draw_axis(&self, out: &mut String, height: f64) {
        let span = self.end - self.start;
        let rough = 10_f64.powf((span / 8.0).log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * rough);
        let step = steps.into_iter().find(|step| span / step <= 10.0);
        let step = step.unwrap_or(span);
        for number in 0..=(span / step) as u32 {
            let after = f64::from(number) * step;
            let x = self.x(self.start + after);
            put(
                out,
                format_args!(
                    "<path d=\"M{x:.1},{TOP} V{:.0}\" stroke=\"#ddd\"/>\
                     <text x=\"{x:.1}\" y=\"20\" fill=\"#666\">{:.2} ms</text>\n",
                    height - 26.0,
                    after / 1000.0,
                ),
            );
        }
    }

    fn draw_legend(&self, out: &mut String, y: f64) {
        let mut x = LEFT;
        for thread in &self.threads {
            let (text, name) = (x + 16.0, escaped(thread));
            put(
                out,
                format_args!(
                    "<rect x=\"{x:.0}\" y=\"{:.0}\" width=\"12\" height=\"12\" fill=\"{}\"/>\
                     <text x=\"{text:.0}\" y=\"{:.0}\">{name}</text>\n",
                    y - 11.0,
                    self.color(thread),
                    y - 1.0,
                ),
            );
            x += 40.0 + 7.0 * thread.len() as f64;
        }
    }

    fn draw_row(&self, out: &mut String, row: u64, content: &Row<'_>) {
        let y = self.y(row);
        let title = y - ARROWS - 2.0;
        put(
            out,
            format_args!(
                "<text x=\"{LEFT}\" y=\"{title:.0}\" font-weight=\"bold\">{}</text>\n",
                escaped(content.name)
            ),
        );
        for slice in &content.slices {
            let (from, to) = (self.x(slice.from), self.x(slice.to));
            let width = (to - from).max(0.6);
            let name = escaped(slice.thread);
            put(
                out,
                format_args!(
                    "<rect x=\"{from:.1}\" y=\"{y:.0}\" width=\"{width:.1}\" height=\"{SLICES}\" \
                     fill=\"{}\"><title>{name}, {:.1} µs</title></rect>\n",
                    self.color(slice.thread),
                    slice.to - slice.from,
                ),
            );
            if width > 7.0 * slice.thread.len() as f64 {
                put(
                    out,
                    format_args!(
                        "<text x=\"{:.1}\" y=\"{:.0}\" fill=\"white\">{name}</text>\n",
                        from + 4.0,
                        y + SLICES / 2.0 + 4.0,
                    ),
                );
            }
        }
        self.draw_counters(out, y + SLICES + 8.0, content);
    }

    /// Draws how many threads are ready, as steps.
    fn draw_counters(&self, out: &mut String, top: f64, content: &Row<'_>) {
        let most = content.counters.iter().map(|(_, ready)| *ready);
        let most = most.fold(1.0, f64::max);
        let bottom = top + COUNTERS - 10.0;
        let height = |ready: f64| bottom - ready / most * (COUNTERS - 14.0);
        let mut line = format!("M{:.1},{bottom:.0}", self.x(self.start));
        for (at, ready) in &content.counters {
            let _ = write!(line, " H{:.1} V{:.1}", self.x(*at), height(*ready));
        }
        let end = self.x(self.end);
        put(
            out,
            format_args!(
                "<path d=\"{line} H{end:.1} V{bottom:.0} z\" fill=\"#bab0ac\"/>\n\
                 <text x=\"{LEFT}\" y=\"{:.0}\" fill=\"#666\">ready: {most} at most</text>\n",
                bottom + 14.0,
            ),
        );
    }

    fn draw_arrow(&self, out: &mut String, arrow: &Arrow) {
        let (from, to) = (self.x(arrow.from.1), self.x(arrow.to.1));
        let [top, end] = [arrow.from.0, arrow.to.0].map(|row| self.y(row));
        let lift = (to - from).abs().mul_add(0.4, 10.0).min(ARROWS - 6.0);
        let dashes = if arrow.is_spawn { "3,2" } else { "none" };
        put(
            out,
            format_args!(
                "<path d=\"M{from:.1},{top:.0} Q{:.1},{:.0} {to:.1},{end:.0}\" fill=\"none\" stroke=\"#555\" \
                 stroke-width=\"0.7\" stroke-dasharray=\"{dashes}\" marker-end=\"url(#tip)\"/>\n",
                (from + to) / 2.0,
                top.min(end) - lift * 1.6,
            ),
        );
    }
}

fn put(out: &mut String, what: std::fmt::Arguments<'_>) {
    out.write_fmt(what).expect("a string takes all");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
