//! The readiness of a descriptor, as reported by events.
#![forbid(unsafe_code)]

use std::ops::BitOr;

/// The direction of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
}

/// The readiness of a descriptor, as a set of bits.
///
/// | bit | means |
/// | --- | --- |
/// | `READABLE` | a read may find bytes, or the end |
/// | `WRITABLE` | a write may find room, or an error |
/// | `READ_CLOSED` | the other side no longer writes: after the last bytes comes the end |
/// | `WRITE_CLOSED` | the other side no longer reads |
/// | `URGENT` | urgent bytes have come, and a read stops at them |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Readiness(u8);

impl Readiness {
    pub(crate) const NONE: Readiness = Readiness(0);
    pub(crate) const READABLE: Readiness = Readiness(1);
    pub(crate) const WRITABLE: Readiness = Readiness(1 << 1);
    pub(crate) const READ_CLOSED: Readiness = Readiness(1 << 2);
    pub(crate) const WRITE_CLOSED: Readiness = Readiness(1 << 3);
    pub(crate) const URGENT: Readiness = Readiness(1 << 4);

    /// Returns true if an attempt in this direction has a chance.
    pub(crate) fn allows(self, direction: Direction) -> bool {
        self.meets(match direction {
            Direction::Read => Readiness::READABLE | Readiness::READ_CLOSED,
            Direction::Write => Readiness::WRITABLE | Readiness::WRITE_CLOSED,
        })
    }

    /// Returns the readiness after an attempt that would have blocked, which overrides every earlier event.
    pub(super) fn after_blocking(self, direction: Direction) -> Readiness {
        self.without(match direction {
            Direction::Read => Readiness::READABLE | Readiness::READ_CLOSED,
            Direction::Write => Readiness::WRITABLE | Readiness::WRITE_CLOSED,
        })
    }

    /// Returns the readiness after a transfer that moved fewer bytes than it could have. There are no more bytes to move
    /// then, except the end, or the bytes after an urgent byte.
    pub(super) fn after_a_short_transfer(self, direction: Direction) -> Readiness {
        match direction {
            Direction::Read if self.meets(Readiness::URGENT) => self,
            Direction::Read => self.without(Readiness::READABLE),
            Direction::Write => self.without(Readiness::WRITABLE),
        }
    }

    fn meets(self, other: Readiness) -> bool {
        self.0 & other.0 != 0
    }

    fn without(self, other: Readiness) -> Readiness {
        Readiness(self.0 & !other.0)
    }
}

impl BitOr for Readiness {
    type Output = Readiness;

    fn bitor(self, other: Readiness) -> Readiness {
        Readiness(self.0 | other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_read_leaves_the_end() {
        let data = Readiness::READABLE | Readiness::WRITABLE;
        let left = data.after_a_short_transfer(Direction::Read);
        assert!(!left.allows(Direction::Read));
        assert!(left.allows(Direction::Write));
        let end = (data | Readiness::READ_CLOSED).after_a_short_transfer(Direction::Read);
        assert!(end.allows(Direction::Read));
        assert!(!end.after_blocking(Direction::Read).allows(Direction::Read));
    }

    #[test]
    fn a_short_read_at_an_urgent_byte_proves_nothing() {
        let urgent = Readiness::READABLE | Readiness::URGENT;
        assert!(
            urgent
                .after_a_short_transfer(Direction::Read)
                .allows(Direction::Read)
        );
        assert!(
            !urgent
                .after_blocking(Direction::Read)
                .allows(Direction::Read)
        );
    }
}
