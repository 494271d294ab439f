//! Writing JSON.
#![forbid(unsafe_code)]

use std::fmt::{self, Write};
use std::panic::Location;

/// An object or an array that is being written.
pub(super) struct Json<'a> {
    pub(super) out: &'a mut String,
    is_first: bool,
}

/// A text in quotes.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for char in self.0.chars() {
            match char {
                '"' | '\\' => write!(f, "\\{char}")?,
                '\0'..' ' => write!(f, "\\u{:04x}", u32::from(char))?,
                _ => f.write_char(char)?,
            }
        }
        f.write_char('"')
    }
}

impl Json<'_> {
    pub(super) fn between(
        out: &mut String,
        [open, close]: [char; 2],
        f: impl FnOnce(&mut Json<'_>),
    ) {
        out.push(open);
        f(&mut Json {
            out,
            is_first: true,
        });
        out.push(close);
    }

    pub(super) fn separate(&mut self) {
        if !self.is_first {
            self.out.push(',');
        }
        self.is_first = false;
    }

    /// Writes a field whose value is JSON already.
    pub(super) fn field(&mut self, name: &str, value: impl fmt::Display) {
        self.separate();
        write!(self.out, "{}:{value}", Quoted(name)).expect("a string takes all");
    }

    /// Writes a field, or nothing if there is no value.
    pub(super) fn optional(&mut self, name: &str, value: Option<impl fmt::Display>) {
        if let Some(value) = value {
            self.field(name, value);
        }
    }

    pub(super) fn text(&mut self, name: &str, value: Option<&str>) {
        self.optional(name, value.map(Quoted));
    }

    pub(super) fn location(&mut self, name: &str, location: Option<&Location<'_>>) {
        self.text(name, location.map(Location::to_string).as_deref());
    }

    pub(super) fn object(&mut self, name: &str, f: impl FnOnce(&mut Json<'_>)) {
        self.field(name, "");
        Json::between(self.out, ['{', '}'], f);
    }

    pub(super) fn list<T>(&mut self, name: &str, items: &[T], each: impl Fn(&mut String, &T)) {
        self.field(name, "");
        Json::between(self.out, ['[', ']'], |list| {
            for item in items {
                list.separate();
                each(list.out, item);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        assert_eq!(
            Quoted("a\"\\\n\u{e9}").to_string(),
            "\"a\\\"\\\\\\u000a\u{e9}\""
        );
    }
}
