//! `print!`, `println!`, `eprint!`, `eprintln!` and `dbg!`.
#![forbid(unsafe_code)]

use std::fmt;

use super::output_streams::lock_to_print;
use crate::seam::stdio::{self as seam, Output};

/// What `print!` and `println!` expand to.
#[doc(hidden)]
pub fn __print(arguments: fmt::Arguments<'_>) {
    let _guard = lock_to_print(Output::Stdout);
    seam::print(Output::Stdout, arguments);
}

/// What `eprint!` and `eprintln!` expand to.
#[doc(hidden)]
pub fn __eprint(arguments: fmt::Arguments<'_>) {
    let _guard = lock_to_print(Output::Stderr);
    seam::print(Output::Stderr, arguments);
}

/// Prints to standard output.
///
/// # Differences from std
///
/// The macro acquires the lock of [`io::stdout`](crate::io::stdout()), which a thread owns, native or green, and then calls
/// std's macro, so that a test harness captures the output. On a green thread it calls std's macro for each piece
/// of the text, as soon as that is formatted. The stream is written by the same system calls as with std.
///
/// # Panics
///
/// Panics if standard output cannot be written to.
///
/// # Examples
///
/// ```
/// greenpatch::print!("on the same ");
/// greenpatch::println!("{}", "line");
/// ```
#[macro_export]
macro_rules! print {
    ($($argument:tt)*) => {{
        $crate::io::__print($crate::__std::format_args!($($argument)*));
    }};
}

/// Prints a line to standard output.
///
/// # Differences from std
///
/// The same as for [`print!`](crate::print).
///
/// # Panics
///
/// Panics if standard output cannot be written to.
///
/// # Examples
///
/// ```
/// let answer = 42;
/// greenpatch::println!("{answer}");
/// greenpatch::println!();
/// ```
#[macro_export]
macro_rules! println {
    () => {
        $crate::print!("\n")
    };
    ($($argument:tt)*) => {{
        $crate::io::__print($crate::__std::format_args!(
            "{}\n",
            $crate::__std::format_args!($($argument)*)
        ));
    }};
}

/// Prints to standard error.
///
/// # Differences from std
///
/// The same as for [`print!`](crate::print), with [`io::stderr`](crate::io::stderr()).
///
/// # Panics
///
/// Panics if standard error cannot be written to.
///
/// # Examples
///
/// ```
/// greenpatch::eprint!("so far ");
/// greenpatch::eprintln!("so good");
/// ```
#[macro_export]
macro_rules! eprint {
    ($($argument:tt)*) => {{
        $crate::io::__eprint($crate::__std::format_args!($($argument)*));
    }};
}

/// Prints a line to standard error.
///
/// # Differences from std
///
/// The same as for [`print!`](crate::print), with [`io::stderr`](crate::io::stderr()).
///
/// # Panics
///
/// Panics if standard error cannot be written to.
///
/// # Examples
///
/// ```
/// greenpatch::eprintln!("{:>4}", 42);
/// ```
#[macro_export]
macro_rules! eprintln {
    () => {
        $crate::eprint!("\n")
    };
    ($($argument:tt)*) => {{
        $crate::io::__eprint($crate::__std::format_args!(
            "{}\n",
            $crate::__std::format_args!($($argument)*)
        ));
    }};
}

/// Prints an expression and its value, with the file and line, to standard error, and returns the value.
///
/// # Differences from std
///
/// The same as for [`print!`](crate::print), with [`io::stderr`](crate::io::stderr()).
///
/// # Panics
///
/// Panics if standard error cannot be written to.
///
/// # Examples
///
/// ```
/// let twice = greenpatch::dbg!(2 * 21) + 1;
/// assert_eq!(twice, 43);
/// assert_eq!(greenpatch::dbg!(1, "two"), (1, "two"));
/// greenpatch::dbg!();
/// ```
#[macro_export]
macro_rules! dbg {
    () => {
        $crate::eprintln!(
            "[{}:{}:{}]",
            $crate::__std::file!(),
            $crate::__std::line!(),
            $crate::__std::column!()
        )
    };
    ($value:expr $(,)?) => {
        // Not a `let`: temporaries that the value borrows from live to the end of the enclosing statement.
        match $value {
            value => {
                $crate::eprintln!(
                    "[{}:{}:{}] {} = {:#?}",
                    $crate::__std::file!(),
                    $crate::__std::line!(),
                    $crate::__std::column!(),
                    $crate::__std::stringify!($value),
                    &value,
                );
                value
            }
        }
    };
    ($($value:expr),+ $(,)?) => {
        ($($crate::dbg!($value)),+,)
    };
}
