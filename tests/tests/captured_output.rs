//! What green threads print in a test is captured by its harness.
#![allow(missing_docs)]

use greenpatch_tests::{child, limit_child, task};

#[test]
fn what_green_threads_print_is_captured() {
    if task().is_some() {
        limit_child();
        print_on_green_threads();
        return;
    }
    for (option, shown) in [("--quiet", false), ("--show-output", true)] {
        let output = child("prints")
            .args(["what_green_threads_print_is_captured", "--exact"])
            .args(["--test-threads=1", option])
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).unwrap();
        assert!(output.status.success(), "{text}");
        for mark in ["1: small", "2: 7", "3: large", "4: error", "5: panic"] {
            assert_eq!(text.contains(mark), shown, "{mark}: {text}");
        }
        let captured: String = text.chars().filter(|c| "XYZ".contains(*c)).collect();
        let expected = "X".repeat(100_000) + &"Y".repeat(3000) + &"Z".repeat(100_000);
        assert_eq!(captured == expected, shown, "{} bytes", captured.len());
    }
}

fn print_on_green_threads() {
    assert!(greenpatch::patch_all().unwrap().is_done());
    greenpatch::thread::spawn(|| {
        greenpatch::println!("1: small");
        greenpatch::println!("2: {}", 7);
        // More than a pipe takes at once.
        greenpatch::println!("3: large {}", "X".repeat(100_000));
        greenpatch::println!("{}", "Y".repeat(3000));
        greenpatch::eprintln!("4: error {}", "Z".repeat(100_000));
    })
    .join()
    .unwrap();
    assert!(
        greenpatch::thread::spawn(|| panic!("5: panic"))
            .join()
            .is_err()
    );
}
