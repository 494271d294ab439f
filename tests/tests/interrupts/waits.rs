//! The kinds of waits, and what holds for each of them.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as NativeMutex};
use std::time::{Duration, Instant};

use greenpatch::net::{TcpListener, TcpStream, UdpSocket};
use greenpatch::os::unix::net::UnixStream;
use greenpatch::process::{Command, Stdio};
use greenpatch::sync::{Barrier, Condvar, Mutex, Once, OnceLock, RwLock, mpsc};
use greenpatch::{Cancel, Cancelled, block_on, shield, thread, timeout};

use crate::settle;

/// A wait of one kind.
pub(crate) struct Wait {
    /// Waits, in any thread, as often as it is called.
    wait: Arc<dyn Fn() + Send + Sync>,
    /// Completes the wait of one thread, the current one or the next.
    complete: Box<dyn FnOnce() + Send>,
}

type Kind = fn() -> Wait;
type Check = fn(Wait);

pub(crate) const KINDS: &[(&str, Kind)] = &[
    ("mutex", mutex),
    ("read lock", read_lock),
    ("write lock", write_lock),
    ("once", once),
    ("wait for a once", wait_for_once),
    ("condvar", condvar),
    ("condvar with a time-out", condvar_timeout),
    ("barrier", barrier),
    ("channel", channel),
    ("receive from a bounded channel", bounded_receive),
    ("send to a bounded channel", bounded_send),
    ("rendezvous", rendezvous),
    ("join", join),
    ("join of an OS thread", native_join),
    ("park", park),
    ("block_on", future),
    ("read from a TCP stream", tcp_read),
    ("write to a TCP stream", tcp_write),
    ("accept", accept),
    ("receive a datagram", udp_receive),
    ("read from a Unix stream", unix_read),
    ("read from a pipe", pipe_read),
    ("wait for a child", child_wait),
];

pub(crate) const CHECKS: &[(&str, Check)] = &[
    ("cancelled before it", cancelled_before),
    ("cancelled during it", cancelled_during),
    ("cancelled after it", cancelled_after),
    ("cancelled within a shield", cancelled_in_a_shield),
    ("cancelled while it unwinds", cancelled_in_a_destructor),
    ("timed out", timed_out),
    ("timed out further out", timed_out_further_out),
    ("completed in time", completed_in_time),
];

/// Makes a check in a mode that takes a function without captures.
pub(crate) fn check_on(on: fn(fn()), check: Check, kind: Kind) {
    static NEXT: NativeMutex<Option<(Check, Kind)>> = NativeMutex::new(None);
    *NEXT.lock().unwrap() = Some((check, kind));
    on(|| {
        let (check, kind) = NEXT.lock().unwrap().take().unwrap();
        check(kind());
    });
}

/// A further wait, which begins as if there had been no other, completes.
fn is_intact(wait: Wait) {
    let waiting = Arc::clone(&wait.wait);
    let other = thread::spawn(move || waiting());
    settle();
    (wait.complete)();
    other.join().unwrap();
}

fn is_cancelled(joined: thread::Result<()>) {
    let payload = joined.expect_err("it was cancelled");
    assert!(payload.is::<Cancelled>());
}

fn cancelled_before(wait: Wait) {
    let (open, gate) = mpsc::channel::<()>();
    let waiting = Arc::clone(&wait.wait);
    let thread = thread::spawn(move || {
        shield(|| gate.recv()).unwrap();
        waiting();
    });
    settle();
    assert!(thread.cancel());
    settle();
    assert!(!thread.is_finished());
    open.send(()).unwrap();
    is_cancelled(thread.join());
    is_intact(wait);
}

fn cancelled_during(wait: Wait) {
    let waiting = Arc::clone(&wait.wait);
    let thread = thread::spawn(move || waiting());
    settle();
    assert!(!thread.is_finished());
    assert!(thread.cancel());
    is_cancelled(thread.join());
    is_intact(wait);
}

/// What has completed is delivered, and the thread unwinds from its next wait; or else it has not happened.
fn cancelled_after(wait: Wait) {
    let waiting = Arc::clone(&wait.wait);
    let has_completed = Arc::new(AtomicBool::new(false));
    let completed = Arc::clone(&has_completed);
    let thread = thread::spawn(move || {
        waiting();
        completed.store(true, Ordering::Relaxed);
        thread::park();
    });
    settle();
    (wait.complete)();
    assert!(thread.cancel());
    is_cancelled(thread.join());
    if !has_completed.load(Ordering::Relaxed) {
        // So it is there for the next one.
        (wait.wait)();
    }
}

fn cancelled_in_a_shield(wait: Wait) {
    let waiting = Arc::clone(&wait.wait);
    let thread = thread::spawn(move || {
        shield(|| waiting());
        thread::park();
    });
    settle();
    assert!(thread.cancel());
    settle();
    assert!(!thread.is_finished());
    (wait.complete)();
    is_cancelled(thread.join());
}

/// A destructor that an unwinding runs is not interrupted.
fn cancelled_in_a_destructor(wait: Wait) {
    struct Waits(Arc<dyn Fn() + Send + Sync>, Arc<AtomicBool>);
    impl Drop for Waits {
        fn drop(&mut self) {
            (self.0)();
            self.1.store(true, Ordering::Relaxed);
        }
    }

    let has_completed = Arc::new(AtomicBool::new(false));
    let waits = Waits(Arc::clone(&wait.wait), Arc::clone(&has_completed));
    let thread = thread::spawn(move || {
        let _waits = waits;
        thread::park();
    });
    settle();
    assert!(thread.cancel());
    settle();
    // It unwinds, and its destructor waits.
    assert!(!thread.is_finished());
    assert!(thread.cancel());
    settle();
    assert!(!has_completed.load(Ordering::Relaxed));
    (wait.complete)();
    is_cancelled(thread.join());
    assert!(has_completed.load(Ordering::Relaxed));
}

const SHORT: Duration = Duration::from_millis(2);
const LONG: Duration = Duration::from_secs(3600);

fn timed_out(wait: Wait) {
    let waiting = Arc::clone(&wait.wait);
    let began = Instant::now();
    let error = timeout(SHORT, || waiting()).unwrap_err();
    assert!(error.is_elapsed() && !error.is_unsupported());
    assert!(began.elapsed() >= SHORT);
    is_intact(wait);
}

/// The inner time-out is left without being noticed.
fn timed_out_further_out(wait: Wait) {
    let waiting = Arc::clone(&wait.wait);
    let error = timeout(SHORT, || {
        let _ = timeout(LONG, || waiting());
        unreachable!("the outer one has elapsed");
    });
    assert!(error.unwrap_err().is_elapsed());
    is_intact(wait);
}

fn completed_in_time(wait: Wait) {
    let complete = thread::spawn(move || {
        settle();
        (wait.complete)();
    });
    assert_eq!(
        timeout(LONG, || timeout(LONG, || (wait.wait)())),
        Ok(Ok(()))
    );
    complete.join().unwrap();
}

/// A thread that holds something until the returned closure is called.
fn held(hold: impl FnOnce(&dyn Fn()) + Send + 'static) -> Box<dyn FnOnce() + Send> {
    let (release, released) = mpsc::channel::<()>();
    let (tell, told) = mpsc::channel::<()>();
    let holder = thread::spawn(move || {
        hold(&|| {
            tell.send(()).unwrap();
            released.recv().unwrap();
        });
    });
    told.recv().unwrap();
    Box::new(move || {
        release.send(()).unwrap();
        holder.join().unwrap();
    })
}

fn mutex() -> Wait {
    let mutex = Arc::new(Mutex::new(()));
    let complete = held({
        let mutex = Arc::clone(&mutex);
        move |wait| {
            let _guard = mutex.lock().unwrap();
            wait();
        }
    });
    Wait {
        wait: Arc::new(move || drop(mutex.lock().unwrap())),
        complete,
    }
}

fn read_lock() -> Wait {
    let lock = Arc::new(RwLock::new(()));
    let complete = held({
        let lock = Arc::clone(&lock);
        move |wait| {
            let _guard = lock.write().unwrap();
            wait();
        }
    });
    Wait {
        wait: Arc::new(move || drop(lock.read().unwrap())),
        complete,
    }
}

fn write_lock() -> Wait {
    let lock = Arc::new(RwLock::new(()));
    let complete = held({
        let lock = Arc::clone(&lock);
        move |wait| {
            let _guard = lock.read().unwrap();
            wait();
        }
    });
    Wait {
        wait: Arc::new(move || drop(lock.write().unwrap())),
        complete,
    }
}

fn once() -> Wait {
    let cell = Arc::new(OnceLock::new());
    let complete = held({
        let cell = Arc::clone(&cell);
        move |wait| {
            cell.get_or_init(wait);
        }
    });
    Wait {
        wait: Arc::new(move || {
            _ = cell.get_or_init(|| unreachable!("the other one initializes it"))
        }),
        complete,
    }
}

fn wait_for_once() -> Wait {
    let once = Arc::new(Once::new());
    let other = Arc::clone(&once);
    Wait {
        wait: Arc::new(move || once.wait()),
        complete: Box::new(move || other.call_once(|| ())),
    }
}

fn condvar() -> Wait {
    condvar_with(|condvar, mutex| {
        let guard = condvar.wait_while(mutex.lock().unwrap(), |count| *count == 0);
        *guard.unwrap() -= 1;
    })
}

fn condvar_timeout() -> Wait {
    condvar_with(|condvar, mutex| {
        let guard = mutex.lock().unwrap();
        let ended = condvar.wait_timeout_while(guard, LONG, |count| *count == 0);
        *ended.unwrap().0 -= 1;
    })
}

fn condvar_with(wait: fn(&Condvar, &Mutex<u32>)) -> Wait {
    let shared = Arc::new((Condvar::new(), Mutex::new(0)));
    let other = Arc::clone(&shared);
    Wait {
        wait: Arc::new(move || {
            wait(&shared.0, &shared.1);
            // The guard was dropped, also if it was so by unwinding.
            assert!(!shared.1.is_poisoned());
        }),
        complete: Box::new(move || {
            *other.1.lock().unwrap() += 1;
            other.0.notify_one();
        }),
    }
}

fn barrier() -> Wait {
    let barrier = Arc::new(Barrier::new(2));
    let other = Arc::clone(&barrier);
    let has_passed = Arc::new(AtomicBool::new(false));
    let passed = Arc::clone(&has_passed);
    Wait {
        wait: Arc::new(move || {
            if !has_passed.load(Ordering::Relaxed) {
                barrier.wait();
            }
        }),
        complete: Box::new(move || {
            other.wait();
            passed.store(true, Ordering::Relaxed);
        }),
    }
}

fn channel() -> Wait {
    let (sender, receiver) = mpsc::channel();
    let receiver = NativeMutex::new(Some(receiver));
    Wait {
        wait: Arc::new(move || receives(&receiver)),
        complete: Box::new(move || sender.send(7).unwrap()),
    }
}

fn bounded_receive() -> Wait {
    let (sender, receiver) = mpsc::sync_channel(1);
    let receiver = NativeMutex::new(Some(receiver));
    Wait {
        wait: Arc::new(move || receives(&receiver)),
        complete: Box::new(move || sender.send(7).unwrap()),
    }
}

/// Receives with a receiver that is put back afterwards, also by unwinding.
fn receives(receiver: &NativeMutex<Option<mpsc::Receiver<u32>>>) {
    struct PutBack<'a>(
        &'a NativeMutex<Option<mpsc::Receiver<u32>>>,
        Option<mpsc::Receiver<u32>>,
    );
    impl Drop for PutBack<'_> {
        fn drop(&mut self) {
            *self.0.lock().unwrap_or_else(|error| error.into_inner()) = self.1.take();
        }
    }

    let taken = receiver
        .lock()
        .unwrap_or_else(|error| error.into_inner())
        .take();
    let taken = PutBack(receiver, taken);
    assert_eq!(taken.1.as_ref().unwrap().recv(), Ok(7));
}

fn bounded_send() -> Wait {
    let (sender, receiver) = mpsc::sync_channel(1);
    sender.send(0).unwrap();
    Wait {
        wait: Arc::new(move || sender.send(1).unwrap()),
        complete: Box::new(move || {
            assert_eq!(receiver.recv(), Ok(0));
            // It is not disconnected before the next wait, if there is one.
            std::mem::forget(receiver);
        }),
    }
}

fn rendezvous() -> Wait {
    let (sender, receiver) = mpsc::sync_channel(0);
    let receiver = NativeMutex::new(Some(receiver));
    let has_sent = Arc::new(AtomicBool::new(false));
    let sent = Arc::clone(&has_sent);
    Wait {
        wait: Arc::new(move || {
            if !has_sent.load(Ordering::Relaxed) {
                receives(&receiver);
            }
        }),
        complete: Box::new(move || {
            sender.send(7).unwrap();
            sent.store(true, Ordering::Relaxed);
        }),
    }
}

fn join() -> Wait {
    join_of(|body| {
        let handle = thread::spawn(body);
        Box::new(move || handle.join().unwrap())
    })
}

fn native_join() -> Wait {
    join_of(|body| {
        let handle = greenpatch::native(|| thread::spawn(body));
        Box::new(move || handle.join().unwrap())
    })
}

type Body = Box<dyn FnOnce() + Send>;

/// A handle is joined once, so each wait has a thread of its own, which ends when all may.
fn join_of(spawn: fn(Body) -> Body) -> Wait {
    let may_end = Arc::new(OnceLock::new());
    let other = Arc::clone(&may_end);
    Wait {
        wait: Arc::new(move || {
            let may_end = Arc::clone(&may_end);
            spawn(Box::new(move || _ = may_end.wait()))();
        }),
        complete: Box::new(move || other.set(()).unwrap()),
    }
}

fn park() -> Wait {
    let waiting = Arc::new((NativeMutex::new(None), AtomicBool::new(false)));
    let other = Arc::clone(&waiting);
    Wait {
        wait: Arc::new(move || {
            *waiting.0.lock().unwrap() = Some(thread::current());
            while !waiting.1.load(Ordering::SeqCst) {
                thread::park();
            }
        }),
        complete: Box::new(move || {
            other.1.store(true, Ordering::SeqCst);
            let thread = other.0.lock().unwrap().take();
            if let Some(thread) = thread {
                thread.unpark();
            }
        }),
    }
}

fn future() -> Wait {
    let shared = Arc::new((
        AtomicBool::new(false),
        NativeMutex::new(None::<std::task::Waker>),
    ));
    let other = Arc::clone(&shared);
    Wait {
        wait: Arc::new(move || {
            block_on(std::future::poll_fn(|context| {
                *shared.1.lock().unwrap() = Some(context.waker().clone());
                match shared.0.load(Ordering::SeqCst) {
                    true => std::task::Poll::Ready(()),
                    false => std::task::Poll::Pending,
                }
            }));
        }),
        complete: Box::new(move || {
            other.0.store(true, Ordering::SeqCst);
            let waker = other.1.lock().unwrap().take();
            if let Some(waker) = waker {
                waker.wake();
            }
        }),
    }
}

fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let one = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (one, listener.accept().unwrap().0)
}

fn tcp_read() -> Wait {
    let (one, mut other) = tcp_pair();
    Wait {
        wait: Arc::new(move || read_one(&one)),
        complete: Box::new(move || {
            other.write_all(&[1]).unwrap();
            std::mem::forget(other);
        }),
    }
}

/// Reads one byte. On a stream the peer of which has closed it, there is none.
fn read_one(mut stream: impl Read) {
    let mut byte = [0];
    assert_eq!(stream.read(&mut byte).unwrap(), 1);
    assert_eq!(byte, [1]);
}

/// Fills the stream, and then writes more than there can be room for.
fn tcp_write() -> Wait {
    let (mut one, mut other) = tcp_pair();
    one.set_nonblocking(true).unwrap();
    while one.write(&[0; 4096]).is_ok() {}
    one.set_nonblocking(false).unwrap();
    Wait {
        wait: Arc::new(move || (&one).write_all(&vec![1; 16 << 20]).unwrap()),
        complete: Box::new(move || {
            thread::spawn(move || {
                let mut buffer = vec![0; 1 << 16];
                while other.read(&mut buffer).is_ok_and(|read| read > 0) {}
            });
        }),
    }
}

fn accept() -> Wait {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    Wait {
        wait: Arc::new(move || drop(listener.accept().unwrap())),
        complete: Box::new(move || std::mem::forget(TcpStream::connect(address).unwrap())),
    }
}

fn udp_receive() -> Wait {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    Wait {
        wait: Arc::new(move || assert_eq!(socket.recv(&mut [0; 8]).unwrap(), 3)),
        complete: Box::new(move || {
            let other = UdpSocket::bind("127.0.0.1:0").unwrap();
            other.send_to(b"abc", address).unwrap();
        }),
    }
}

fn unix_read() -> Wait {
    let (one, mut other) = UnixStream::pair().unwrap();
    Wait {
        wait: Arc::new(move || read_one(&one)),
        complete: Box::new(move || {
            other.write_all(&[1]).unwrap();
            std::mem::forget(other);
        }),
    }
}

fn pipe_read() -> Wait {
    let (reader, mut writer) = greenpatch::io::pipe().unwrap();
    Wait {
        wait: Arc::new(move || read_one(&reader)),
        complete: Box::new(move || {
            writer.write_all(&[1]).unwrap();
            std::mem::forget(writer);
        }),
    }
}

/// The child lives until its input ends.
fn child_wait() -> Wait {
    let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    let input = child.stdin.take();
    let child = NativeMutex::new(Some(child));
    Wait {
        wait: Arc::new(move || {
            struct PutBack<'a>(
                &'a NativeMutex<Option<greenpatch::process::Child>>,
                Option<greenpatch::process::Child>,
            );
            impl Drop for PutBack<'_> {
                fn drop(&mut self) {
                    *self.0.lock().unwrap_or_else(|error| error.into_inner()) = self.1.take();
                }
            }

            let taken = child
                .lock()
                .unwrap_or_else(|error| error.into_inner())
                .take();
            let mut taken = PutBack(&child, taken);
            assert!(taken.1.as_mut().unwrap().wait().unwrap().success());
        }),
        complete: Box::new(move || drop(input)),
    }
}
