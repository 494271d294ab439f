//! Lists what every green thread does, in the middle of a program that waits.
//!
//! ```text
//! cargo run --example dump
//! ```

use std::error::Error;

#[greenpatch::patchable]
mod program {
    use std::sync::{Arc, Barrier, Mutex, RwLock, mpsc};
    use std::thread;
    use std::time::Duration;

    /// Starts threads that wait for all kinds of things, and returns when they do.
    pub fn start() {
        let table = Arc::new(Mutex::new(()));
        let cache = Arc::new(RwLock::new(()));
        let meeting = Arc::new(Barrier::new(3));
        let (orders, incoming) = mpsc::channel::<u32>();

        let (mutex, lock) = (Arc::clone(&table), Arc::clone(&cache));
        named("cook", move || {
            let _table = mutex.lock();
            let _cache = lock.write();
            thread::sleep(Duration::from_secs(3600));
        });
        // Each thread starts once this one waits.
        thread::yield_now();
        named("waiter", move || drop(table.lock()));
        named("reader", move || drop(cache.read()));
        named("guest", move || {
            meeting.wait();
        });
        named("till", move || {
            let clerk = named("clerk", move || incoming.recv().is_ok());
            clerk.join().is_ok_and(|came| came)
        });
        thread::yield_now();
        thread::yield_now();
        // The clerk's orders would come from here.
        std::mem::forget(orders);
    }

    #[track_caller]
    fn named<T: Send + 'static>(
        name: &str,
        body: impl FnOnce() -> T + Send + 'static,
    ) -> thread::JoinHandle<T> {
        let builder = thread::Builder::new().name(name.to_owned());
        builder.spawn(body).expect("there is room for a thread")
    }
}

/// Starts the program, and prints the dump as text and as JSON.
pub fn main() -> Result<(), Box<dyn Error>> {
    greenpatch::patch_thread()?;
    program::start();
    let dump = greenpatch::dump();
    print!("{dump}");
    println!("{}", dump.to_json());
    Ok(())
}
