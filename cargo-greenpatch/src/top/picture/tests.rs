use std::time::{Duration, Instant};

use serde_json::json;

use super::*;

fn sample(at: Instant, dump: serde_json::Value, stats: serde_json::Value) -> Sample {
    Sample {
        at,
        dump: serde_json::from_value(dump).unwrap(),
        stats: serde_json::from_value(stats).unwrap(),
    }
}

fn hub(os_thread: u64, is_held: bool, threads: serde_json::Value) -> serde_json::Value {
    json!({"os_thread": os_thread, "name": "main", "is_held": is_held, "threads": threads})
}

fn thread(id: u64, state: &str) -> serde_json::Value {
    json!({"id": id, "name": format!("t{id}"), "state": state, "stack_size": 8192, "stack_used": 100})
}

fn counters(switches: u64, asleep: f64) -> serde_json::Value {
    json!({
        "hubs": [{"os_thread": 5, "switches": switches, "parks": 2 * switches, "sleep_seconds": asleep}],
        "helper_calls": switches, "is_timed": true, "a later version": [1],
    })
}

#[test]
fn rates_are_the_differences_in_a_second() {
    let start = Instant::now();
    let dump = json!({"hubs": [hub(5, false, json!([]))], "cycles": []});
    let first = sample(start, dump.clone(), counters(100, 1.0));
    let picture = Picture::of(&first, None, None);
    assert_eq!(picture.hubs[0].rates, None);
    let second = sample(start + Duration::from_secs(2), dump, counters(150, 2.0));
    let picture = Picture::of(&second, Some(&first), Some(&picture));
    let rates = picture.hubs[0].rates.unwrap();
    assert_eq!(
        (rates.switches, rates.parks, rates.busy),
        (25.0, 50.0, Some(0.5))
    );
    assert_eq!(picture.helper_calls, Some(25.0));
    // A number that goes backwards is that of another process, or of a hub with the same number.
    let third = sample(
        start + Duration::from_secs(3),
        json!({"hubs": [hub(5, false, json!([]))]}),
        counters(0, 0.0),
    );
    let picture = Picture::of(&third, Some(&second), None);
    assert_eq!(picture.hubs[0].rates.unwrap().switches, 0.0);
}

#[test]
fn threads_have_states_waits_and_owners() {
    let mut waits = thread(2, "waiting");
    waits["wait"] = json!({"kind": "mutex", "address": "0x10", "holder": 3, "waited_seconds": 1.5, "location": "a.rs:1:2"});
    let mut outside = thread(4, "waiting");
    outside["wait"] = json!({"kind": "mutex", "holder": "OS thread", "waited_seconds": 0.0});
    let mut odd = thread(6, "a later version");
    odd["name"] = json!("\u{1b}[2J");
    let threads = json!([waits, thread(3, "ready"), outside, thread(5, "new"), odd]);
    let dump = json!({"hubs": [hub(5, false, threads)], "cycles": [[2]]});
    let picture = Picture::of(&sample(Instant::now(), dump, json!({})), None, None);
    let waits = picture.thread(2).unwrap();
    assert_eq!(waits.owner_text, "t3 (3)");
    assert_eq!(
        (waits.waited, waits.location.as_str()),
        (Some(1.5), "a.rs:1:2")
    );
    assert!(waits.is_in_cycle);
    assert_eq!(picture.thread(4).unwrap().owner_text, "OS thread");
    let odd = picture.thread(6).unwrap();
    assert_eq!(
        (odd.state, odd.name.as_str()),
        (State::Unknown, "\u{fffd}[2J")
    );
    let hub = &picture.hubs[0];
    assert_eq!((hub.ready, hub.new, hub.waiting), (1, 1, 2));
    assert_eq!(picture.chain(2), (vec![2, 3], false));
}

#[test]
fn chains_end_where_they_go_round() {
    let waiting = |id: u64, owner: u64| {
        let mut thread = thread(id, "waiting");
        thread["wait"] = json!({"kind": "mutex", "holder": owner, "waited_seconds": 0.0});
        thread
    };
    let threads = json!([waiting(1, 2), waiting(2, 3), waiting(3, 2)]);
    let dump = json!({"hubs": [hub(5, false, threads)]});
    let picture = Picture::of(&sample(Instant::now(), dump, json!({})), None, None);
    assert_eq!(picture.chain(1), (vec![1, 2, 3, 2], true));
}

#[test]
fn the_threads_of_a_held_hub_are_those_from_before() {
    let start = Instant::now();
    let threads = json!([thread(1, "waiting"), thread(2, "ready")]);
    let before = sample(
        start,
        json!({"hubs": [hub(5, false, threads)]}),
        counters(1, 0.0),
    );
    let first = Picture::of(&before, None, None);
    let mut held = hub(5, true, json!([]));
    held["running"] = json!({"id": 2, "name": "t2"});
    held["system_call"] = json!(35);
    // Another hub has come before it in the list.
    let dump = json!({"hubs": [hub(4, false, json!([thread(9, "ready")])), held]});
    let now = sample(start + Duration::from_secs(1), dump, counters(1, 0.0));
    let picture = Picture::of(&now, Some(&before), Some(&first));
    assert_eq!(picture.hubs[1].held.as_deref(), Some("in system call 35"));
    assert_eq!(picture.hubs[1].running.as_deref(), Some("t2 (2)"));
    let old = picture.thread(1).unwrap();
    assert_eq!((old.hub, old.is_old), (1, true));
    let runs = picture.thread(2).unwrap();
    assert_eq!((runs.state, runs.is_old), (State::Running, false));
    assert_eq!(picture.threads.len(), 3);
    // It is still held: what was known is not lost.
    let picture = Picture::of(&now, Some(&now), Some(&picture));
    assert_eq!(picture.threads.len(), 3);
    assert_eq!(picture.hubs[1].rates, None);
}
