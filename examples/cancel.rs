//! Workers that are cancelled while they wait: what they hold is released, and what they have begun is finished.
//!
//! ```text
//! cargo run --example cancel
//! ```

use std::error::Error;

use greenpatch::{Cancel, Cancelled};

#[greenpatch::patchable]
mod program {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::sync::{Arc, Mutex};
    use std::thread::{self, JoinHandle};
    use std::time::Duration;

    /// Says when it is dropped.
    struct Connection(usize);

    impl Drop for Connection {
        fn drop(&mut self) {
            println!("worker {} closes its connection", self.0);
        }
    }

    /// Starts three workers, and returns their handles and what sends them work.
    pub fn start() -> (Vec<JoinHandle<()>>, Sender<u32>) {
        let (sender, receiver) = channel();
        let receiver = Arc::new(Mutex::new(receiver));
        let start = |number| {
            let receiver = Arc::clone(&receiver);
            thread::spawn(move || work(number, &receiver))
        };
        ((1..4).map(start).collect(), sender)
    }

    fn work(number: usize, jobs: &Mutex<Receiver<u32>>) {
        let _connection = Connection(number);
        loop {
            // One of the workers waits for a job here, and the others for the lock.
            let job = jobs.lock().expect("no lock is poisoned").recv();
            let Ok(job) = job else { return };
            // What has begun is finished.
            greenpatch::shield(|| {
                println!("worker {number} begins job {job}");
                thread::sleep(Duration::from_millis(20));
                println!("worker {number} ends job {job}");
            });
        }
    }

    /// Lets the workers run until they wait.
    pub fn wait() {
        thread::sleep(Duration::from_millis(5));
    }
}

/// Gives the workers one job, and cancels them.
pub fn main() -> Result<(), Box<dyn Error>> {
    greenpatch::patch_thread()?;
    let (workers, jobs) = program::start();
    jobs.send(7)?;
    program::wait();
    for worker in &workers {
        worker.cancel();
    }
    for (number, worker) in (1..).zip(workers) {
        match worker.join() {
            Ok(()) => println!("worker {number} has ended"),
            Err(payload) if payload.is::<Cancelled>() => println!("worker {number} was cancelled"),
            Err(payload) => std::panic::resume_unwind(payload),
        }
    }
    Ok(())
}
