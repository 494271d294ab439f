//! On which page of which stack this code runs: what a lock remembers of its holder.
//!
//! A guard stays on the thread that has made it, and every thread, native or green, has a stack of its own. So the page
//! tells the thread, without a look at any thread-local value: a report compares it with the bounds of all stacks. The
//! number is reduced to 29 bits, which stand for the same page again every two TiB.

/// The number of bits of a page's number.
pub(crate) const BITS: u32 = 29;

/// Returns the number of a page of the stack of the thread that runs.
#[cfg(not(loom))]
#[inline(always)]
pub(crate) fn here() -> u32 {
    let place = 0_u8;
    reduced((&raw const place).addr())
}

/// Models are to take the same path each time.
#[cfg(loom)]
pub(crate) fn here() -> u32 {
    1
}

/// Returns whether the page that [`here`] has returned may be one of a stack from `lowest` to `top`.
pub(crate) fn is_within(page: u32, lowest: usize, top: usize) -> bool {
    let first = reduced(lowest);
    let count = (top - 1) / PAGE - lowest / PAGE;
    let distance = page.wrapping_sub(first) & ((1 << BITS) - 1);
    distance as usize <= count
}

/// The size of what is called a page here, whatever the system's is.
const PAGE: usize = 1 << 12;

#[inline(always)]
fn reduced(address: usize) -> u32 {
    (address / PAGE) as u32 & ((1 << BITS) - 1)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_within_its_stack_alone() {
        let local = 0_u8;
        let address = (&raw const local).addr();
        assert!(is_within(here(), address - 64 * PAGE, address + 64 * PAGE));
        assert!(!is_within(
            here(),
            address + 64 * PAGE,
            address + 128 * PAGE
        ));
        assert!(!is_within(
            here(),
            address - 128 * PAGE,
            address - 64 * PAGE
        ));
    }

    #[test]
    fn a_stack_across_the_end_of_the_numbers_is_whole() {
        let end = PAGE << BITS;
        for (address, within) in [
            (end - PAGE, true),
            (end, true),
            (end + PAGE, true),
            (end + 2 * PAGE, false),
        ] {
            assert_eq!(
                is_within(reduced(address), end - PAGE, end + 2 * PAGE),
                within
            );
        }
    }
}
