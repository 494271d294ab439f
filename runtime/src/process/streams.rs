//! [`ChildStdin`], [`ChildStdout`] and [`ChildStderr`].

use std::process;

use crate::descriptor::conversions::{descriptor_traits, into_stdio, std_conversions};
use crate::descriptor::watch::Watched;
use crate::io::{reads_a_pipe, writes_a_pipe};

/// The pipe to the standard input of a child process.
///
/// # Differences from std
///
/// It is not the type `std::process::ChildStdin`, but converts from and into it.
pub struct ChildStdin(Watched<process::ChildStdin>);

/// The pipe from the standard output of a child process.
///
/// # Differences from std
///
/// It is not the type `std::process::ChildStdout`, but converts from and into it.
pub struct ChildStdout(Watched<process::ChildStdout>);

/// The pipe from the standard error of a child process.
///
/// # Differences from std
///
/// It is not the type `std::process::ChildStderr`, but converts from and into it.
pub struct ChildStderr(Watched<process::ChildStderr>);

writes_a_pipe!(ChildStdin);
writes_a_pipe!(&ChildStdin);
reads_a_pipe!(ChildStdout);
reads_a_pipe!(ChildStderr);
std_conversions!(ChildStdin, process::ChildStdin);
std_conversions!(ChildStdout, process::ChildStdout);
std_conversions!(ChildStderr, process::ChildStderr);
descriptor_traits!(ChildStdin, process::ChildStdin);
descriptor_traits!(ChildStdout, process::ChildStdout);
descriptor_traits!(ChildStderr, process::ChildStderr);
into_stdio!(ChildStdin, process::ChildStdin);
into_stdio!(ChildStdout, process::ChildStdout);
into_stdio!(ChildStderr, process::ChildStderr);
