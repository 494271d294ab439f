#![deny(unsafe_code)]

fn f() {}

static SLOT: greenpatch::Slot<fn(), dyn Fn() + Send + Sync> = greenpatch::Slot::new(
    f,
    f,
    greenpatch::Site {
        module: "",
        name: "",
        file: "",
        line: 1,
    },
);

fn main() {}
