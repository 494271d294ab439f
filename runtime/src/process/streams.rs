//! The pipes to and from a child process.

use std::process;

use crate::descriptor::conversions::owns_a_descriptor;
use crate::descriptor::watch::Watched;
use crate::io::{converts_from_and_to, reads_a_pipe, writes_a_pipe};

/// The pipe to a child's standard input.
///
/// # Differences from std
///
/// It is not the type `std::process::ChildStdin`, but converts from and into it.
pub struct ChildStdin(Watched<process::ChildStdin>);

/// The pipe from a child's standard output.
///
/// # Differences from std
///
/// It is not the type `std::process::ChildStdout`, but converts from and into it.
pub struct ChildStdout(Watched<process::ChildStdout>);

/// The pipe from a child's standard error.
///
/// # Differences from std
///
/// It is not the type `std::process::ChildStderr`, but converts from and into it.
pub struct ChildStderr(Watched<process::ChildStderr>);

writes_a_pipe!(ChildStdin);
writes_a_pipe!(&ChildStdin);
reads_a_pipe!(ChildStdout);
reads_a_pipe!(ChildStderr);
converts_from_and_to!(ChildStdin, process::ChildStdin);
converts_from_and_to!(ChildStdout, process::ChildStdout);
converts_from_and_to!(ChildStderr, process::ChildStderr);
owns_a_descriptor!(ChildStdin, process::ChildStdin);
owns_a_descriptor!(ChildStdout, process::ChildStdout);
owns_a_descriptor!(ChildStderr, process::ChildStderr);
