//! A whole crate goes green by the one line below: producers and consumers over `mpsc` and `Mutex`.

#[macro_use]
extern crate greenpatch as std;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

const PRODUCERS: u64 = 4;
const CONSUMERS: u64 = 3;
const ITEMS: u64 = 50;

thread_local! {
    static TAKEN: Cell<u64> = const { Cell::new(0) };
}

fn main() {
    std::patch_all().expect("nothing has been patched yet");

    let (sender, receiver) = mpsc::sync_channel::<u64>(8);
    let receiver = Arc::new(Mutex::new(receiver));
    let totals = Arc::new(Mutex::new(BTreeMap::new()));

    for producer in 0..PRODUCERS {
        let sender = sender.clone();
        thread::spawn(move || {
            for item in 0..ITEMS {
                thread::sleep(Duration::from_micros(50));
                sender
                    .send(producer * ITEMS + item)
                    .expect("the consumers outlive the producers");
            }
        });
    }
    drop(sender);

    let consumers: Vec<_> = (0..CONSUMERS)
        .map(|consumer| {
            let (receiver, totals) = (Arc::clone(&receiver), Arc::clone(&totals));
            thread::spawn(move || {
                loop {
                    let received = receiver.lock().unwrap().recv();
                    let Ok(item) = received else { break };
                    TAKEN.set(TAKEN.get() + 1);
                    *totals.lock().unwrap().entry(consumer).or_insert(0) += item;
                }
                TAKEN.get()
            })
        })
        .collect();

    let taken: u64 = consumers
        .into_iter()
        .map(|consumer| consumer.join().unwrap())
        .sum();
    let totals = totals.lock().unwrap();
    for (consumer, total) in &*totals {
        println!("consumer {consumer} added up {total}");
    }
    let sum: u64 = totals.values().sum();
    println!(
        "{taken} items, sum {sum}, on OS thread {}",
        std::native_thread_id()
    );
    assert_eq!(taken, PRODUCERS * ITEMS);
    assert_eq!(sum, (0..PRODUCERS * ITEMS).sum());
}
