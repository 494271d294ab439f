//! Where something can be put in, its lifetime cannot be made shorter: it is taken out where the longer one
//! is still believed.
use greenpatch::Point;
use greenpatch::sync::mpsc::{Sender, SyncSender};
use greenpatch::sync::{LazyLock, Mutex, MutexGuard, OnceLock, RwLock, RwLockWriteGuard};
use greenpatch::thread::Scope;

type Function<'a> = fn(&'a str) -> &'a str;

fn point<'a>(long: Point<Function<'static>>) -> Point<Function<'a>> {
    long
}

fn point_back<'a>(short: Point<Function<'a>>) -> Point<Function<'static>> {
    short
}

fn sender<'a>(long: Sender<&'static str>) -> Sender<&'a str> {
    long
}

fn sync_sender<'a>(long: SyncSender<&'static str>) -> SyncSender<&'a str> {
    long
}

fn mutex<'a>(long: &'a Mutex<&'static str>) -> &'a Mutex<&'a str> {
    long
}

fn mutex_guard<'a>(long: MutexGuard<'a, &'static str>) -> MutexGuard<'a, &'a str> {
    long
}

fn rwlock<'a>(long: &'a RwLock<&'static str>) -> &'a RwLock<&'a str> {
    long
}

fn write_guard<'a>(long: RwLockWriteGuard<'a, &'static str>) -> RwLockWriteGuard<'a, &'a str> {
    long
}

fn once_lock<'a>(long: &'a OnceLock<&'static str>) -> &'a OnceLock<&'a str> {
    long
}

fn lazy_lock<'a>(long: &'a LazyLock<&'static str>) -> &'a LazyLock<&'a str> {
    long
}

fn scope<'a, 'env>(long: &'a Scope<'static, 'env>) -> &'a Scope<'a, 'env> {
    long
}

fn main() {}
