//! The report of a green thread's panic, in the form of std's default hook.
#![forbid(unsafe_code)]

use std::backtrace::Backtrace;
use std::env;
use std::io;
use std::panic::PanicHookInfo;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::seam::context;
use crate::seam::stdio::{self, Output};
use crate::thread_state::os_thread;

/// The backtrace that `RUST_BACKTRACE` asks for.
#[derive(Clone, Copy)]
enum Wanted {
    Nothing,
    /// The frames between std's two marker functions.
    Short,
    /// All frames, with their addresses.
    Full,
}

/// The number of frames that a short backtrace inspects.
const MOST_FRAMES: usize = 100;

/// The marker function that separates the panic machinery from the code that panicked.
const END: &str = "__rust_end_short_backtrace";
/// The marker function that separates user code from the code that calls it.
const BEGIN: &str = "__rust_begin_short_backtrace";

/// Whether no report has explained yet how to ask for a backtrace.
static FIRST: AtomicBool = AtomicBool::new(true);

/// Notes that std's hook has reported a panic. The first report of that hook explains how to ask for a backtrace; if this
/// module's report was first, it is explained twice.
pub(super) fn std_has_reported() {
    FIRST.store(false, Ordering::Relaxed);
}

/// Reports a panic under the name of the current thread.
pub(super) fn report(info: &PanicHookInfo<'_>) {
    let identity = context::identity();
    let name = identity.name.as_deref().unwrap_or("<unnamed>");
    let id = os_thread::native_thread_id();
    let message = info.payload_as_str().unwrap_or("Box<dyn Any>");
    // So that the reports of two threads do not interleave.
    let _lock = io::stderr().lock();
    print(&match info.location() {
        Some(location) => {
            format!("\nthread '{name}' ({id}) panicked at {location}:\n{message}\n")
        }
        None => format!("\nthread '{name}' ({id}) panicked:\n{message}\n"),
    });
    report_backtrace();
}

/// Prints in one piece, to where the print macros print, which a test harness may capture. Errors are ignored, as by std: a
/// panic here would abort.
fn print(text: &str) {
    let _ = stdio::print_piece(Output::Stderr, text);
}

/// Prints the backtrace that was asked for, or, the first time, how to ask for one.
fn report_backtrace() {
    match wanted() {
        Wanted::Full => print(&format!(
            "stack backtrace:\n{:#}",
            Backtrace::force_capture()
        )),
        Wanted::Short => {
            let frames = between_the_marks(&Backtrace::force_capture().to_string());
            print(&format!(
                "stack backtrace:\n{frames}note: Some details are omitted, run with \
                 `RUST_BACKTRACE=full` for a verbose backtrace.\n"
            ));
        }
        Wanted::Nothing if FIRST.swap(false, Ordering::Relaxed) => {
            print("note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n")
        }
        Wanted::Nothing => {}
    }
}

/// Reads the environment once, as std does.
fn wanted() -> Wanted {
    static WANTED: OnceLock<Wanted> = OnceLock::new();
    *WANTED.get_or_init(|| match env::var_os("RUST_BACKTRACE") {
        Some(value) if value == "full" => Wanted::Full,
        Some(value) if value != "0" => Wanted::Short,
        _ => Wanted::Nothing,
    })
}

/// Returns the frames of a printed backtrace between [`END`] and [`BEGIN`], renumbered. Each is a line with its number
/// and name, and lines with its location.
fn between_the_marks(backtrace: &str) -> String {
    let mut shown = String::new();
    let (mut shows, mut begun, mut frames, mut number, mut omitted) = (false, false, 0, 0, 0);
    let mut is_of_a_shown_frame = false;
    for line in backtrace.lines() {
        let Some(name) = name_of_a_frame(line) else {
            if is_of_a_shown_frame {
                shown.extend([line, "\n"]);
            }
            continue;
        };
        frames += 1;
        if frames > MOST_FRAMES {
            break;
        }
        is_of_a_shown_frame = false;
        if name.contains(END) {
            shows = true;
        } else if shows && name.contains(BEGIN) {
            shows = false;
        } else if !shows {
            omitted += 1;
        } else {
            if omitted > 0 && begun {
                let plural = if omitted > 1 { "s" } else { "" };
                shown += &format!("      [... omitted {omitted} frame{plural} ...]\n");
            }
            (begun, omitted, is_of_a_shown_frame) = (true, 0, true);
            shown += &format!("{number:4}: {name}\n");
            number += 1;
        }
    }
    shown
}

/// Returns the name of the frame that a line begins, if it begins one.
fn name_of_a_frame(line: &str) -> Option<&str> {
    let (number, name) = line.split_once(": ")?;
    number.trim_start().parse::<usize>().ok()?;
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_between_the_marks_are_numbered_anew() {
        let backtrace = "   0: the_hook\n             at ./hook.rs:1:2\n   \
             1: std::sys::backtrace::__rust_end_short_backtrace::<F>\n             at /rustc/x\n   \
             2: rust_begin_unwind\n   3: <A as B>::user\n             at ./user.rs:3:4\n   \
             4: x::__rust_begin_short_backtrace::<F, T>\n   5: a_thread\n";
        assert_eq!(
            between_the_marks(backtrace),
            "   0: rust_begin_unwind\n   1: <A as B>::user\n             at ./user.rs:3:4\n"
        );
    }

    #[test]
    fn what_is_omitted_in_the_middle_is_said() {
        let frames = [
            END, "inner", BEGIN, "one", "two", END, "outer", BEGIN, "main",
        ];
        let backtrace: String = (0..)
            .zip(frames)
            .map(|(number, name)| format!("{number:4}: {name}\n"))
            .collect();
        assert_eq!(
            between_the_marks(&backtrace),
            "   0: inner\n      [... omitted 2 frames ...]\n   1: outer\n"
        );
    }

    #[test]
    fn a_deep_stack_is_cut() {
        let frames =
            (0..300).map(|number| format!("{number:4}: {}\n", if number == 0 { END } else { "f" }));
        assert_eq!(
            between_the_marks(&frames.collect::<String>())
                .lines()
                .count(),
            99
        );
    }
}
