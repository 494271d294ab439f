//! Replaces a function of the program at run time, for all callers and for one closure.

use greenpatch::{
    is_item_patched, override_item, patch_item, patch_module, patch_point, patchable, replaces,
    restore,
};

#[patchable]
mod weather {
    pub fn temperature(city: &str) -> i32 {
        15 + city.len() as i32
    }

    pub fn report(city: &str) -> String {
        format!("{city}: {} degrees", temperature(city))
    }
}

/// The replacement is registered here, and takes effect when it is patched. The compiler checks its type.
#[replaces(weather::temperature)]
fn warmer(city: &str) -> i32 {
    let original = patch_point!(weather::temperature).original();
    original(city) + 10
}

fn freezing(_: &str) -> i32 {
    0
}

fn main() -> Result<(), greenpatch::PatchError> {
    println!("not patched:        {}", weather::report("Oslo"));

    // Patches all replacements of the module that are linked into the program.
    patch_module("weather")?;
    println!("patched:            {}", weather::report("Oslo"));

    // Replaces one function by another, possibly over the first.
    patch_item(patch_point!(weather::temperature), freezing);
    println!("patched over:       {}", weather::report("Oslo"));

    // A closure with captures replaces it within the scope alone.
    let measured = 21;
    let inside = override_item(
        patch_point!(weather::temperature),
        Box::new(move |_: &str| measured),
        || weather::report("Oslo"),
    );
    println!("in a scope:         {inside}");
    println!("after the scope:    {}", weather::report("Oslo"));

    let original = greenpatch::original::<fn(&str) -> i32>("weather::temperature")?;
    println!("the original says:  {}", original("Oslo"));

    restore()?;
    println!("restored:           {}", weather::report("Oslo"));
    assert!(!is_item_patched("weather::temperature")?);
    Ok(())
}
