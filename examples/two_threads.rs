//! The program that monkey patching is explained with: two threads that sleep and print.
//!
//! It runs three times in one process: not patched, patched with `sleep` left native, and patched.
//! The module `program` is written against plain `std` and is the same all three times.

use greenpatch::{Patcher, patchable};

#[patchable]
mod program {
    use std::thread;
    use std::time::{Duration, Instant};

    fn body(number: u32) {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(1) {
            let (id, native) = (thread::current().id(), greenpatch::native_thread_id());
            println!("I'm thread {number}: {id:?} {native}");
            thread::sleep(Duration::from_millis(100));
        }
    }

    pub fn main() {
        let threads = [1, 2].map(|number| thread::spawn(move || body(number)));
        println!("Main thread sleep");
        thread::sleep(Duration::from_secs(2));
        for thread in threads {
            thread.join().expect("a thread of the example panicked");
        }
        println!("Main thread exit");
    }
}

fn main() -> Result<(), greenpatch::PatchError> {
    println!("== not patched");
    program::main();

    println!("== patched, sleep left native");
    Patcher::new().time(false).apply()?;
    program::main();

    println!("== patched");
    greenpatch::patch_time()?;
    program::main();
    Ok(())
}
