//! Locks of pthreads on green threads, called as C code calls them. Each scenario is a process of its own, this program run
//! again.
#![allow(missing_docs)]
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use greenpatch::thread;
use greenpatch_libc_tests::patch;
use greenpatch_tests::{Ended, Runner};

fn main() {
    let mut runner = Runner::from_args();
    for (name, child) in SCENARIOS {
        runner.scenario(name, *child, |_| (), Ended::well);
    }
    runner.finish();
}

const SCENARIOS: &[(&str, fn())] = &[
    ("mutexes of each type are held across a sleep", mutexes),
    (
        "a recursive mutex belongs to a green thread",
        recursive_mutex,
    ),
    (
        "a mutex that checks for errors belongs to a green thread",
        checking_mutex,
    ),
    ("a lock with a time", lock_with_a_time),
    ("signals and broadcasts", signals),
    ("signals between native and green threads", mixed_signals),
    ("a wait with a time on either clock", wait_with_a_time),
    (
        "a native wait unlocks for a green thread",
        a_native_wait_unlocks,
    ),
    ("read-write locks", rwlocks),
    ("semaphores", semaphores),
    ("joining an OS thread", joining),
    ("barriers", barriers),
    ("an initialization that sleeps", once),
];

/// What C code has in a static, or on its heap.
struct Place<T>(Box<std::cell::UnsafeCell<MaybeUninit<T>>>);

// SAFETY: libc's objects are used by several threads.
unsafe impl<T> Send for Place<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Place<T> {}

impl<T> Place<T> {
    fn new(initialize: impl FnOnce(*mut T) -> c_int) -> Arc<Place<T>> {
        let place = Place(Box::new(std::cell::UnsafeCell::new(MaybeUninit::zeroed())));
        assert_eq!(initialize(place.get()), 0);
        Arc::new(place)
    }

    fn get(&self) -> *mut T {
        self.0.get().cast()
    }
}

type Mutex = Place<libc::pthread_mutex_t>;
type Condition = Place<libc::pthread_cond_t>;

fn mutex(kind: c_int) -> Arc<Mutex> {
    let mut attributes = MaybeUninit::uninit();
    // SAFETY: the place is valid for the write.
    unsafe { libc::pthread_mutexattr_init(attributes.as_mut_ptr()) };
    // SAFETY: they are initialized.
    unsafe { libc::pthread_mutexattr_settype(attributes.as_mut_ptr(), kind) };
    // SAFETY: as above.
    Place::new(|place| unsafe { libc::pthread_mutex_init(place, attributes.as_ptr()) })
}

fn condition(clock: libc::clockid_t) -> Arc<Condition> {
    let mut attributes = MaybeUninit::uninit();
    // SAFETY: the place is valid for the write.
    unsafe { libc::pthread_condattr_init(attributes.as_mut_ptr()) };
    // SAFETY: they are initialized.
    unsafe { libc::pthread_condattr_setclock(attributes.as_mut_ptr(), clock) };
    // SAFETY: as above.
    Place::new(|place| unsafe { libc::pthread_cond_init(place, attributes.as_ptr()) })
}

impl Mutex {
    fn lock(&self) -> c_int {
        // SAFETY: it is initialized, as all below.
        unsafe { libc::pthread_mutex_lock(self.get()) }
    }

    fn try_lock(&self) -> c_int {
        // SAFETY: as above.
        unsafe { libc::pthread_mutex_trylock(self.get()) }
    }

    fn unlock(&self) -> c_int {
        // SAFETY: as above.
        unsafe { libc::pthread_mutex_unlock(self.get()) }
    }
}

impl Condition {
    fn wait(&self, mutex: &Mutex) -> c_int {
        // SAFETY: as above.
        unsafe { libc::pthread_cond_wait(self.get(), mutex.get()) }
    }

    fn wait_until(&self, mutex: &Mutex, time: libc::timespec) -> c_int {
        // SAFETY: as above.
        unsafe { libc::pthread_cond_timedwait(self.get(), mutex.get(), &raw const time) }
    }

    fn signal(&self) {
        // SAFETY: as above.
        assert_eq!(unsafe { libc::pthread_cond_signal(self.get()) }, 0);
    }

    fn broadcast(&self) {
        // SAFETY: as above.
        assert_eq!(unsafe { libc::pthread_cond_broadcast(self.get()) }, 0);
    }
}

/// A time on a clock, so long from now.
fn after(clock: libc::clockid_t, pause: Duration) -> libc::timespec {
    let mut now = MaybeUninit::uninit();
    // SAFETY: the place is valid for the write.
    assert_eq!(unsafe { libc::clock_gettime(clock, now.as_mut_ptr()) }, 0);
    // SAFETY: the call has succeeded.
    let now: libc::timespec = unsafe { now.assume_init() };
    let time = Duration::new(now.tv_sec as u64, now.tv_nsec as u32) + pause;
    libc::timespec {
        tv_sec: time.as_secs() as i64,
        tv_nsec: time.subsec_nanos().into(),
    }
}

fn spawn(
    count: usize,
    body: impl Fn(usize) + Send + Sync + 'static,
) -> Vec<thread::JoinHandle<()>> {
    let body = Arc::new(body);
    let threads = (0..count).map(|number| {
        let body = body.clone();
        thread::spawn(move || body(number))
    });
    threads.collect()
}

fn join(threads: Vec<thread::JoinHandle<()>>) {
    for thread in threads {
        thread.join().unwrap();
    }
}

fn nap() {
    thread::sleep(Duration::from_millis(4));
}

const KINDS: [c_int; 4] = [
    libc::PTHREAD_MUTEX_NORMAL,
    libc::PTHREAD_MUTEX_RECURSIVE,
    libc::PTHREAD_MUTEX_ERRORCHECK,
    // PTHREAD_MUTEX_ADAPTIVE_NP
    3,
];

fn mutexes() {
    patch();
    for kind in KINDS {
        let mutex = mutex(kind);
        let count = Arc::new(AtomicU32::new(0));
        join(spawn(10, {
            let count = count.clone();
            move |_| {
                assert_eq!(mutex.lock(), 0);
                let before = count.load(Ordering::Relaxed);
                nap();
                count.store(before + 1, Ordering::Relaxed);
                assert_eq!(mutex.unlock(), 0);
            }
        }));
        assert_eq!(count.load(Ordering::Relaxed), 10);
    }
}

fn recursive_mutex() {
    patch();
    let mutex = mutex(libc::PTHREAD_MUTEX_RECURSIVE);
    assert_eq!([mutex.lock(), mutex.lock(), mutex.try_lock()], [0, 0, 0]);
    let other = thread::spawn({
        let mutex = mutex.clone();
        move || {
            assert_eq!(mutex.try_lock(), libc::EBUSY);
            assert_eq!(mutex.unlock(), libc::EPERM);
            assert_eq!(mutex.lock(), 0);
            assert_eq!(mutex.lock(), 0);
            nap();
            assert_eq!([mutex.unlock(), mutex.unlock()], [0, 0]);
        }
    });
    nap();
    assert_eq!([mutex.unlock(), mutex.unlock()], [0, 0]);
    nap();
    assert!(!other.is_finished());
    assert_eq!(mutex.unlock(), 0);
    nap();
    assert_eq!(mutex.lock(), 0);
    assert!(mutex.unlock() == 0 && mutex.unlock() == libc::EPERM);
    other.join().unwrap();
}

fn checking_mutex() {
    patch();
    let mutex = mutex(libc::PTHREAD_MUTEX_ERRORCHECK);
    assert_eq!(
        [mutex.lock(), mutex.lock(), mutex.try_lock()],
        [0, libc::EDEADLK, libc::EBUSY]
    );
    let other = thread::spawn({
        let mutex = mutex.clone();
        move || {
            assert_eq!(mutex.unlock(), libc::EPERM);
            assert_eq!(mutex.lock(), 0);
            assert_eq!(mutex.unlock(), 0);
        }
    });
    nap();
    assert!(!other.is_finished());
    assert_eq!(mutex.unlock(), 0);
    other.join().unwrap();
    assert_eq!(mutex.unlock(), libc::EPERM);
}

fn lock_with_a_time() {
    patch();
    for kind in KINDS {
        let mutex = mutex(kind);
        assert_eq!(mutex.lock(), 0);
        thread::spawn({
            let mutex = mutex.clone();
            move || {
                let begun = Instant::now();
                let time = after(libc::CLOCK_REALTIME, Duration::from_millis(20));
                // SAFETY: it is initialized.
                let locked = unsafe { libc::pthread_mutex_timedlock(mutex.get(), &raw const time) };
                assert_eq!(locked, libc::ETIMEDOUT);
                assert!(begun.elapsed() >= Duration::from_millis(19));
            }
        })
        .join()
        .unwrap();
        assert_eq!(mutex.unlock(), 0);
    }
}

struct Shared {
    mutex: Arc<Mutex>,
    condition: Arc<Condition>,
    count: AtomicI32,
}

fn shared() -> Arc<Shared> {
    Arc::new(Shared {
        mutex: mutex(libc::PTHREAD_MUTEX_NORMAL),
        condition: condition(libc::CLOCK_REALTIME),
        count: AtomicI32::new(0),
    })
}

impl Shared {
    fn take(&self) {
        self.mutex.lock();
        while self.count.load(Ordering::Relaxed) == 0 {
            assert_eq!(self.condition.wait(&self.mutex), 0);
        }
        self.count.fetch_sub(1, Ordering::Relaxed);
        self.mutex.unlock();
    }

    fn give(&self, count: i32) {
        self.mutex.lock();
        self.count.fetch_add(count, Ordering::Relaxed);
        self.mutex.unlock();
    }
}

fn signals() {
    patch();
    let shared = shared();
    let waiters = spawn(20, {
        let shared = shared.clone();
        move |_| shared.take()
    });
    nap();
    for _ in 0..10 {
        shared.give(1);
        shared.condition.signal();
    }
    nap();
    shared.give(10);
    shared.condition.broadcast();
    join(waiters);
}

fn mixed_signals() {
    const ROUNDS: i32 = 2000;
    patch();
    let shared = shared();
    let native: Vec<_> = (0..2)
        .map(|_| {
            let shared = shared.clone();
            std::thread::spawn(move || (0..ROUNDS).for_each(|_| shared.take()))
        })
        .collect();
    let giver = std::thread::spawn({
        let shared = shared.clone();
        move || {
            for _ in 0..3 * ROUNDS {
                shared.give(1);
                shared.condition.signal();
            }
        }
    });
    let green = spawn(6, {
        let shared = shared.clone();
        move |number| {
            for _ in 0..ROUNDS {
                match number < 3 {
                    true => shared.take(),
                    false => {
                        shared.give(1);
                        shared.condition.signal();
                    }
                }
            }
        }
    });
    join(green);
    shared.give(3 * ROUNDS);
    shared.condition.broadcast();
    for native in native {
        native.join().unwrap();
    }
    giver.join().unwrap();
}

fn wait_with_a_time() {
    patch();
    for clock in [libc::CLOCK_REALTIME, libc::CLOCK_MONOTONIC] {
        let (mutex, condition) = (mutex(libc::PTHREAD_MUTEX_NORMAL), condition(clock));
        mutex.lock();
        let begun = Instant::now();
        let time = after(clock, Duration::from_millis(20));
        assert_eq!(condition.wait_until(&mutex, time), libc::ETIMEDOUT);
        let took = begun.elapsed();
        assert!(
            took >= Duration::from_millis(19) && took < Duration::from_secs(5),
            "{took:?}"
        );
        let signaller = thread::spawn({
            let condition = condition.clone();
            move || condition.signal()
        });
        let time = after(clock, Duration::from_secs(60));
        assert_eq!(condition.wait_until(&mutex, time), 0);
        mutex.unlock();
        signaller.join().unwrap();
    }
}

fn a_native_wait_unlocks() {
    patch();
    for _ in 0..20 {
        let shared = shared();
        let held = Arc::new(AtomicU32::new(0));
        let native = std::thread::spawn({
            let (shared, held) = (shared.clone(), held.clone());
            move || {
                shared.mutex.lock();
                held.store(1, Ordering::Release);
                // The green thread queues for the mutex in the meantime.
                std::thread::sleep(Duration::from_millis(3));
                while shared.count.load(Ordering::Relaxed) == 0 {
                    assert_eq!(shared.condition.wait(&shared.mutex), 0);
                }
                shared.mutex.unlock();
            }
        });
        while held.load(Ordering::Acquire) == 0 {
            thread::yield_now();
        }
        thread::spawn({
            let shared = shared.clone();
            move || {
                shared.give(1);
                shared.condition.signal();
            }
        })
        .join()
        .unwrap();
        native.join().unwrap();
    }
}

fn rwlocks() {
    patch();
    // SAFETY: the place is valid for the write.
    let lock = Place::<libc::pthread_rwlock_t>::new(|place| unsafe {
        libc::pthread_rwlock_init(place, ptr::null())
    });
    let (readers, most, count) = (AtomicI32::new(0), AtomicI32::new(0), AtomicI32::new(0));
    let state = Arc::new((readers, most, count));
    let threads = spawn(12, {
        let state = state.clone();
        move |number| {
            let (readers, most, count) = &*state;
            for _ in 0..3 {
                if number % 3 == 0 {
                    // SAFETY: it is initialized, as below.
                    assert_eq!(unsafe { libc::pthread_rwlock_wrlock(lock.get()) }, 0);
                    let before = count.load(Ordering::Relaxed);
                    assert_eq!(readers.load(Ordering::Relaxed), 0);
                    nap();
                    count.store(before + 1, Ordering::Relaxed);
                } else {
                    // SAFETY: as above.
                    assert_eq!(unsafe { libc::pthread_rwlock_rdlock(lock.get()) }, 0);
                    most.fetch_max(
                        readers.fetch_add(1, Ordering::Relaxed) + 1,
                        Ordering::Relaxed,
                    );
                    nap();
                    readers.fetch_sub(1, Ordering::Relaxed);
                }
                // SAFETY: as above.
                assert_eq!(unsafe { libc::pthread_rwlock_unlock(lock.get()) }, 0);
            }
        }
    });
    join(threads);
    assert_eq!(state.2.load(Ordering::Relaxed), 12);
    assert!(state.1.load(Ordering::Relaxed) > 1);
}

fn semaphores() {
    patch();
    // SAFETY: the place is valid for the write.
    let semaphore = Place::<libc::sem_t>::new(|place| unsafe { libc::sem_init(place, 0, 0) });
    let time = after(libc::CLOCK_REALTIME, Duration::from_millis(10));
    // SAFETY: it is initialized, as below.
    let result = unsafe { libc::sem_timedwait(semaphore.get(), &raw const time) };
    assert_eq!(result, -1);
    assert_eq!(
        std::io::Error::last_os_error().raw_os_error(),
        Some(libc::ETIMEDOUT)
    );
    let waiters = spawn(10, {
        let semaphore = semaphore.clone();
        // SAFETY: as above.
        move |_| assert_eq!(unsafe { libc::sem_wait(semaphore.get()) }, 0)
    });
    nap();
    let poster = std::thread::spawn({
        let semaphore = semaphore.clone();
        move || {
            for _ in 0..5 {
                // SAFETY: as above.
                assert_eq!(unsafe { libc::sem_post(semaphore.get()) }, 0);
            }
        }
    });
    for _ in 0..5 {
        // SAFETY: as above.
        assert_eq!(unsafe { libc::sem_post(semaphore.get()) }, 0);
    }
    join(waiters);
    poster.join().unwrap();
}

fn joining() {
    extern "C" fn body(_: *mut c_void) -> *mut c_void {
        std::thread::sleep(Duration::from_millis(30));
        ptr::without_provenance_mut(7)
    }

    patch();
    let naps = Arc::new(AtomicU32::new(0));
    let napping = thread::spawn({
        let naps = naps.clone();
        move || {
            while naps.fetch_add(1, Ordering::Relaxed) < 4 {
                nap();
            }
        }
    });
    let mut started: libc::pthread_t = 0;
    // SAFETY: the body has no argument.
    let result =
        unsafe { libc::pthread_create(&raw mut started, ptr::null(), body, ptr::null_mut()) };
    assert_eq!(result, 0);
    let mut result = ptr::null_mut();
    // SAFETY: the thread was started above.
    assert_eq!(unsafe { libc::pthread_join(started, &raw mut result) }, 0);
    assert_eq!(result.addr(), 7);
    assert!(naps.load(Ordering::Relaxed) > 2, "others ran meanwhile");
    napping.join().unwrap();
}

fn barriers() {
    patch();
    // SAFETY: the place is valid for the write.
    let barrier = Place::<libc::pthread_barrier_t>::new(|place| unsafe {
        libc::pthread_barrier_init(place, ptr::null(), 5)
    });
    let first = Arc::new(AtomicU32::new(0));
    join(spawn(5, {
        let first = first.clone();
        move |_| {
            for _ in 0..3 {
                // SAFETY: it is initialized.
                match unsafe { libc::pthread_barrier_wait(barrier.get()) } {
                    libc::PTHREAD_BARRIER_SERIAL_THREAD => {
                        first.fetch_add(1, Ordering::Relaxed);
                    }
                    other => assert_eq!(other, 0),
                }
            }
        }
    }));
    assert_eq!(first.load(Ordering::Relaxed), 3);
}

fn once() {
    unsafe extern "C" {
        fn pthread_once(once: *mut c_int, initialize: extern "C" fn()) -> c_int;
    }
    static ONCE: AtomicI32 = AtomicI32::new(0);
    static COUNT: AtomicU32 = AtomicU32::new(0);

    extern "C" fn initialize() {
        nap();
        COUNT.fetch_add(1, Ordering::Relaxed);
    }

    patch();
    join(spawn(10, |_| {
        // SAFETY: zero is its initial value.
        assert_eq!(unsafe { pthread_once(ONCE.as_ptr(), initialize) }, 0);
        assert_eq!(COUNT.load(Ordering::Relaxed), 1);
    }));
}
