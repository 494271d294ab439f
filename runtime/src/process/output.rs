//! Reading both outputs of a child process at the same time.
#![forbid(unsafe_code)]

use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;

use super::{ChildStderr, ChildStdout};
use crate::seam::process::wait_either;

/// Reads both pipes to their ends. They cannot be read one after the other: the child blocks while either pipe is full.
pub(super) fn read_both(
    mut stdout: ChildStdout,
    mut stderr: ChildStderr,
) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    loop {
        let [first, second] = wait_either([stdout.as_fd(), stderr.as_fd()])?;
        if first && !read_some(&mut stdout, &mut out)? {
            stderr.read_to_end(&mut err)?;
            break;
        }
        if second && !read_some(&mut stderr, &mut err)? {
            stdout.read_to_end(&mut out)?;
            break;
        }
    }
    Ok((out, err))
}

/// The capacity of a pipe.
const AT_ONCE: usize = 64 << 10;

/// Reads what is available. Returns false at the end.
fn read_some(pipe: &mut impl Read, all: &mut Vec<u8>) -> io::Result<bool> {
    let before = all.len();
    all.resize(before + AT_ONCE, 0);
    let moved = loop {
        match pipe.read(&mut all[before..]) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => break result,
        }
    };
    all.truncate(before + moved.as_ref().map_or(0, |moved| *moved));
    Ok(moved? > 0)
}
