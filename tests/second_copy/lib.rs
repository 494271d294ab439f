//! A library that is loaded at run time, as a plugin is, and contains its own copy of greenpatch.

use std::collections::HashSet;
use std::slice;
use std::time::Duration;

use greenpatch::sync::mpsc;
use greenpatch::{PatchError, Patched, native_thread_id, patch_item, patch_point, thread};

/// Calls `patch_all` of this copy, writes the outcome to `text`, and returns its length.
///
/// # Safety
///
/// `capacity` bytes can be written at `text`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn second_copy_patches(text: *mut u8, capacity: usize) -> usize {
    let outcome = describe(greenpatch::patch_all());
    let length = outcome.len().min(capacity);
    // SAFETY: the caller promises it.
    unsafe { slice::from_raw_parts_mut(text, length) }
        .copy_from_slice(&outcome.as_bytes()[..length]);
    length
}

/// Describes the outcome of a patch call in one line.
pub fn describe(outcome: Result<Patched, PatchError>) -> String {
    match outcome {
        Ok(Patched::Done(_)) => "done".to_owned(),
        Ok(other) => format!("{other:?}"),
        Err(error) => format!("second copy: {}: {error}", error.is_second_copy()),
    }
}

/// Starts threads of this copy, which sleep and send, and returns the number of OS threads that they ran on.
#[unsafe(no_mangle)]
pub extern "C" fn second_copy_spawns(count: u32) -> u32 {
    let (sender, receiver) = mpsc::channel();
    for _ in 0..count {
        let sender = sender.clone();
        thread::spawn(move || {
            for _ in 0..3 {
                thread::sleep(Duration::from_millis(1));
                sender.send(native_thread_id()).expect("it is received");
            }
        });
    }
    drop(sender);
    let ids: HashSet<_> = receiver.iter().collect();
    ids.len() as u32
}

/// Replaces a function of this library, and returns its results before and after as one number.
#[unsafe(no_mangle)]
pub extern "C" fn second_copy_replaces() -> u32 {
    let before = tens();
    assert!(patch_item(patch_point!(tens), || 2).is_done());
    10 * before + tens()
}

#[greenpatch::patchable]
fn tens() -> u32 {
    1
}
