//! Prints how many bytes of a green thread's stack functions of libc take, each called for the first time in the process.
//!
//!     cargo run -p greenpatch-libc-tests --example c_stack
#![allow(missing_docs)]

use greenpatch::thread;
use greenpatch_libc_tests::c_code::{Library, Probes};
use greenpatch_libc_tests::patch;

fn main() {
    patch();
    let library = Library::open(Probes::No);
    for (number, name) in library.calls().into_iter().enumerate() {
        let measure = move || library.stack_of_call(number);
        let bytes = thread::spawn(measure).join().expect("it does not panic");
        println!("{bytes:>7} {name}");
    }
}
