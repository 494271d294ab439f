//! What the parts of the screen have in common.

use ratatui::style::{Color, Modifier, Style};

/// The most lines that hubs take.
pub(super) const MOST_HUBS: usize = 8;

/// What has to be noticed.
pub(super) const ALARM: Style = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);

/// What is beside the point.
pub(super) const DIM: Style = Style::new().fg(Color::DarkGray);
