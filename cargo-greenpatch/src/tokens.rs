//! The tokens of Rust sources, as far as a search for names and literals needs them.

/// A token with its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    /// What it is.
    pub(crate) kind: Kind<'a>,
    /// The number of its line, from 1.
    pub(crate) line: usize,
}

/// What a token is. Comments, numbers, characters and lifetimes are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind<'a> {
    /// A name or a keyword, without `r#`.
    Name(&'a str),
    /// What stands between the quotes of a string of any kind.
    Text(&'a str),
    /// `::`.
    Path,
    /// Any other character.
    Sign(char),
}

impl Kind<'_> {
    /// Whether it is that sign.
    pub(crate) fn is(self, sign: char) -> bool {
        self == Kind::Sign(sign)
    }
}

/// Splits a source into tokens. A source that is no Rust gives some tokens, too.
pub(crate) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer {
        rest: source,
        line: 1,
        found: Vec::new(),
    };
    while lexer.step() {}
    lexer.found
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    found: Vec<Token<'a>>,
}

impl<'a> Lexer<'a> {
    /// Takes one token, comment or space. Returns false at the end.
    fn step(&mut self) -> bool {
        let Some(first) = self.rest.chars().next() else {
            return false;
        };
        if first.is_whitespace() {
            self.take(first.len_utf8());
        } else if self.rest.starts_with("//") {
            let end = self.rest.find('\n').unwrap_or(self.rest.len());
            self.take(end);
        } else if self.rest.starts_with("/*") {
            self.comment();
        } else if first.is_ascii_digit() {
            // With its suffix; the dot of `1.5` becomes a sign, which harms no search.
            let end = self.length(|c| c.is_alphanumeric() || c == '_');
            self.take(end);
        } else if first.is_alphabetic() || first == '_' {
            self.name();
        } else if first == '"' {
            self.string(1);
        } else if first == '\'' {
            self.quote();
        } else if self.rest.starts_with("::") {
            self.push(Kind::Path);
            self.take(2);
        } else {
            self.push(Kind::Sign(first));
            self.take(first.len_utf8());
        }
        true
    }

    fn push(&mut self, kind: Kind<'a>) {
        let line = self.line;
        self.found.push(Token { kind, line });
    }

    /// Takes bytes off the rest, and returns them.
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.line += taken.bytes().filter(|byte| *byte == b'\n').count();
        self.rest = rest;
        taken
    }

    /// The length of the rest's start that consists of such characters.
    fn length(&self, belongs: impl Fn(char) -> bool) -> usize {
        self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len())
    }

    /// Comments of this form nest.
    fn comment(&mut self) {
        let mut depth = 0;
        loop {
            if self.rest.starts_with("/*") {
                depth += 1;
                self.take(2);
            } else if self.rest.starts_with("*/") {
                depth -= 1;
                self.take(2);
            } else {
                let Some(next) = self.rest.chars().next() else {
                    return;
                };
                self.take(next.len_utf8());
            }
            if depth == 0 {
                return;
            }
        }
    }

    /// A name, or the prefix of a string.
    fn name(&mut self) {
        let end = self.length(|c| c.is_alphanumeric() || c == '_');
        let (name, after) = self.rest.split_at(end);
        let hashes = after.len() - after.trim_start_matches('#').len();
        let is_prefix = matches!(name, "r" | "b" | "c" | "br" | "cr");
        if is_prefix && after[hashes..].starts_with('"') && (hashes == 0 || name.ends_with('r')) {
            if name.ends_with('r') {
                self.raw_string(end + hashes + 1, hashes);
            } else {
                self.string(end + 1);
            }
        } else if name == "b" && after.starts_with('\'') {
            self.take(end);
            self.quote();
        } else if name == "r" && hashes == 1 {
            self.take(end + 1);
        } else {
            self.push(Kind::Name(name));
            self.take(end);
        }
    }

    fn string(&mut self, start: usize) {
        let text = &self.rest[start..];
        let mut escaped = false;
        let end = text.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let end = end.unwrap_or(text.len());
        self.push(Kind::Text(&text[..end]));
        self.take((start + end + 1).min(self.rest.len()));
    }

    fn raw_string(&mut self, start: usize, hashes: usize) {
        let text = &self.rest[start..];
        let close = format!("\"{}", "#".repeat(hashes));
        let end = text.find(&close).unwrap_or(text.len());
        self.push(Kind::Text(&text[..end]));
        self.take((start + end + close.len()).min(self.rest.len()));
    }

    /// A character or a lifetime.
    fn quote(&mut self) {
        let mut chars = self.rest[1..].char_indices();
        let end = match chars.next() {
            Some((_, '\\')) => {
                // The character after the backslash may be a quote.
                let rest = chars.nth(1).map_or(self.rest.len(), |(at, _)| at + 1);
                self.rest[rest..].find('\'').map(|end| rest + end + 1)
            }
            Some((_, c)) if self.rest[1 + c.len_utf8()..].starts_with('\'') => {
                Some(2 + c.len_utf8())
            }
            _ => Some(1),
        };
        self.take(end.unwrap_or(self.rest.len()));
        // The name of a lifetime is not one that is looked for.
        if end == Some(1) {
            let end = self.length(|c| c.is_alphanumeric() || c == '_');
            self.take(end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<String> {
        let kinds = tokens(source).into_iter().map(|token| token.kind);
        kinds
            .map(|kind| match kind {
                Kind::Name(name) => name.to_owned(),
                Kind::Text(text) => format!("<{text}>"),
                Kind::Path => "::".to_owned(),
                Kind::Sign(sign) => sign.to_string(),
            })
            .collect()
    }

    #[test]
    fn comments_and_literals_hide_what_is_in_them() {
        let source = r###"a // libc::poll
            /* x /* y */ z */ b "li\"bc" c r#"d"e"# r"\" br##"f"g"## b"h" c"i" r#match 'j' '\'' '\u{1F600}' b'\\' 'long: x"###;
        assert_eq!(
            words(source).join(" "),
            "a b <li\\\"bc> c <d\"e> <\\> <f\"g> <h> <i> match : x"
        );
    }

    #[test]
    fn paths_and_lines_are_kept() {
        let found = tokens("libc::poll(\n 1.5e3, x)");
        assert_eq!(found[1].kind, Kind::Path);
        assert_eq!(found[2].kind, Kind::Name("poll"));
        assert!(found[3].kind.is('('));
        assert_eq!((found[2].line, found.last().unwrap().line), (1, 2));
        assert!(tokens("\"open").len() == 1 && tokens("/* open").is_empty());
        assert!(tokens("'").is_empty() && tokens("'\\").is_empty() && tokens("r#\"").len() == 1);
    }
}
