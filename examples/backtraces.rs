//! Shows the functions in which green threads wait.
//!
//! ```text
//! cargo run --example backtraces
//! ```

use std::error::Error;

use greenpatch::inspect::DumpOptions;

#[greenpatch::patchable]
mod shop {
    use std::sync::{Arc, Mutex, mpsc};
    use std::thread;

    /// Starts threads that wait, and returns when they do.
    pub fn open() -> mpsc::Sender<u32> {
        let stock = Arc::new(Mutex::new(3));
        let (orders, incoming) = mpsc::channel();
        let theirs = Arc::clone(&stock);
        thread::spawn(move || take_orders(&incoming, &theirs));
        // The thread starts, and waits for an order with the stock locked.
        thread::yield_now();
        thread::spawn(move || count(&stock));
        thread::yield_now();
        orders
    }

    fn take_orders(incoming: &mpsc::Receiver<u32>, stock: &Mutex<u32>) {
        while next_order(incoming, &mut stock.lock().expect("no thread panics")) {}
    }

    fn next_order(incoming: &mpsc::Receiver<u32>, stock: &mut u32) -> bool {
        let order = incoming.recv();
        *stock -= order.unwrap_or(0);
        order.is_ok()
    }

    fn count(stock: &Mutex<u32>) -> u32 {
        *stock.lock().expect("no thread panics")
    }
}

/// Starts the program, and prints what its threads do, with their backtraces.
pub fn main() -> Result<(), Box<dyn Error>> {
    greenpatch::patch_thread()?;
    let orders = shop::open();
    print!("{}", DumpOptions::new().backtraces(true).dump());
    drop(orders);
    Ok(())
}
