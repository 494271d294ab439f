//! A function of one's own is replaced at run time, for everybody and for one closure.

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

/// Registered here, it takes effect when it is patched. Its type is checked when it is compiled.
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

    // All replacements of the module that are linked into the program.
    patch_module("weather")?;
    println!("patched:            {}", weather::report("Oslo"));

    // One function by another, which may be patched over the first.
    patch_item(patch_point!(weather::temperature), freezing);
    println!("patched over:       {}", weather::report("Oslo"));

    // A closure that captures, for what runs in the scope alone.
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
