//! What is left of an array of buffers after some of their bytes were moved.
#![allow(unsafe_code)]

use std::ptr;

use libc::iovec;

/// The buffers of one attempt.
pub(super) struct Rest {
    /// The rest of a buffer of which a part was moved.
    part: iovec,
    whole: *const iovec,
    count: usize,
}

impl Rest {
    /// Returns what is left after `done` bytes, which begins with a buffer that is not empty.
    ///
    /// # Safety
    ///
    /// `vectors` is valid for reads of `count` elements, and stays so while the result is used.
    pub(super) unsafe fn after(done: usize, vectors: *const iovec, count: usize) -> Rest {
        let mut rest = Rest {
            part: iovec {
                iov_base: ptr::null_mut(),
                iov_len: 0,
            },
            whole: vectors,
            count,
        };
        let mut done = done;
        while rest.count > 0 {
            // SAFETY: `count` elements are left.
            let first = unsafe { rest.whole.read() };
            // An empty buffer is passed over: a call of it alone would seem to have reached an end.
            if done == 0 && first.iov_len > 0 {
                break;
            }
            rest.whole = rest.whole.wrapping_add(1);
            rest.count -= 1;
            if done < first.iov_len {
                rest.part = iovec {
                    iov_base: first.iov_base.wrapping_byte_add(done),
                    iov_len: first.iov_len - done,
                };
                break;
            }
            done -= first.iov_len;
        }
        rest
    }

    /// Returns the buffers for the next call: those that no byte was moved of, after the rest of one that some were moved of.
    pub(super) fn buffers(&self) -> (*const iovec, usize) {
        match self.part.iov_len {
            0 => (self.whole, self.count),
            _ => (&raw const self.part, 1),
        }
    }

    /// Returns the sum of the lengths; none if it is more than a call can return.
    ///
    /// # Safety
    ///
    /// As for [`after`](Self::after).
    pub(super) unsafe fn length(vectors: *const iovec, count: usize) -> Option<usize> {
        let mut sum = 0_usize;
        for index in 0..count {
            // SAFETY: by the caller's contract.
            let vector = unsafe { vectors.wrapping_add(index).read() };
            sum = sum.checked_add(vector.iov_len)?;
        }
        isize::try_from(sum).is_ok().then_some(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_begins_within_a_buffer() {
        let bytes = [0_u8; 10];
        let vectors = [(0, 3), (3, 0), (3, 7)].map(|(start, length)| iovec {
            iov_base: bytes[start..].as_ptr().cast_mut().cast(),
            iov_len: length,
        });
        let left = |done| {
            // SAFETY: the array has three elements.
            let rest = unsafe { Rest::after(done, vectors.as_ptr(), 3) };
            let (first, count) = rest.buffers();
            // SAFETY: each case below has one at least.
            let first = unsafe { first.read() };
            (
                first.iov_base.addr() - bytes.as_ptr().addr(),
                first.iov_len,
                count,
            )
        };
        assert_eq!(left(0), (0, 3, 3));
        assert_eq!(left(2), (2, 1, 1));
        assert_eq!(left(3), (3, 7, 1));
        assert_eq!(left(4), (4, 6, 1));
        assert_eq!(left(9), (9, 1, 1));
        // SAFETY: the array has three elements.
        assert_eq!(unsafe { Rest::length(vectors.as_ptr(), 3) }, Some(10));
    }
}
