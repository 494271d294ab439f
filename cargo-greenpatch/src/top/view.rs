//! What the user looks at: the picture, how it is listed, what is selected; and what each key does to that.

use std::time::{Duration, Instant};

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::client::Sample;
use super::order::{Listing, Sort};
use super::picture::{Picture, Thread};
use super::wire::About;

/// The state of the screen.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) about: About,
    pub(super) picture: Option<Picture>,
    pub(super) listing: Listing,
    /// The threads that are shown: their places in the picture, with their depths.
    pub(super) shown: Vec<(usize, usize)>,
    /// The place of the selected thread among them.
    pub(super) selected: usize,
    /// The place of the first that is on the screen.
    pub(super) first: usize,
    /// Whether keys are the text of the filter.
    pub(super) is_editing: bool,
    pub(super) is_paused: bool,
    pub(super) has_details: bool,
    /// Why there are no more answers.
    pub(super) end: Option<String>,
    /// How long the picture is old, if it is late.
    pub(super) late: Option<Duration>,
    pub(super) every: Duration,
    /// How long this has been attached.
    pub(super) attached: Duration,
    /// How many rows of the table fit on the screen.
    pub(super) height: usize,
    sample: Option<Sample>,
}

/// What is to be done after a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The screen is drawn anew.
    Draw,
    /// The program ends.
    Quit,
}

impl View {
    pub(super) fn new(about: About, listing: Listing, every: Duration) -> View {
        View {
            about,
            picture: None,
            listing,
            shown: Vec::new(),
            selected: 0,
            first: 0,
            is_editing: false,
            is_paused: false,
            has_details: false,
            end: None,
            late: None,
            every,
            attached: Duration::ZERO,
            height: 1,
            sample: None,
        }
    }

    /// Takes an answer in. While the view is paused it is passed over.
    pub(super) fn take(&mut self, sample: Sample) {
        if self.is_paused {
            return;
        }
        let selected = self.selected().map(|thread| thread.id);
        let picture = Picture::of(&sample, self.sample.as_ref(), self.picture.as_ref());
        self.picture = Some(picture);
        self.sample = Some(sample);
        self.arrange(selected);
    }

    /// When the process has last answered.
    pub(super) fn answered(&self) -> Option<Instant> {
        self.sample.as_ref().map(|sample| sample.at)
    }

    /// Returns the selected thread.
    pub(super) fn selected(&self) -> Option<&Thread> {
        let (place, _) = self.shown.get(self.selected)?;
        self.picture.as_ref()?.threads.get(*place)
    }

    /// Selects the first thread that has this name. Returns whether there is one.
    pub(super) fn select_named(&mut self, name: &str) -> bool {
        let Some(picture) = &self.picture else {
            return false;
        };
        let has_name = |(place, _): &(usize, usize)| picture.threads[*place].name == name;
        let found = self.shown.iter().position(has_name);
        self.selected = found.unwrap_or(self.selected);
        found.is_some()
    }

    /// Moves the part of the table that is on the screen so that the selected thread is in it.
    pub(super) fn fit(&mut self, height: usize) {
        self.height = height.max(1);
        let last = self.shown.len().saturating_sub(self.height);
        self.first = self.first.min(last).min(self.selected);
        if self.selected >= self.first + self.height {
            self.first = self.selected + 1 - self.height;
        }
    }

    /// Does what a key is for.
    pub(super) fn key(&mut self, key: KeyEvent) -> Step {
        if key.kind == KeyEventKind::Release {
            return Step::Draw;
        }
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return match key.code {
                KeyCode::Char('c') => Step::Quit,
                _ => Step::Draw,
            };
        }
        if self.is_editing {
            self.edit(key.code);
            return Step::Draw;
        }
        let page = self.height.saturating_sub(1).max(1);
        match key.code {
            KeyCode::Char('q') => return Step::Quit,
            KeyCode::Esc if self.has_details => self.has_details = false,
            KeyCode::Esc => self.filter(String::new()),
            KeyCode::Up => self.select(self.selected.saturating_sub(1)),
            KeyCode::Down => self.select(self.selected + 1),
            KeyCode::PageUp => self.select(self.selected.saturating_sub(page)),
            KeyCode::PageDown => self.select(self.selected + page),
            KeyCode::Home => self.select(0),
            KeyCode::End => self.select(usize::MAX),
            KeyCode::Enter => self.has_details = !self.has_details,
            KeyCode::Char(' ') => self.is_paused = !self.is_paused,
            KeyCode::Char('/') => self.is_editing = true,
            KeyCode::Char('r') => self.reverse(),
            KeyCode::Char('t') => self.list(|listing| listing.is_tree = !listing.is_tree),
            KeyCode::Char('o') => self.go_to_owner(),
            KeyCode::Char(key) => {
                if let Some(sort) = Sort::of_key(key) {
                    self.sort(sort);
                }
            }
            _ => {}
        }
        Step::Draw
    }

    fn edit(&mut self, key: KeyCode) {
        match key {
            KeyCode::Enter => self.is_editing = false,
            KeyCode::Esc => {
                self.is_editing = false;
                self.filter(String::new());
            }
            KeyCode::Backspace => {
                let mut filter = self.listing.filter.clone();
                filter.pop();
                self.filter(filter);
            }
            KeyCode::Char(char) if !char.is_control() => {
                let mut filter = self.listing.filter.clone();
                filter.push(char);
                self.filter(filter);
            }
            _ => {}
        }
    }

    fn filter(&mut self, filter: String) {
        self.list(|listing| listing.filter = filter);
    }

    fn reverse(&mut self) {
        self.list(|listing| listing.is_reversed = !listing.is_reversed);
    }

    /// Orders by this; once more, in the opposite order.
    fn sort(&mut self, sort: Sort) {
        self.list(|listing| {
            listing.is_reversed = listing.sort == sort && !listing.is_reversed;
            listing.sort = sort;
        });
    }

    /// Selects the thread that can end the wait of the selected one.
    fn go_to_owner(&mut self) {
        let owner = self.selected().and_then(|thread| thread.owner);
        let is_shown = |id| self.place_of(id).is_some();
        match owner {
            Some(owner) if !is_shown(owner) => {
                self.listing.filter.clear();
                self.arrange(Some(owner));
            }
            Some(owner) => self.arrange(Some(owner)),
            None => {}
        }
    }

    /// Lists the threads in another way. The selected one stays selected if it is still shown.
    fn list(&mut self, change: impl FnOnce(&mut Listing)) {
        let selected = self.selected().map(|thread| thread.id);
        change(&mut self.listing);
        self.arrange(selected);
    }

    fn arrange(&mut self, selected: Option<u64>) {
        let picture = self.picture.as_ref();
        self.shown = picture.map_or_else(Vec::new, |picture| self.listing.order(picture));
        let place = selected.and_then(|id| self.place_of(id));
        self.select(place.unwrap_or(self.selected));
    }

    fn place_of(&self, id: u64) -> Option<usize> {
        let threads = &self.picture.as_ref()?.threads;
        self.shown
            .iter()
            .position(|(place, _)| threads[*place].id == id)
    }

    fn select(&mut self, place: usize) {
        self.selected = place.min(self.shown.len().saturating_sub(1));
    }
}

#[cfg(test)]
mod tests;
