//! Results as charts.

use std::error::Error;
use std::path::Path;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::results::Results;
use crate::scenario::{EPOLL, GREENPATCH, MAY, Peer, STD, TOKIO};
use crate::table::rounded;

type Drawn = Result<(), Box<dyn Error>>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

const SIZE: (u32, u32) = (960, 420);
const FONT: &str = "sans-serif";
const GREY: RGBColor = RGBColor(110, 110, 110);

/// The name of a group of bars, and the source of its figures.
type Group = (&'static str, &'static str, &'static str);

const OVERVIEW: &[Group] = &[
    ("switch, 2", "switch", "2"),
    ("switch, 1,000", "switch", "1,000"),
    ("spawn + join, 1,000", "spawn_join", "1,000"),
    ("ping-pong", "pingpong", "2"),
    ("mpsc, 4 to 1", "mpsc", "4, channel"),
    ("mutex, 8", "mutex", "8"),
    ("condvar", "condvar", "2"),
];

const ECHO: &[Group] = &[
    ("100 connections", "echo", "100"),
    ("1,000 connections", "echo", "1,000"),
    ("8,000 connections", "echo", "8,000"),
];

/// Draws all charts into a directory.
pub(crate) fn draw(directory: &Path, results: &Results) -> Drawn {
    let overview = Bars {
        title: "ns per operation, one core, less is better (logarithmic)",
        peers: &[GREENPATCH, TOKIO, MAY, STD],
        groups: OVERVIEW,
    };
    let highest = overview.highest(results);
    if highest > 0.0 {
        let heights = (1.0..highest * 2.0).log_scale();
        overview.draw(&directory.join("overview.svg"), results, 1.0, heights)?;
    }
    let echo = Bars {
        title: "echo: µs of the server's CPU per request, less is better",
        peers: &[GREENPATCH, EPOLL, TOKIO, MAY, STD],
        groups: ECHO,
    };
    let highest = echo.highest(results);
    if highest > 0.0 {
        echo.draw(
            &directory.join("echo.svg"),
            results,
            0.0,
            0.0..highest * 1.1,
        )?;
    }
    flat(&directory.join("flat.svg"), results)
}

/// Groups of bars with one colour for each peer.
struct Bars {
    title: &'static str,
    peers: &'static [Peer],
    groups: &'static [Group],
}

impl Bars {
    fn figure(&self, results: &Results, group: &Group, peer: Peer) -> Option<f64> {
        results.first(group.1, group.2, peer)
    }

    /// The highest bar; zero if there is none.
    fn highest(&self, results: &Results) -> f64 {
        let groups = self.groups.iter();
        groups
            .flat_map(|group| self.peers.iter().map(move |peer| (group, *peer)))
            .filter_map(|(group, peer)| self.figure(results, group, peer))
            .fold(0.0, f64::max)
    }

    fn draw<Y>(&self, path: &Path, results: &Results, floor: f64, heights: Y) -> Drawn
    where
        Y: AsRangedCoord<Value = f64>,
        Y::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
    {
        let root = SVGBackend::new(path, SIZE).into_drawing_area();
        root.fill(&WHITE)?;
        head(&root, self.title, self.peers)?;
        let mut chart = ChartBuilder::on(&root)
            .margin_top(60)
            .margin_right(20)
            .margin_bottom(30)
            .y_label_area_size(60)
            .build_cartesian_2d(0.0..self.groups.len() as f64, heights)?;
        chart
            .configure_mesh()
            .disable_x_axis()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .label_style((FONT, 13))
            .y_label_formatter(&|figure| rounded_axis(*figure))
            .draw()?;
        let width = 0.8 / self.peers.len() as f64;
        for (place, group) in self.groups.iter().enumerate() {
            let left = place as f64 + 0.1;
            for (bar, peer) in self.peers.iter().enumerate() {
                let Some(figure) = self.figure(results, group, peer) else {
                    continue;
                };
                let from = left + bar as f64 * width;
                let corners = [(from, floor), (from + width * 0.92, figure)];
                chart.draw_series([Rectangle::new(corners, colour(peer).filled())])?;
                let top = chart.backend_coord(&(from + width * 0.46, figure));
                root.draw_text(
                    &rounded(figure),
                    &label(VPos::Bottom, 10),
                    (top.0, top.1 - 2),
                )?;
            }
            let middle = chart.backend_coord(&(left + 0.4, floor));
            root.draw_text(group.0, &label(VPos::Top, 13), (middle.0, middle.1 + 8))?;
        }
        root.present()?;
        Ok(())
    }
}

/// The cost of a switch and of a thread by the number of threads.
fn flat(path: &Path, results: &Results) -> Drawn {
    const SIZES: [(&str, f64); 4] = [
        ("1,000", 1e3),
        ("10,000", 1e4),
        ("100,000", 1e5),
        ("1,000,000", 1e6),
    ];
    let points = |scenario: &str, peer: &str| -> Vec<(f64, f64)> {
        let figure =
            |(size, count): &(&str, f64)| Some((*count, results.first(scenario, size, peer)?));
        SIZES.iter().filter_map(figure).collect()
    };
    let peers = [GREENPATCH, TOKIO];
    let scenarios = [("switch", "switch"), ("spawn_join", "spawn + join")];
    let lines: Vec<_> = scenarios
        .into_iter()
        .flat_map(|(scenario, name)| peers.map(|peer| (name, peer, points(scenario, peer))))
        .filter(|(.., points)| !points.is_empty())
        .collect();
    let all = lines.iter().flat_map(|(.., points)| points);
    let highest = all.map(|(_, figure)| *figure).fold(0.0, f64::max);
    if highest == 0.0 {
        return Ok(());
    }
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    head(
        &root,
        "ns per operation, by the number of threads alive",
        &peers,
    )?;
    let mut chart = ChartBuilder::on(&root)
        .margin_top(60)
        .margin_right(130)
        .x_label_area_size(40)
        .y_label_area_size(60)
        .build_cartesian_2d((1e3..1e6).log_scale(), 0.0..highest * 1.1)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .label_style((FONT, 13))
        .x_desc("threads")
        .x_label_formatter(&|count| rounded_axis(*count))
        .y_label_formatter(&|figure| rounded_axis(*figure))
        .draw()?;
    for (name, peer, points) in lines {
        let style = colour(peer).stroke_width(2);
        let circles = points
            .iter()
            .map(|point| Circle::new(*point, 4, colour(peer).filled()));
        match name {
            "switch" => chart.draw_series(LineSeries::new(points.clone(), style))?,
            _ => chart.draw_series(DashedLineSeries::new(points.clone(), 8, 5, style))?,
        };
        chart.draw_series(circles)?;
        let end = chart.backend_coord(points.last().expect("lines without points are left out"));
        let colour = colour(peer);
        let style = TextStyle::from((FONT, 13).into_font())
            .color(&colour)
            .pos(Pos::new(HPos::Left, VPos::Center));
        root.draw_text(name, &style, (end.0 + 10, end.1))?;
    }
    root.present()?;
    Ok(())
}

/// The title, and the legend.
fn head(root: &Area<'_>, title: &str, peers: &[Peer]) -> Drawn {
    root.draw_text(title, &TextStyle::from((FONT, 16).into_font()), (62, 10))?;
    for (place, peer) in peers.iter().enumerate() {
        let left = 62 + place as i32 * 120;
        let corners = [(left, 36), (left + 12, 48)];
        root.draw(&Rectangle::new(corners, colour(peer).filled()))?;
        root.draw_text(
            peer,
            &TextStyle::from((FONT, 13).into_font()),
            (left + 18, 35),
        )?;
    }
    Ok(())
}

fn label(vertical: VPos, size: i32) -> TextStyle<'static> {
    TextStyle::from((FONT, size).into_font())
        .color(&GREY)
        .pos(Pos::new(HPos::Center, vertical))
}

/// Formats a number at an axis, with digits after the point only if needed.
fn rounded_axis(number: f64) -> String {
    match number.fract() == 0.0 && number < 1000.0 {
        true => format!("{number}"),
        false => rounded(number),
    }
}

fn colour(peer: &str) -> RGBColor {
    match peer {
        GREENPATCH => RGBColor(34, 139, 58),
        TOKIO => RGBColor(70, 105, 190),
        MAY => RGBColor(214, 137, 16),
        EPOLL => RGBColor(100, 100, 100),
        _ => RGBColor(190, 70, 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::some;

    #[test]
    fn pictures_are_drawn_of_what_there_is() {
        let directory =
            std::env::temp_dir().join(format!("greenpatch-bench-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        draw(&directory, &some()).unwrap();
        let overview = std::fs::read_to_string(directory.join("overview.svg")).unwrap();
        assert!(overview.contains("switch, 2") && overview.contains("50.0"));
        assert!(!directory.join("echo.svg").exists());
        std::fs::remove_dir_all(directory).unwrap();
    }
}
