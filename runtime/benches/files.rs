//! Reading a file that the system has in memory: std, in place, and on a helper thread. Whole, and a
//! piece of one that is open.
#![allow(missing_docs)]

use std::fs;
use std::hint::black_box;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use greenpatch::Patcher;

fn files(c: &mut Criterion) {
    let folder = std::env::temp_dir().join(format!("greenpatch-bench-{}", std::process::id()));
    fs::create_dir(&folder).expect("a folder for the files");
    let sizes = [("4_KiB", 4 << 10), ("1_MiB", 1 << 20)];
    for (name, size) in sizes {
        fs::write(folder.join(name), vec![1; size]).expect("a file to read");
    }

    for (name, _) in sizes {
        let path = folder.join(name);
        c.bench_function(&format!("files/{name}/std"), |b| {
            b.iter(|| fs::read(black_box(&path)));
        });
        c.bench_function(&format!("files/{name}/unpatched"), |b| {
            b.iter(|| greenpatch::fs::read(black_box(&path)));
        });
    }
    piece(c, &folder, "unpatched");
    Patcher::new()
        .apply()
        .expect("nothing has been patched yet");
    for (name, _) in sizes {
        let path = folder.join(name);
        c.bench_function(&format!("files/{name}/patched_in_place"), |b| {
            b.iter(|| greenpatch::fs::read(black_box(&path)));
        });
        // Beside each other, so that helpers and hub can work at the same time.
        c.bench_function(&format!("files/{name}/patched_in_place_by_8"), |b| {
            b.iter_custom(|times| by_8(times, &path));
        });
    }
    piece(c, &folder, "patched_in_place");
    greenpatch::patch_fs().expect("files are not patched yet");
    piece(c, &folder, "helpers");
    for (name, _) in sizes {
        let path = folder.join(name);
        c.bench_function(&format!("files/{name}/helpers"), |b| {
            b.iter(|| greenpatch::fs::read(black_box(&path)));
        });
        c.bench_function(&format!("files/{name}/helpers_by_8"), |b| {
            b.iter_custom(|times| by_8(times, &path));
        });
    }
    fs::remove_dir_all(folder).expect("the folder is ours");
}

/// Reads a piece of a file.
fn piece(c: &mut Criterion, folder: &Path, mode: &str) {
    let file = greenpatch::fs::File::open(folder.join("1_MiB")).expect("the file is there");
    let mut buffer = [0; 4 << 10];
    c.bench_function(&format!("files/piece_of_4_KiB/{mode}"), |b| {
        b.iter(|| file.read_at(black_box(&mut buffer), 8 << 10));
    });
}

/// Has 8 threads read at the same time, `times` times together.
fn by_8(times: u64, path: &Path) -> Duration {
    let start = std::time::Instant::now();
    greenpatch::thread::scope(|s| {
        for number in 0..8 {
            s.spawn(move || {
                for _ in 0..(times + number) / 8 {
                    black_box(greenpatch::fs::read(black_box(path))).expect("the file is there");
                }
            });
        }
    });
    start.elapsed()
}

criterion_group!(benches, files);
criterion_main!(benches);
