//! greenpatch's types have std's `Send`, `Sync`, `Unpin` and unwind safety.
//!
//! Each type is checked with parameters that lack one of these. greenpatch's type has exactly the auto traits of std's.

use std::cell::{Cell, RefCell};
use std::marker::{PhantomData, PhantomPinned};
use std::panic::{RefUnwindSafe, UnwindSafe};

/// Neither `Send` nor `Sync`.
type Neither = *const ();
/// `Send`, not `Sync`.
type SendOnly = Cell<u8>;
/// `Sync`, not `Send`.
type SyncOnly = std::sync::MutexGuard<'static, u8>;
/// `Send` and `Sync`, not unwind safe by reference.
type Unsafe = std::sync::Arc<Mutable>;
/// Not `Unpin`.
type Pinned = PhantomPinned;

struct Mutable(#[allow(dead_code)] RefCell<u8>);
// SAFETY: none is ever made.
unsafe impl Sync for Mutable {}

/// Tells whether a type has a trait, without requiring it: an inherent method, which exists only if the type has the
/// trait, takes precedence over the method of a trait that every type has.
struct Ask<T: ?Sized>(PhantomData<fn(&T)>);

macro_rules! questions {
    ($($ask:ident: $no:ident, $bound:path;)*) => {
        $(
            trait $no {
                fn $ask() -> bool {
                    false
                }
            }
            impl<T: ?Sized> $no for Ask<T> {}
            impl<T: ?Sized + $bound> Ask<T> {
                fn $ask() -> bool {
                    true
                }
            }
        )*
    };
}
questions! {
    is_send: NotSend, Send;
    is_sync: NotSync, Sync;
    is_unpin: NotUnpin, Unpin;
    is_unwind_safe: NotUnwindSafe, UnwindSafe;
    is_ref_unwind_safe: NotRefUnwindSafe, RefUnwindSafe;
}

macro_rules! traits {
    ($type:ty) => {
        [
            ("Send", Ask::<$type>::is_send()),
            ("Sync", Ask::<$type>::is_sync()),
            ("Unpin", Ask::<$type>::is_unpin()),
            ("UnwindSafe", Ask::<$type>::is_unwind_safe()),
            ("RefUnwindSafe", Ask::<$type>::is_ref_unwind_safe()),
        ]
    };
}

macro_rules! same {
    ($test:ident, |$param:ident| $($type:tt)*) => {
        #[test]
        fn $test() {
            mod ours {
                #[allow(unused_imports)]
                use greenpatch::sync::*;
                #[allow(unused_imports)]
                use greenpatch::thread;
                #[allow(unused_imports)]
                use std::marker::PhantomData;
                pub(super) type It<$param> = $($type)*;
            }
            mod theirs {
                #[allow(unused_imports)]
                use std::marker::PhantomData;
                #[allow(unused_imports)]
                use std::sync::*;
                #[allow(unused_imports)]
                use std::thread;
                pub(super) type It<$param> = $($type)*;
            }
            assert_eq!(traits!(ours::It<u8>), traits!(theirs::It<u8>));
            assert_eq!(traits!(ours::It<Neither>), traits!(theirs::It<Neither>));
            assert_eq!(traits!(ours::It<SendOnly>), traits!(theirs::It<SendOnly>));
            assert_eq!(traits!(ours::It<SyncOnly>), traits!(theirs::It<SyncOnly>));
            assert_eq!(traits!(ours::It<Unsafe>), traits!(theirs::It<Unsafe>));
            assert_eq!(traits!(ours::It<Pinned>), traits!(theirs::It<Pinned>));
        }
    };
}

/// The answers are not constant: those for these types are known.
#[test]
fn the_questions_tell_apart() {
    let known = [
        traits!(u8).map(|(_, has)| has),
        traits!(Neither).map(|(_, has)| has),
        traits!(SendOnly).map(|(_, has)| has),
        traits!(SyncOnly).map(|(_, has)| has),
        traits!(Unsafe).map(|(_, has)| has),
        traits!(Pinned).map(|(_, has)| has),
    ];
    let expected = [
        [true, true, true, true, true],
        [false, false, true, true, true],
        [true, false, true, true, false],
        [false, true, true, true, true],
        [true, true, true, false, false],
        [true, true, false, true, true],
    ];
    assert_eq!(known, expected);
}

same!(mutex, |T| Mutex<T>);
same!(mutex_guard, |T| MutexGuard<'static, T>);
same!(rwlock, |T| RwLock<T>);
same!(rwlock_read_guard, |T| RwLockReadGuard<'static, T>);
same!(rwlock_write_guard, |T| RwLockWriteGuard<'static, T>);
same!(once_lock, |T| OnceLock<T>);
same!(lazy_lock, |T| LazyLock<T>);
same!(lazy_lock_of_closure, |T| LazyLock<u8, T>);
same!(condvar, |T| (Condvar, PhantomData<T>));
same!(wait_timeout_result, |T| (WaitTimeoutResult, PhantomData<T>));
same!(barrier, |T| (Barrier, PhantomData<T>));
same!(barrier_wait_result, |T| (BarrierWaitResult, PhantomData<T>));
same!(once, |T| (Once, PhantomData<T>));
same!(once_state, |T| (OnceState, PhantomData<T>));
same!(sender, |T| mpsc::Sender<T>);
same!(sync_sender, |T| mpsc::SyncSender<T>);
same!(receiver, |T| mpsc::Receiver<T>);
same!(iter, |T| mpsc::Iter<'static, T>);
same!(try_iter, |T| mpsc::TryIter<'static, T>);
same!(into_iter, |T| mpsc::IntoIter<T>);
same!(join_handle, |T| thread::JoinHandle<T>);
same!(scoped_join_handle, |T| thread::ScopedJoinHandle<'static, T>);
same!(scope, |T| (thread::Scope<'static, 'static>, PhantomData<T>));
same!(thread, |T| (thread::Thread, PhantomData<T>));
same!(builder, |T| (thread::Builder, PhantomData<T>));

/// All threads share the patch table, so its types need `Send` and `Sync`.
#[test]
fn the_patch_table() {
    type Function = fn(Neither) -> Neither;
    type Closure = dyn Fn(Neither) -> Neither + Send + Sync;
    macro_rules! shared {
        ($($type:ty),* $(,)?) => {
            $(
                let [send, sync, ..] = traits!($type);
                assert!(send.1 && sync.1, "{}: {send:?}, {sync:?}", stringify!($type));
            )*
        };
    }
    shared!(
        greenpatch::Slot<Function, Closure>,
        greenpatch::Point<Function>,
        greenpatch::Source,
        greenpatch::Plugin,
        greenpatch::Named,
        greenpatch::Overrides,
        greenpatch::Patcher,
        greenpatch::Settings,
        greenpatch::ThreadOptions,
        greenpatch::Patched,
        greenpatch::Report,
        greenpatch::CancelledBy,
        greenpatch::PatchError,
        greenpatch::DoNotPatch,
        greenpatch::PatchPoints,
        greenpatch::events::Subscription,
        greenpatch::events::WillPatchAll,
        greenpatch::events::WillPatchModule,
        greenpatch::events::DidPatchModule,
        greenpatch::events::DidPatchBuiltinModules,
        greenpatch::events::DidPatchAll,
    );
}

#[test]
fn sockets() {
    macro_rules! same {
        ($($path:ident)::+) => {
            assert_eq!(traits!(greenpatch::$($path)::+), traits!(std::$($path)::+));
        };
    }
    same!(net::TcpStream);
    same!(net::TcpListener);
    same!(net::UdpSocket);
    same!(os::unix::net::UnixStream);
    same!(os::unix::net::UnixListener);
    same!(os::unix::net::UnixDatagram);
    assert_eq!(
        traits!(greenpatch::net::Incoming<'_>),
        traits!(std::net::Incoming<'_>)
    );
}
