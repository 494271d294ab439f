//! Performing an operation: the one loop of attempts and waits, for native and for green threads.
//!
//! A transfer that is made in parts follows these rules:
//!
//! - A call that has moved bytes reports them. An error that ends it after that is returned by the next call.
//! - Before an attempt at the rest of a transfer, the descriptor is checked for an error, which the attempt would clear.
//! - A wait that fails or times out after bytes have been moved does not lose them.
//!
//! How a thread waits between attempts is its [`Readiness`]: an OS thread in `poll`, a green thread on its hub.
#![forbid(unsafe_code)]

use std::io;
use std::time::Instant;

use crate::descriptor::direction::Manner;
use crate::descriptor::operation::Operation;
use crate::descriptor::poll::poll;

/// How a thread, native or green, makes attempts and waits until a descriptor is ready.
pub(crate) trait Readiness {
    /// Makes one attempt, after `done` bytes have been moved, and returns how many more it has moved.
    fn attempt(&mut self, operation: &mut Operation<'_>, done: usize) -> io::Result<usize>;

    /// Returns whether a transfer continues after a part of it was made.
    fn continues(&self, operation: &Operation<'_>) -> bool;

    /// Decides, after an attempt that has failed with `error` because it would block, whether to wait.
    ///
    /// # Errors
    ///
    /// The error that ends the operation: the descriptor is non-blocking for its user, or the deadline has passed.
    fn would_block(&mut self, operation: &Operation<'_>, error: io::Error) -> io::Result<()>;

    /// Waits until an attempt may succeed, or until the deadline. Returns the result of an attempt if one was made in the
    /// meantime.
    ///
    /// # Errors
    ///
    /// If the descriptor cannot be waited for.
    fn wait(
        &mut self,
        operation: &mut Operation<'_>,
        done: usize,
    ) -> io::Result<Option<io::Result<usize>>>;

    /// Called when the operation is complete.
    fn complete(&mut self) {}
}

/// Performs the rest of an operation, after its first attempt has ended with `result`.
#[cold]
pub(crate) fn finish<R: Readiness>(
    operation: &mut Operation<'_>,
    readiness: &mut R,
    mut result: io::Result<usize>,
) -> io::Result<usize> {
    let mut done = 0;
    loop {
        match result {
            Ok(moved) => {
                done += moved;
                let is_complete = moved == 0 || !operation.goes_on(done);
                if is_complete || !readiness.continues(operation) {
                    readiness.complete();
                    return operation.ended(Ok(done));
                }
                // The attempt has found no room for the rest, so wait first.
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                match readiness.would_block(operation, error) {
                    Ok(()) => {}
                    Err(_) if done > 0 => return Ok(done),
                    Err(error) => return Err(error),
                }
            }
            Err(error) if done > 0 => {
                operation.defer(error);
                return Ok(done);
            }
            Err(error) => return operation.ended(Err(error)),
        }
        result = match readiness.wait(operation, done) {
            Ok(Some(result)) => result,
            Ok(None) => attempt_rest(operation, done, |operation| {
                readiness.attempt(operation, done)
            }),
            Err(_) if done > 0 => return Ok(done),
            Err(error) => return Err(error),
        };
    }
}

/// Makes an attempt at the bytes that are left after `done`. Moves nothing if the descriptor has an error, which the next
/// call returns.
#[inline(always)]
pub(crate) fn attempt_rest<'a>(
    operation: &mut Operation<'a>,
    done: usize,
    attempt: impl FnOnce(&mut Operation<'a>) -> io::Result<usize>,
) -> io::Result<usize> {
    if done > 0 && operation.has_failed() {
        return Ok(0);
    }
    attempt(operation)
}

/// Performs an operation and blocks the OS thread: the native original of every seam that takes an [`Operation`].
pub(crate) fn perform(operation: &mut Operation<'_>) -> io::Result<usize> {
    match operation.attempt(Manner::Block, 0) {
        Ok(moved) if moved > 0 && !operation.goes_on(moved) => Ok(moved),
        result => finish(operation, &mut Native::default(), result),
    }
}

/// An OS thread, which the OS blocks in the call itself, or in `poll` where the descriptor does not block.
#[derive(Default)]
struct Native {
    /// Computed at the first wait.
    deadline: Option<Option<Instant>>,
    has_timed_out: bool,
}

impl Readiness for Native {
    fn attempt(&mut self, operation: &mut Operation<'_>, done: usize) -> io::Result<usize> {
        operation.attempt(Manner::Block, done)
    }

    fn continues(&self, operation: &Operation<'_>) -> bool {
        operation.waits_natively()
    }

    fn would_block(&mut self, operation: &Operation<'_>, error: io::Error) -> io::Result<()> {
        if self.has_timed_out || !operation.waits_natively() {
            return Err(error);
        }
        Ok(())
    }

    fn wait(
        &mut self,
        operation: &mut Operation<'_>,
        _done: usize,
    ) -> io::Result<Option<io::Result<usize>>> {
        let deadline = *self.deadline.get_or_insert_with(|| operation.deadline());
        self.has_timed_out = !poll(operation.descriptor(), operation.direction(), deadline)?;
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    use super::*;
    use crate::descriptor::direction::Direction;
    use crate::descriptor::operation::Size;
    use crate::descriptor::watch::Watch;

    /// The rest of a transfer fails: the call reports the bytes that were moved, the next one the error, once.
    #[test]
    fn the_error_of_a_rest_is_the_next_calls() {
        let (socket, _other) = UnixStream::pair().unwrap();
        let (fd, watch) = (socket.as_fd(), Watch::fresh());
        watch.make_nonblocking(fd).unwrap();
        let perform = |direction, size, results: &[Result<usize, i32>]| {
            let mut results = results.iter();
            let mut attempt = |_, _| {
                let result = results.next().expect("no further attempt is made");
                result.map_err(io::Error::from_raw_os_error)
            };
            let mut operation = Operation::new(fd, &watch, direction, size, &mut attempt);
            super::perform(&mut operation).map_err(|error| error.raw_os_error().unwrap())
        };
        let (read, write) = (Direction::Read, Direction::Write);
        let partly = [Ok(1), Err(libc::ECONNRESET)];
        let broken = [Err(libc::EPIPE)];

        assert_eq!(perform(write, Size::All(2), &partly), Ok(1));
        assert_eq!(perform(write, Size::All(2), &broken), Err(libc::ECONNRESET));
        assert_eq!(perform(write, Size::All(2), &broken), Err(libc::EPIPE));

        // A read returns the bytes first, then the error instead of the end.
        assert_eq!(perform(write, Size::All(2), &partly), Ok(1));
        assert_eq!(perform(read, Size::UpTo(8), &[Ok(3)]), Ok(3));
        assert_eq!(
            perform(read, Size::UpTo(8), &[Ok(0)]),
            Err(libc::ECONNRESET)
        );
        assert_eq!(perform(read, Size::UpTo(8), &[Ok(0)]), Ok(0));

        // A signal is not an error of the socket.
        let interrupted = [Ok(1), Err(libc::EINTR)];
        assert_eq!(perform(write, Size::All(2), &interrupted), Ok(1));
        assert_eq!(perform(write, Size::All(2), &broken), Err(libc::EPIPE));
    }
}
