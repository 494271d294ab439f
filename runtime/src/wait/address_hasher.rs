//! A hasher for addresses. They are not chosen by an attacker, so one multiplication is enough.
//!
//! Fibonacci hashing: Knuth, The Art of Computer Programming, volume 3, section 6.4.
#![forbid(unsafe_code)]

use ::std::hash::Hasher;

/// The odd number nearest to 2^64 divided by the golden ratio. The upper bits of a product with it are well mixed.
pub(crate) const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// A hasher that multiplies once.
#[derive(Default)]
pub(crate) struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_usize(byte.into());
        }
    }

    fn write_usize(&mut self, word: usize) {
        // A table is indexed by the lower bits, so the well mixed upper bits are rotated there.
        self.0 = (self.0 ^ word as u64).wrapping_mul(MIX).rotate_left(26);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
