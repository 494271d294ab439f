//! A database in a file, read while it is written to: redb, in a folder by tempfile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use redb::{Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition};

const TABLE: TableDefinition<u64, &str> = TableDefinition::new("names");
const WRITERS: u64 = 4;

fn write(database: &Database, writer: u64, commits: u64) -> Result<(), redb::Error> {
    for commit in 0..commits {
        let transaction = database.begin_write()?;
        {
            let mut table = transaction.open_table(TABLE)?;
            for number in 0..10 {
                let key = (commit * WRITERS + writer) * 10 + number;
                table.insert(key, format!("value {key}").as_str())?;
            }
        }
        transaction.commit()?;
    }
    Ok(())
}

/// Looks until all is written; each look has to see whole transactions.
fn read(database: &Database, done: &AtomicBool) -> Result<u64, redb::Error> {
    let mut looks = 0;
    while !done.load(Ordering::Acquire) {
        let table = database.begin_read()?.open_table(TABLE)?;
        assert_eq!(table.len()? % 10, 0);
        looks += 1;
        thread::yield_now();
    }
    Ok(looks)
}

fn main() -> Result<(), redb::Error> {
    let measure = std::env::args().nth(1).is_some();
    let commits = if measure { 50 } else { 10 };
    let folder = tempfile::tempdir()?;
    let database = Arc::new(Database::create(folder.path().join("names.redb"))?);
    write(&database, 0, 1)?;
    let done = Arc::new(AtomicBool::new(false));
    let looks = Arc::new(AtomicU64::new(0));
    let reader = thread::spawn({
        let (database, done, looks) = (database.clone(), done.clone(), looks.clone());
        move || {
            looks.store(
                read(&database, &done).expect("it can be read"),
                Ordering::Relaxed,
            )
        }
    });
    let start = Instant::now();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let database = database.clone();
            thread::spawn(move || write(&database, writer, commits).expect("it can be written"))
        })
        .collect();
    for writer in writers {
        writer.join().expect("no writer panics");
    }
    done.store(true, Ordering::Release);
    reader.join().expect("the reader does not panic");
    if measure {
        let rate = (WRITERS * commits) as f64 / start.elapsed().as_secs_f64();
        println!("{rate:.0} commits/s");
        return Ok(());
    }
    assert!(looks.load(Ordering::Relaxed) > 0);
    let table = database.begin_read()?.open_table(TABLE)?;
    println!("{} entries", table.len()?);
    for entry in table.iter()?.step_by(77) {
        let (key, value) = entry?;
        println!("{}: {}", key.value(), value.value());
    }
    Ok(())
}
