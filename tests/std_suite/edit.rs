//! Edits of a text by byte ranges.

use std::ops::Range;

/// What to replace, and by what.
pub(crate) type Edit = (Range<usize>, String);

/// Applies edits that do not overlap.
pub(crate) fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for (range, by) in edits {
        result.push_str(&text[at..range.start]);
        result.push_str(&by);
        at = range.end;
    }
    result.push_str(&text[at..]);
    result
}
