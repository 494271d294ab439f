use std::cell::Cell;

struct Config;

#[greenpatch::patchable]
async fn load(_: &Config) -> u8 {
    1
}

#[greenpatch::replaces(load)]
fn not_async(_: &Config) -> u8 {
    2
}

#[greenpatch::patchable(lenient)]
async fn two(_: Cell<&u8>, _: &u8) -> u8 {
    1
}

#[greenpatch::replaces(two)]
async fn cannot(_: Cell<&u8>, _: &u8) -> u8 {
    2
}

async fn plain(_: &Config) -> u8 {
    3
}

fn main() {
    greenpatch::patch_item(greenpatch::patch_point!(load), plain);
}
