//! Why something blocks, and the functions of the C library that do.

use serde::{Deserialize, Serialize};

/// The functions of the C library that wait for something to happen.
pub(super) const WAITING: &[&str] = &[
    "clock_nanosleep",
    "epoll_pwait",
    "epoll_pwait2",
    "epoll_wait",
    "flock",
    "getaddrinfo",
    "gethostbyname",
    "getnameinfo",
    "io_getevents",
    "lockf",
    "nanosleep",
    "pause",
    "poll",
    "ppoll",
    "pselect",
    "pthread_barrier_wait",
    "pthread_cond_timedwait",
    "pthread_cond_wait",
    "pthread_join",
    "pthread_mutex_lock",
    "pthread_rwlock_rdlock",
    "pthread_rwlock_wrlock",
    "select",
    "sem_timedwait",
    "sem_wait",
    "semop",
    "sigsuspend",
    "sigtimedwait",
    "sigwait",
    "sigwaitinfo",
    "sleep",
    "system",
    "tcdrain",
    "usleep",
    "wait",
    "wait3",
    "wait4",
    "waitid",
    "waitpid",
];

/// Those that wait as well, unless their descriptor is set not to block.
pub(super) const ON_DESCRIPTORS: &[&str] = &[
    "accept",
    "accept4",
    "connect",
    "mq_receive",
    "mq_send",
    "mq_timedreceive",
    "msgrcv",
    "msgsnd",
    "pread",
    "preadv",
    "read",
    "readv",
    "recv",
    "recvfrom",
    "recvmmsg",
    "recvmsg",
    "send",
    "sendfile",
    "sendmmsg",
    "sendmsg",
    "sendto",
    "splice",
    "write",
    "writev",
];

/// Why something waits below std.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Cause {
    /// It calls a function of the C library that waits.
    Libc,
    /// It has locks or signals that are built on futexes.
    Futex,
    /// It makes system calls without the C library.
    SystemCall,
    /// It calls a function of the C library that waits unless its descriptor is set not to block.
    Descriptor,
    /// It links a C library.
    Links,
}

/// Why a function of the C library blocks, if it does.
pub(super) fn cause(function: &str) -> Option<Cause> {
    if WAITING.contains(&function) {
        Some(Cause::Libc)
    } else {
        let waits = ON_DESCRIPTORS.contains(&function);
        waits.then_some(Cause::Descriptor)
    }
}
