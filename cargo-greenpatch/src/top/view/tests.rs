use serde_json::json;

use super::*;

fn sample(ids: &[u64]) -> Sample {
    let threads: Vec<_> = (ids.iter())
        .map(|id| {
            json!({
                "id": id, "name": format!("t{id}"), "state": "waiting",
                "wait": {"kind": "mutex", "holder": 1, "waited_seconds": id},
            })
        })
        .collect();
    let dump = json!({"hubs": [{"os_thread": 1, "threads": threads}]});
    Sample {
        at: Instant::now(),
        dump: serde_json::from_value(dump).unwrap(),
        stats: serde_json::from_value(json!({})).unwrap(),
    }
}

fn view(ids: &[u64]) -> View {
    let mut view = View::new(About::default(), Listing::default(), Duration::from_secs(1));
    view.take(sample(ids));
    view
}

fn press(view: &mut View, keys: &str) {
    for char in keys.chars() {
        code(view, KeyCode::Char(char));
    }
}

fn code(view: &mut View, code: KeyCode) {
    assert_eq!(view.key(KeyEvent::from(code)), Step::Draw);
}

fn ids(view: &View) -> Vec<u64> {
    let threads = &view.picture.as_ref().unwrap().threads;
    view.shown
        .iter()
        .map(|(place, _)| threads[*place].id)
        .collect()
}

fn selected(view: &View) -> Option<u64> {
    view.selected().map(|thread| thread.id)
}

#[test]
fn q_and_control_c_quit() {
    let mut view = view(&[1]);
    assert_eq!(view.key(KeyEvent::from(KeyCode::Char('q'))), Step::Quit);
    let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(view.key(control_c), Step::Quit);
    // While a filter is written, q is a letter.
    press(&mut view, "/q");
    assert_eq!(view.listing.filter, "q");
    assert_eq!(view.key(control_c), Step::Quit);
}

#[test]
fn the_selected_thread_stays_selected() {
    let mut view = view(&[1, 2, 3, 4]);
    code(&mut view, KeyCode::Down);
    code(&mut view, KeyCode::Down);
    assert_eq!(selected(&view), Some(3));
    press(&mut view, "w");
    assert_eq!((ids(&view), selected(&view)), (vec![4, 3, 2, 1], Some(3)));
    press(&mut view, "w");
    assert_eq!((ids(&view), selected(&view)), (vec![1, 2, 3, 4], Some(3)));
    view.take(sample(&[3, 4, 5]));
    assert_eq!(selected(&view), Some(3));
    // It has ended: what is in its place is selected.
    view.take(sample(&[7, 8]));
    assert_eq!(selected(&view), Some(7));
    view.take(sample(&[]));
    assert_eq!(selected(&view), None);
    for key in [
        KeyCode::Down,
        KeyCode::End,
        KeyCode::Enter,
        KeyCode::Char('o'),
    ] {
        code(&mut view, key);
    }
    view.take(sample(&[1]));
    assert_eq!(selected(&view), Some(1));
}

#[test]
fn keys_move_within_the_list() {
    let all: Vec<u64> = (1..=30).collect();
    let mut view = view(&all);
    view.fit(10);
    for (key, id, first) in [
        (KeyCode::Up, 1, 0),
        (KeyCode::PageDown, 10, 0),
        (KeyCode::Down, 11, 1),
        (KeyCode::End, 30, 20),
        (KeyCode::Down, 30, 20),
        (KeyCode::PageUp, 21, 20),
        (KeyCode::PageUp, 12, 11),
        (KeyCode::Home, 1, 0),
    ] {
        code(&mut view, key);
        view.fit(10);
        assert_eq!((selected(&view), view.first), (Some(id), first), "{key:?}");
    }
    // A screen without room still has its selection.
    view.fit(0);
    assert_eq!(view.height, 1);
}

#[test]
fn a_filter_is_written_kept_and_removed() {
    let mut view = view(&[1, 2, 12]);
    press(&mut view, "/t2");
    assert_eq!(ids(&view), [2]);
    code(&mut view, KeyCode::Backspace);
    code(&mut view, KeyCode::Backspace);
    press(&mut view, "T1");
    assert_eq!(ids(&view), [1, 2, 12], "the owner of each is t1");
    code(&mut view, KeyCode::Char('2'));
    assert_eq!(ids(&view), [12]);
    code(&mut view, KeyCode::Enter);
    press(&mut view, "o");
    assert_eq!(selected(&view), Some(1), "the owner is shown again");
    assert_eq!(view.listing.filter, "");
    press(&mut view, "/t2");
    code(&mut view, KeyCode::Esc);
    assert_eq!((view.is_editing, ids(&view).len()), (false, 3));
}

#[test]
fn a_paused_view_stays_as_it_is() {
    let mut view = view(&[1, 2]);
    press(&mut view, " ");
    view.take(sample(&[3]));
    assert_eq!(ids(&view), [1, 2]);
    press(&mut view, " ");
    view.take(sample(&[3]));
    assert_eq!(ids(&view), [3]);
}

#[test]
fn details_are_opened_and_closed() {
    let mut view = view(&[1]);
    code(&mut view, KeyCode::Enter);
    assert!(view.has_details);
    code(&mut view, KeyCode::Esc);
    assert!(!view.has_details);
    press(&mut view, "tr");
    assert!(view.listing.is_tree && view.listing.is_reversed);
}

#[test]
fn every_key_may_be_pressed_at_any_time() {
    let mut view = view(&[1, 2]);
    let mut empty = View::new(About::default(), Listing::default(), Duration::from_secs(1));
    for view in [&mut view, &mut empty] {
        for char in (' '..='~').filter(|char| *char != 'q') {
            code(view, KeyCode::Char(char));
            code(view, KeyCode::Esc);
            view.fit(3);
        }
        for key in [
            KeyCode::Up,
            KeyCode::Tab,
            KeyCode::F(1),
            KeyCode::Null,
            KeyCode::Delete,
        ] {
            code(view, key);
        }
    }
}
