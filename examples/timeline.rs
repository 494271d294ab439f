//! Writes a trace of a small pipeline, to be opened in <https://ui.perfetto.dev>.
//!
//! ```text
//! cargo run --example timeline
//! ```

use std::error::Error;

#[greenpatch::patchable]
mod program {
    use std::hint::black_box;
    use std::sync::mpsc;
    use std::thread;

    /// Guests order from three cooks, who take turns at the stove. The main thread serves what they cook.
    pub fn run() -> u64 {
        let (served, table) = mpsc::channel();
        let cooks: Vec<_> = (0..3)
            .map(|number| {
                // A cook has room for one order besides the one that is cooked.
                let (orders, incoming) = mpsc::sync_channel(1);
                let served = served.clone();
                let cook = named(format!("cook {number}"), move || {
                    for order in incoming {
                        served.send(cook(order)).expect("the table waits");
                    }
                });
                (orders, cook)
            })
            .collect();
        drop(served);
        let guests = named("guests".into(), move || {
            for order in 0..9 {
                let (orders, _) = &cooks[order as usize % cooks.len()];
                orders.send(order).expect("the cook waits");
            }
            for (orders, cook) in cooks {
                drop(orders);
                cook.join().expect("a cook does not panic");
            }
        });
        let sum = table.iter().map(|meal| work(1_000, meal)).sum();
        guests.join().expect("guests do not panic");
        sum
    }

    fn cook(order: u64) -> u64 {
        let mut meal = order;
        for step in 0..3 {
            meal = work(4_000 + 2_000 * step, meal);
            thread::yield_now();
        }
        meal
    }

    fn work(steps: u64, start: u64) -> u64 {
        (0..steps).fold(start, |sum, step| black_box(sum ^ step))
    }

    fn named<F: FnOnce() + Send + 'static>(name: String, body: F) -> thread::JoinHandle<()> {
        let builder = thread::Builder::new().name(name);
        builder.spawn(body).expect("there is room for a thread")
    }
}

/// Runs the program with a trace. `GREENPATCH_TRACE` names another file.
pub fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::temp_dir().join("timeline.json");
    greenpatch::Patcher::new().trace(&path).apply()?;
    program::run();
    let path = std::env::var_os("GREENPATCH_TRACE").map_or(path, Into::into);
    println!("the trace is in {}", path.display());
    Ok(())
}
