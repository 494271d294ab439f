//! The hooks and events of patching: a will hook edits the list, a subscriber cancels one module, a plugin warns, and did
//! stages report.

use greenpatch::{
    Coverage, DoNotPatch, Plugin, events, is_module_patched, patch_all, patchable, replaces,
};

#[patchable]
mod kitchen {
    pub fn oven() -> &'static str {
        "gas"
    }

    pub fn kettle() -> &'static str {
        "whistles"
    }
}

#[patchable]
mod cellar {
    pub fn lamp() -> &'static str {
        "candle"
    }
}

/// A source module: its public functions replace those of the same name in `kitchen`. With `auto`, `patch_all` patches it
/// after the built-in modules.
#[replaces(kitchen, auto)]
mod green_kitchen {
    use greenpatch::DoNotPatch;
    use greenpatch::events::{DidPatchModule, WillPatchModule};

    pub fn oven() -> &'static str {
        "electric"
    }

    pub fn kettle() -> &'static str {
        "clicks"
    }

    #[will_patch]
    fn will(event: &mut WillPatchModule) -> Result<(), DoNotPatch> {
        println!(
            "will hook:  may patch {}",
            event.items().collect::<Vec<_>>().join(", ")
        );
        event.remove("oven");
        Ok(())
    }

    #[did_patch]
    fn did(event: &DidPatchModule) -> Result<(), DoNotPatch> {
        println!("did hook:   patched {}", event.items().join(", "));
        Ok(())
    }
}

#[replaces(cellar, auto)]
mod green_cellar {
    pub fn lamp() -> &'static str {
        "bulb"
    }
}

greenpatch::plugin! {
    Plugin::new("electrician").did_patch_all(|event| {
        event.warn("call before you dig");
        println!("plugin:     heard of {} features", event.report().features().len());
        Ok(())
    })
}

fn main() -> Result<(), greenpatch::PatchError> {
    events::on_will_patch_module(|event| {
        println!("subscriber: asked about {}", event.module());
        if event.module() == "hooks::cellar" {
            return Err(DoNotPatch::because("the cellar is damp"));
        }
        Ok(())
    });
    events::on_did_patch_builtin_modules(|_| {
        println!("subscriber: std is patched; others come next");
        Ok(())
    });

    let patched = patch_all()?;
    if let Some(report) = patched.report() {
        print!("\nthe report:\n{report}");
    }
    println!(
        "\n{}, {}, {}",
        kitchen::oven(),
        kitchen::kettle(),
        cellar::lamp()
    );
    assert_eq!(is_module_patched("hooks::kitchen")?, Coverage::Some);
    assert_eq!(is_module_patched("hooks::cellar")?, Coverage::None);
    Ok(())
}
