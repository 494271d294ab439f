use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::{Color, Modifier};
use serde_json::json;

use super::*;
use crate::top::client::Sample;
use crate::top::order::Listing;
use crate::top::wire::About;

fn sample(start: Instant, seconds: u64, is_held: bool) -> Sample {
    let waiting = |id: u64, name: &str, owner: u64| {
        json!({
            "id": id, "name": name, "state": "waiting", "parent": 1, "spawned_at": "/home/me/project/src/main.rs:7:9",
            "wait": {"kind": "mutex", "address": format!("0x{id}0"), "holder": owner, "waited_seconds": 90.0, "location": "src/main.rs:9:1"},
            "stack_size": 65_536, "stack_used": 2_048,
        })
    };
    let threads = json!([
        {"id": 1, "name": "main", "is_root": true, "state": "waiting", "wait": {"kind": "join", "holder": 2, "waited_seconds": 0.25}},
        waiting(2, "pays", 3),
        waiting(3, "refunds", 2),
        {"id": 4, "name": "\u{4e16}\u{754c}", "state": "ready", "parent": 3},
    ]);
    let hubs = match is_held {
        true => {
            json!([{"os_thread": 77, "name": "serves", "is_held": true, "running": {"id": 4, "name": "computes"}}])
        }
        false => json!([{"os_thread": 77, "name": "serves", "is_held": false, "threads": threads}]),
    };
    let cycles = if is_held { json!([]) } else { json!([[2, 3]]) };
    let dump = json!({"hubs": hubs, "cycles": cycles, "other_os_threads": 2});
    let stats =
        json!({"hubs": [{"os_thread": 77, "switches": 12_345 * seconds, "parks": 5 * seconds}]});
    Sample {
        at: start + Duration::from_secs(seconds),
        dump: serde_json::from_value(dump).unwrap(),
        stats: serde_json::from_value(stats).unwrap(),
    }
}

fn view() -> View {
    let about = About {
        program: "server\u{7}".to_owned(),
        pid: 77,
        open_seconds: 1.0,
    };
    let listing = Listing {
        is_tree: true,
        ..Listing::default()
    };
    let mut view = View::new(about, listing, Duration::from_secs(1));
    let start = Instant::now();
    view.take(sample(start, 0, false));
    view.take(sample(start, 1, false));
    view.attached = Duration::from_secs(65);
    view
}

fn screen(view: &mut View, width: u16, height: u16) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let drawn = terminal.draw(|frame| {
        let area = frame.area();
        draw(view, area, frame.buffer_mut());
    });
    drawn.unwrap();
    terminal
}

fn lines(terminal: &Terminal<TestBackend>) -> Vec<String> {
    let text = crate::top::print::lines(terminal.backend().buffer(), false);
    text.lines().map(str::to_owned).collect()
}

#[test]
fn all_is_shown() {
    let mut view = view();
    let terminal = screen(&mut view, 130, 12);
    let expected = [
        "greenpatch top — server\u{fffd}, process 77, attached for 1m05s, every 1.0s",
        "3 green threads: 1 ready, 0 new, 2 waiting; 2 other OS threads; 0.0 calls by helpers a second",
        "hub OS thread                  ready     new waiting switches/s  parks/s  wakes/s  polls/s does",
        "0   77 serves                      1       0       3      12.3k      5.0      0.0      0.0 busy",
        "deadlock: pays (2) → refunds (3) → pays (2)",
        "     #▾  hub name                 state    waits for                           waited owner         spawned at               stack",
        "      1    0 main                 waiting  the end of a thread                  250ms pays (2)",
        "      2    0   pays               waiting  mutex 0x20                           1m30s refunds (3)   …/src/main.rs:7        2.0 KiB",
        "      3    0   refunds            waiting  mutex 0x30                           1m30s pays (2)      …/src/main.rs:7        2.0 KiB",
        "      4    0     \u{4e16}\u{754c}             ready",
        "",
        "q quit  ↑↓ select  enter details  o owner  / filter  nahswk sort  r reverse  t flat  space pause",
    ];
    assert_eq!(lines(&terminal), expected, "{:#?}", lines(&terminal));
    assert_eq!(height(&view), 11);
    let cell = |x, y| terminal.backend().buffer()[(x, y)].clone();
    assert_eq!(cell(2, 4).fg, Color::Red);
    assert_eq!(cell(15, 7).fg, Color::Red);
    assert!(
        cell(15, 6).modifier.contains(Modifier::REVERSED),
        "selected"
    );
    assert_eq!(cell(34, 9).fg, Color::Yellow);
}

#[test]
fn details_follow_the_owners() {
    let mut view = view();
    view.has_details = true;
    let shown = lines(&screen(&mut view, 120, 24)).join("\n");
    for text in [
        " main (1) ──",
        "     state  waiting, the OS thread's own stack, on hub 0, OS thread 77",
        " waits for  the end of a thread, for 250ms so far",
        "     owner  pays (2), which waits for refunds (3), which waits for pays (2)",
        "spawned at  has spawned 2",
    ] {
        assert!(shown.contains(text), "{text}\n{shown}");
    }
    assert!(view.select_named("pays"));
    let shown = lines(&screen(&mut view, 120, 24)).join("\n");
    for text in [
        "  waits at  src/main.rs:9:1",
        "spawned at  /home/me/project/src/main.rs:7:9, by main (1)",
        "     stack  2.0 KiB of 64.0 KiB",
    ] {
        assert!(shown.contains(text), "{text}\n{shown}");
    }
}

#[test]
fn a_held_hub_and_a_process_that_has_ended_are_said() {
    let mut view = view();
    view.take(sample(Instant::now(), 2, true));
    view.end = Some("the process has ended".to_owned());
    let shown = lines(&screen(&mut view, 130, 12));
    assert!(shown[0].ends_with("  the process has ended"), "{shown:#?}");
    assert!(
        shown[3].ends_with(" held by computes (4), computes"),
        "{shown:#?}"
    );
    assert!(shown[3].contains("      ?       ?       ?"), "{shown:#?}");
    // What was known before is still there, and what runs is said to.
    assert!(
        shown[6].contains("refunds") || shown[5].contains("pays"),
        "{shown:#?}"
    );
    assert!(
        shown.iter().any(|line| line.contains("running")),
        "{shown:#?}"
    );
}

#[test]
fn the_head_says_what_is_not_as_usual() {
    let mut view = view();
    view.late = Some(Duration::from_secs(9));
    assert!(lines(&screen(&mut view, 130, 12))[0].ends_with("  no answer for 9.0s"));
    view.is_paused = true;
    let shown = lines(&screen(&mut view, 130, 12));
    assert!(shown[0].ends_with("  paused"));
    assert!(shown[11].ends_with("space go on"), "{shown:#?}");
}

#[test]
fn a_filter_is_shown_while_it_is_written_and_after() {
    let mut view = view();
    view.is_editing = true;
    view.listing.filter = "pay".to_owned();
    let last = |view: &mut View| lines(&screen(view, 130, 12)).pop().unwrap();
    assert_eq!(
        last(&mut view),
        "filter: pay   enter keeps it, esc removes it"
    );
    view.is_editing = false;
    assert!(last(&mut view).ends_with("filter: pay"));
}

#[test]
fn any_size_can_be_drawn() {
    let mut view = view();
    for has_details in [false, true] {
        view.has_details = has_details;
        for width in [1, 2, 10, 60, 89, 90, 100, 119, 300] {
            for height in [1, 2, 3, 5, 8, 13, 40] {
                screen(&mut view, width, height);
            }
        }
    }
    let mut empty = View::new(About::default(), Listing::default(), Duration::from_secs(1));
    assert!(lines(&screen(&mut empty, 80, 8)).contains(&"no answer yet".to_owned()));
}

#[test]
fn only_a_part_of_a_long_list_is_on_the_screen() {
    let mut view = view();
    let threads: Vec<_> = (1..=1000)
        .map(|id| json!({"id": id, "name": format!("t{id}")}))
        .collect();
    let mut sample = sample(Instant::now(), 2, false);
    sample.dump =
        serde_json::from_value(json!({"hubs": [{"os_thread": 77, "threads": threads}]})).unwrap();
    view.take(sample);
    assert!(view.select_named("t500"));
    let shown = lines(&screen(&mut view, 100, 15)).join("\n");
    assert!(
        shown.contains("t500") && shown.contains("t493") && !shown.contains("t501"),
        "{shown}"
    );
}
