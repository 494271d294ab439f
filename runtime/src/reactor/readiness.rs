//! What a descriptor is ready for, as far as events have told.
#![forbid(unsafe_code)]

use std::ops::BitOr;

/// The way that bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
}

/// What a descriptor may be ready for; a set of bits.
///
/// | bit | means |
/// | --- | --- |
/// | `READABLE` | a read may find something, or the end |
/// | `WRITABLE` | a write may find room, or an error |
/// | `READ_CLOSED` | the other side writes no more: after the last bytes comes the end |
/// | `WRITE_CLOSED` | the other side reads no more |
/// | `URGENT` | urgent bytes have come, at which a read stops short |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Readiness(u8);

impl Readiness {
    pub(crate) const NONE: Readiness = Readiness(0);
    pub(crate) const READABLE: Readiness = Readiness(1);
    pub(crate) const WRITABLE: Readiness = Readiness(1 << 1);
    pub(crate) const READ_CLOSED: Readiness = Readiness(1 << 2);
    pub(crate) const WRITE_CLOSED: Readiness = Readiness(1 << 3);
    pub(crate) const URGENT: Readiness = Readiness(1 << 4);

    /// Whether an attempt in this direction has a chance.
    pub(crate) fn allows(self, direction: Direction) -> bool {
        self.meets(match direction {
            Direction::Read => Readiness::READABLE | Readiness::READ_CLOSED,
            Direction::Write => Readiness::WRITABLE | Readiness::WRITE_CLOSED,
        })
    }

    /// What is left after an attempt that would have blocked: it knows better than any event did.
    pub(super) fn after_blocking(self, direction: Direction) -> Readiness {
        self.without(match direction {
            Direction::Read => Readiness::READABLE | Readiness::READ_CLOSED,
            Direction::Write => Readiness::WRITABLE | Readiness::WRITE_CLOSED,
        })
    }

    /// What is left after a transfer that moved fewer bytes than it could have. There is nothing more
    /// to move then, but the end, or what comes after an urgent byte.
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
