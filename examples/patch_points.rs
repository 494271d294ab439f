//! Prints a table of every patch point in the program, before and after patching.

use greenpatch::{patch_points, patch_thread, patchable};

#[patchable]
mod shop {
    pub fn price(pieces: u32) -> u32 {
        5 * pieces
    }

    pub struct Till(pub u32);

    impl Till {
        pub fn take(&mut self, pieces: u32) {
            self.0 += price(pieces);
        }
    }

    /// A constant function cannot dispatch: it is listed as passed over.
    pub const fn tax() -> u32 {
        1
    }
}

fn main() -> Result<(), greenpatch::PatchError> {
    let mut till = shop::Till(0);
    till.take(2);
    assert_eq!(till.0 + shop::tax(), 11);

    println!("== not patched\n{}", patch_points());
    patch_thread()?;
    println!("== patched\n{}", patch_points());
    Ok(())
}
