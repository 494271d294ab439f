//! A thread's backtrace as a dump has it: the frames of a backtrace of std's, or those at some addresses, without those that only
//! greenpatch and std's runtime put there.
//!
//! std formats a backtrace, and shows its frames in no other way. So the frames are read from the text. It shows no frames at addresses; these are
//! named by the crate `backtrace`, of which std has a copy.
#![forbid(unsafe_code)]

use std::env;
use std::path::Path;
use std::ptr;

use crate::frame::Frame;
use crate::hub;

/// The marker of std's, and of green threads, between the code of a thread and the code that calls it.
const BEGIN: &str = "__rust_begin_short_backtrace";

/// The name of a function without a symbol, as std writes it.
const UNKNOWN: &str = "<unknown>";

/// What the environment says of backtraces, as for panics.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Nothing,
    Short,
    Full,
}

/// Returns what `RUST_BACKTRACE` asks for.
pub(super) fn asked() -> Asked {
    match env::var_os("RUST_BACKTRACE") {
        Some(value) if value == "full" => Asked::Full,
        Some(value) if value != "0" => Asked::Short,
        _ => Asked::Nothing,
    }
}

/// Reads the frames from the text of a backtrace. With `full`, all of them are returned.
pub(super) fn frames(text: &str, full: bool) -> Vec<Frame> {
    let mut frames = parse(text);
    if !full {
        shorten(&mut frames);
    }
    frames
}

/// Returns the frames of the instructions at these addresses, innermost first, with those of functions that were inlined there. With
/// `full`, all of them are returned.
pub(super) fn frames_at(instructions: &[usize], full: bool) -> Vec<Frame> {
    let here = env::current_dir().ok();
    let shown = |file: &Path| {
        let within = here.as_ref().and_then(|here| file.strip_prefix(here).ok());
        within.unwrap_or(file).display().to_string()
    };
    // The first look-up lists the modules.
    hub::while_no_fork(|| ::backtrace::resolve(ptr::null_mut(), |_| ()));
    let mut frames = Vec::new();
    for instruction in instructions {
        let before = frames.len();
        // It looks up the address before the one that it is given, which is taken for that after a call.
        let after = ptr::without_provenance_mut(instruction.wrapping_add(1));
        ::backtrace::resolve(after, |symbol| {
            let name = symbol.name().map(|name| format!("{name:#}"));
            let mut frame = Frame::new(name.unwrap_or_else(|| UNKNOWN.to_owned()));
            frame.file = symbol.filename().map(shown);
            frame.line = symbol.lineno();
            frame.column = symbol.colno();
            frames.push(frame);
        });
        if frames.len() == before {
            frames.push(Frame::new(UNKNOWN.to_owned()));
        }
    }
    if !full {
        shorten(&mut frames);
    }
    frames
}

/// Reads frames: a line with a number and a name for each, and perhaps one with its place.
fn parse(text: &str) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    for line in text.lines().map(str::trim_start) {
        if let (Some(place), Some(frame)) = (line.strip_prefix("at "), frames.last_mut()) {
            let (place, [column, line]) = numbers(place);
            let place = place.strip_prefix("./").unwrap_or(place);
            frame.file = Some(place.to_owned());
            (frame.line, frame.column) = match line {
                Some(_) => (line, column),
                None => (column, None),
            };
            continue;
        }
        let name = match line.split_once(": ") {
            Some((number, name)) if number.parse::<usize>().is_ok() => name,
            _ => line,
        };
        frames.push(Frame::new(name.trim_end().to_owned()));
    }
    frames
}

/// Splits up to two numbers off the end of a place, last first.
fn numbers(mut place: &str) -> (&str, [Option<u32>; 2]) {
    let mut found = [None; 2];
    for number in &mut found {
        let Some((rest, digits)) = place.rsplit_once(':') else {
            break;
        };
        let Ok(value) = digits.parse() else {
            break;
        };
        (place, *number) = (rest, Some(value));
    }
    (place, found)
}

/// Leaves what the thread's own code has called: down to its body, and up to the function of greenpatch's that it has called
/// last. Without symbols all is left.
fn shorten(frames: &mut Vec<Frame>) {
    let last_of = |frames: &[Frame], is: fn(Origin) -> bool| {
        (frames.iter()).rposition(|frame| is(origin(frame)))
    };
    let marked = (frames.iter()).position(|frame| frame.function.contains(BEGIN));
    let mut end = marked.unwrap_or(frames.len());
    // What greenpatch runs before and after the body has no marker below it.
    if marked.is_some() || frames.last().map(origin) == Some(Origin::Own) {
        let body = last_of(&frames[..end], |origin| origin == Origin::Other)
            .or_else(|| last_of(&frames[..end], |origin| origin == Origin::Own));
        end = body.map_or(end, |body| body + 1);
    }
    let called = (frames[..end].iter()).position(|frame| origin(frame) == Origin::Other);
    let above = &frames[..called.unwrap_or(end)];
    let start = last_of(above, |origin| origin == Origin::Own).unwrap_or(0);
    frames.truncate(end);
    frames.drain(..start);
}

/// The crates that a function may be of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Origin {
    /// greenpatch.
    Own,
    /// The standard library.
    Std,
    Other,
}

/// Returns which crate a function is of, by its name, or by its file if the debug information has no whole names.
fn origin(frame: &Frame) -> Origin {
    match crate_of(&frame.function) {
        Some("greenpatch") => return Origin::Own,
        Some("core" | "alloc" | "std") => return Origin::Std,
        Some(_) => return Origin::Other,
        None => {}
    }
    let Some(file) = &frame.file else {
        let is_std = frame.function == "__rust_try";
        return if is_std { Origin::Std } else { Origin::Other };
    };
    if file.starts_with("/rustc/") {
        return Origin::Std;
    }
    let is_own = match file.find(own_sources()) {
        Some(0) => true,
        Some(start) => file[..start].ends_with('/'),
        None => false,
    };
    if is_own { Origin::Own } else { Origin::Other }
}

/// Returns the folder of greenpatch's sources. In debug information the path to it may come first.
fn own_sources() -> &'static str {
    file!()
        .strip_suffix("inspect/backtrace.rs")
        .unwrap_or(file!())
}

/// Returns the crate in the name of a function: in `a::f`, `<a::T as b::U>::f`, `<&mut a::T>::f` and `<T as a::U>::f`.
fn crate_of(name: &str) -> Option<&str> {
    let mut rest = name.trim_start_matches(['<', '&', '*', '(', '[']);
    for word in ["mut ", "const ", "dyn "] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    let is_part = |char: char| char.is_alphanumeric() || char == '_';
    let end = rest.find(|char| !is_part(char)).unwrap_or(rest.len());
    let (first, rest) = rest.split_at(end);
    if rest.starts_with("::") && !first.is_empty() {
        return Some(first);
    }
    // A type parameter, whose trait is known.
    crate_of(rest.strip_prefix(" as ")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(frames: &[Frame]) -> Vec<&str> {
        frames.iter().map(|frame| frame.function.as_str()).collect()
    }

    #[test]
    fn frames_have_names_and_places() {
        let text = "   0: a::f\n             at ./src/a.rs:1:2\n   1: b<C: D>\n   \
             2: <c::T as d::U>::f\n             at /x:y/c.rs:3\n  13: <unknown>\n";
        let frames = frames(text, true);
        assert_eq!(
            frames.iter().map(Frame::to_string).collect::<Vec<_>>(),
            [
                "a::f at src/a.rs:1:2",
                "b<C: D>",
                "<c::T as d::U>::f at /x:y/c.rs:3",
                "<unknown>"
            ]
        );
        assert_eq!((frames[0].line, frames[0].column), (Some(1), Some(2)));
        assert_eq!((frames[2].line, frames[2].column), (Some(3), None));
    }

    #[test]
    fn what_the_thread_has_not_called_is_left_out() {
        let all = [
            "std::backtrace::Backtrace::force_capture",
            "greenpatch::hub::leave",
            "<alloc::boxed::Box<F,A> as core::ops::function::FnOnce<Args>>::call_once",
            "<greenpatch::sync::Mutex<T>>::lock",
            "core::iter::for_each",
            "program::inner",
            "greenpatch::thread::with",
            "program::outer",
            "core::ops::function::FnOnce::call_once",
            "greenpatch::thread::packet::__rust_begin_short_backtrace",
            "greenpatch::coroutine::imp::begin",
        ];
        let text: String = (0..)
            .zip(all)
            .map(|(number, name)| format!("{number:4}: {name}\n"))
            .collect();
        assert_eq!(names(&frames(&text, false)), all[3..8]);
        assert_eq!(names(&frames(&text, true)), all);
        let nothing_but_own = "   0: greenpatch::leave\n   1: greenpatch::park\n   \
             2: core::ops::function::FnOnce::call_once\n   3: __rust_begin_short_backtrace\n";
        assert_eq!(names(&frames(nothing_but_own, false)), ["greenpatch::park"]);
    }

    #[test]
    fn names_and_files_tell_the_crate() {
        let frame = |function: &str, file: Option<String>| {
            let mut frame = Frame::new(function.to_owned());
            frame.file = file;
            frame
        };
        for (name, file, expected) in [
            ("greenpatch::f", None, Origin::Own),
            ("greenpatch_more::f", None, Origin::Other),
            (
                "<&mut alloc::vec::Vec<greenpatch::T>>::f",
                None,
                Origin::Std,
            ),
            ("<T as greenpatch::U>::f", None, Origin::Own),
            ("__rust_try", None, Origin::Std),
            ("pthread_mutex_lock", None, Origin::Other),
            ("switch", Some(file!().to_owned()), Origin::Own),
            ("switch", Some(format!("/home/{}", file!())), Origin::Own),
            (
                "switch",
                Some(format!("/home/my-{}", file!())),
                Origin::Other,
            ),
            (
                "f<T>",
                Some("/rustc/1/library/f.rs".to_owned()),
                Origin::Std,
            ),
            ("f", Some("src/f.rs".to_owned()), Origin::Other),
        ] {
            assert_eq!(
                origin(&frame(name, file.clone())),
                expected,
                "{name} {file:?}"
            );
        }
    }
}
