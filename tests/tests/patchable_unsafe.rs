//! Unsafe and foreign-ABI functions, and patch points that are replaced for good.
#![allow(clippy::multiple_unsafe_ops_per_block)]
#![deny(warnings)]
#![deny(unsafe_op_in_unsafe_fn)]
#![allow(missing_docs, unreachable_pub)]

use greenpatch::{Overrides, original, patch_item, patch_point, patchable, replaces};

/// Reads what `pointer` points to.
///
/// # Safety
///
/// `pointer` points to a `u8`.
#[patchable]
unsafe fn read(pointer: *const u8) -> u8 {
    // SAFETY: the caller promises it.
    unsafe { *pointer }
}

#[patchable]
unsafe extern "C" fn c_read(pointer: *const u8, offset: usize) -> u8 {
    // SAFETY: the caller promises it.
    unsafe { read(pointer.add(offset)) }
}

#[patchable]
extern "C-unwind" fn may_unwind(a: i32) -> i32 {
    -a
}

/// What may be read.
///
/// # Safety
///
/// `get` may be called with anything that was handed out.
unsafe trait Readable {
    /// # Safety
    ///
    /// The pointer was handed out.
    unsafe fn get(&self, pointer: *const u8) -> u8;
}

struct Memory;

// SAFETY: it reads what it is given.
#[patchable]
unsafe impl Readable for Memory {
    unsafe fn get(&self, pointer: *const u8) -> u8 {
        // SAFETY: the caller promises it.
        unsafe { *pointer }
    }
}

#[replaces(read)]
unsafe fn read_nothing(_: *const u8) -> u8 {
    0
}

#[patchable]
fn counted(n: u32) -> u32 {
    n
}

fn counted_twice(n: u32) -> u32 {
    // Directly, by name, and through the typed handle.
    let by_name = original::<fn(u32) -> u32>("patchable_unsafe::counted").expect("it is linked");
    counted__original(n) + by_name(n) + patch_point!(counted).original()(n)
}

#[patchable]
#[unsafe(no_mangle)]
pub extern "C" fn greenpatch_tests_exported(n: u32) -> u32 {
    n + 1
}

#[patchable]
#[cfg_attr(
    all(),
    inline(never),
    unsafe(export_name = "greenpatch_tests_other_name")
)]
extern "C" fn exported_under_a_condition(n: u32) -> u32 {
    n + 2
}

unsafe extern "C" {
    #[link_name = "greenpatch_tests_exported"]
    fn exported(n: u32) -> u32;
    #[link_name = "greenpatch_tests_other_name"]
    fn exported_too(n: u32) -> u32;
}

#[test]
fn unsafe_functions() {
    let bytes = [1_u8, 2];
    // SAFETY: the pointer is to the array, and so is the next one.
    let read_both = || unsafe { (read(&raw const bytes[0]), c_read(&raw const bytes[0], 1)) };
    assert_eq!(read_both(), (1, 2));
    // SAFETY: as above.
    assert_eq!(unsafe { Memory.get(&raw const bytes[1]) }, 2);
    assert_eq!(may_unwind(1), -1);
    Overrides::new()
        .item(patch_point!(read), Box::new(|_: *const u8| 9))
        .item(patch_point!(may_unwind), Box::new(|a: i32| 2 * a))
        .run(|| {
            assert_eq!(read_both(), (9, 9));
            assert_eq!(may_unwind(1), 2);
        });
    // SAFETY: nothing is read.
    assert_eq!(unsafe { read_nothing(std::ptr::null()) }, 0);
}

#[test]
fn a_replacement_calls_the_original() {
    assert_eq!(counted(2), 2);
    assert!(patch_item(patch_point!(counted), counted_twice).is_done());
    assert_eq!(counted(2), 6);
}

#[test]
fn one_symbol_is_exported() {
    assert_eq!(greenpatch_tests_exported(1), 2);
    // SAFETY: it is the function above.
    assert_eq!(unsafe { exported(1) }, 2);
    Overrides::new()
        .item(
            patch_point!(exported_under_a_condition),
            Box::new(|n: u32| 9 * n),
        )
        // SAFETY: as above.
        .run(|| assert_eq!(unsafe { exported_too(1) }, 9));
}
