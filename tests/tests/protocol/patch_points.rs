//! The listing of patch points.

use greenpatch::{
    PatchState, override_item, patch_item, patch_module, patch_point, patch_points, patch_thread,
};
use greenpatch_tests::isolated;

use crate::fixture::cellar;

#[greenpatch::patchable(dispatch)]
mod mixed {
    #![allow(dead_code)]

    pub fn can() -> u8 {
        1
    }

    pub const fn cannot() -> u8 {
        2
    }
}

#[test]
fn tell_what_they_run_and_why() {
    isolated(|| {
        let find = |item: &str| {
            let found = patch_points()
                .into_iter()
                .find(|point| point.item() == item);
            found.unwrap_or_else(|| panic!("{item} is not listed"))
        };
        let bottles = find("bottles");
        assert_eq!(
            (bottles.module(), bottles.type_name()),
            ("protocol::fixture::cellar", "fn() -> u32")
        );
        assert!(bottles.file().ends_with("fixture.rs") && bottles.line() > 1);
        assert_eq!(*bottles.state(), PatchState::Original);

        assert!(patch_module("green_cellar").unwrap().is_done());
        let PatchState::Replaced { source, by } = *find("bottles").state() else {
            panic!("it is replaced");
        };
        assert_eq!(
            (source, by.name),
            (Some("protocol::fixture::green_cellar"), "bottles")
        );

        let line = line!() + 1;
        assert!(patch_item(patch_point!(cellar::corks), || 1).is_done());
        let PatchState::Replaced { source: None, by } = *find("corks").state() else {
            panic!("it is replaced by a call");
        };
        assert_eq!((by.file, by.line), (file!(), line));

        let PatchState::PassedOver { reason } = *find("cannot").state() else {
            panic!("it is passed over");
        };
        assert!(reason.contains("const"), "{reason}");
        assert_eq!(mixed::can() + mixed::cannot(), 3);
        // Each function of a module has a line of its own.
        assert_eq!(find("cannot").line(), find("can").line() + 4);
        assert_eq!(find("can").file(), file!());

        override_item(patch_point!(cellar::bottles), Box::new(|| 0), || {
            assert_eq!(find("bottles").overrides(), 1);
            assert!(patch_points().to_string().contains(", overridden in 1"));
        });
        assert_eq!(find("bottles").overrides(), 0);
    });
}

#[test]
fn print_as_a_table() {
    isolated(|| {
        assert!(patch_thread().unwrap().is_done());
        let table = patch_points().to_string();
        let mut lines = table.lines();
        let head: Vec<_> = lines.next().unwrap().split_whitespace().collect();
        assert_eq!(head, ["module", "item", "state", "where", "type"]);
        assert_eq!(lines.count(), patch_points().len());
        // Built-in ones are listed by their names in std.
        let row = table
            .lines()
            .find(|row| row.starts_with("std::sync "))
            .unwrap();
        assert!(
            row.contains("replaced by greenpatch::green::sync ("),
            "{row}"
        );
        let row = table.lines().find(|row| row.contains(" cannot ")).unwrap();
        assert!(row.contains(" passed over: "), "{row}");
        let columns: Vec<_> = table
            .lines()
            .filter_map(|row| row.find("tests/").or(row.find("where")))
            .collect();
        assert!(
            columns.windows(2).all(|pair| pair[0] == pair[1]),
            "columns are aligned\n{table}"
        );
    });
}

#[test]
fn are_listed_once_each() {
    let points = patch_points();
    let mut seen = std::collections::HashSet::new();
    for point in &points {
        let key = (point.module(), point.item(), point.file(), point.line());
        assert!(seen.insert(key), "{key:?} is listed twice");
    }
    assert!(!points.is_empty());
}
