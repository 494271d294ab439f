//! The names of std's functions for the seams that they wait by.
//!
//! Several functions of std wait by one seam and are patched, or left out, together. The most prominent ones are listed
//! wherever items are; the others can be given by name, too. A name is that of an item of the source's target module, or
//! begins with `std::`.
#![forbid(unsafe_code)]

use crate::patch::replacement::Known;

const fn known(shown: &'static [&'static str], also: &'static [&'static str]) -> Known {
    Known { shown, also }
}

// std::thread
pub(super) const START: Known = known(
    &["spawn"],
    &["Builder::spawn", "Builder::spawn_scoped", "Scope::spawn"],
);
pub(super) const YIELD_NOW: Known = known(&["yield_now"], &[]);
pub(super) const PARK: Known = known(&["park"], &["park_timeout", "park_timeout_ms"]);
pub(super) const JOIN: Known = known(&["JoinHandle::join"], &["ScopedJoinHandle::join", "scope"]);
pub(super) const SLEEP: Known = known(&["sleep"], &["sleep_ms"]);
pub(super) const LOCAL: Known = known(&["LocalKey::with"], &["std::thread::LocalKey::with"]);

// Needed for every green thread: never left out.
pub(super) const INTERNAL: Known = known(&[], &[]);
pub(super) const PANICKING: Known = known(&[], &["panicking"]);
pub(super) const CAUGHT: Known = known(&[], &["std::panic::catch_unwind"]);
pub(super) const PANICKED: Known = known(&[], &["std::panic::resume_unwind"]);
pub(super) const SET_HOOK: Known = known(&[], &["std::panic::set_hook"]);
pub(super) const TAKE_HOOK: Known = known(&[], &["std::panic::take_hook"]);
pub(super) const EXIT: Known = known(&[], &["std::process::exit"]);
pub(super) const BUSY: Known = known(&[], &["std::hint::spin_loop"]);

// std::sync
pub(super) const WAIT_LOCK: Known = known(
    &[
        "Mutex::lock",
        "RwLock::read",
        "RwLock::write",
        "Once::call_once",
    ],
    &[
        "Once::call_once_force",
        "Once::wait",
        "OnceLock::get_or_init",
        "OnceLock::wait",
        "LazyLock::force",
    ],
);
pub(super) const WAIT_SIGNAL: Known = known(
    &[
        "Condvar::wait",
        "Barrier::wait",
        "mpsc::Receiver::recv",
        "mpsc::SyncSender::send",
    ],
    &[
        "Condvar::wait_while",
        "Condvar::wait_timeout",
        "Condvar::wait_timeout_ms",
        "Condvar::wait_timeout_while",
        "mpsc::Receiver::recv_timeout",
        "mpsc::Receiver::iter",
    ],
);
pub(super) const FILE_LOCK: Known =
    known(&["std::fs::File::lock"], &["std::fs::File::lock_shared"]);

// std::io
pub(super) const INPUT: Known = known(
    &["Stdin::read_line"],
    &[
        "Stdin::read",
        "Stdin::lines",
        "StdinLock::read",
        "read_to_string",
    ],
);
pub(super) const OUTPUT: Known = known(
    &["Stdout::write", "Stderr::write"],
    &[
        "Stdout::flush",
        "Stdout::lock",
        "StdoutLock::write",
        "Stderr::lock",
        "StderrLock::write",
    ],
);
pub(super) const PRINT: Known = known(
    &["std::print", "std::println", "std::eprint", "std::eprintln"],
    &[],
);

// std::net, and std::os::unix::net
pub(super) const TRANSFER: Known = known(
    &[
        "TcpStream::read",
        "TcpStream::write",
        "TcpListener::accept",
        "UdpSocket::recv",
        "UdpSocket::send",
        "std::os::unix::net::UnixStream::read",
        "std::os::unix::net::UnixStream::write",
        "std::os::unix::net::UnixListener::accept",
        "std::os::unix::net::UnixDatagram::recv",
        "std::os::unix::net::UnixDatagram::send",
    ],
    &[
        "TcpStream::peek",
        "TcpStream::connect",
        "TcpStream::connect_timeout",
        "TcpListener::incoming",
        "UdpSocket::recv_from",
        "UdpSocket::send_to",
        "UdpSocket::peek",
        "UdpSocket::peek_from",
        "std::os::unix::net::UnixListener::incoming",
        "std::os::unix::net::UnixDatagram::recv_from",
        "std::os::unix::net::UnixDatagram::send_to",
    ],
);
pub(super) const CONNECT: Known = known(&["std::os::unix::net::UnixStream::connect"], &[]);
pub(super) const LOOK_UP: Known = known(&["ToSocketAddrs::to_socket_addrs"], &[]);

// std::process, and pipes
pub(super) const PIPE: Known = known(
    &[
        "ChildStdout::read",
        "ChildStdin::write",
        "std::io::PipeReader::read",
        "std::io::PipeWriter::write",
    ],
    &["ChildStderr::read"],
);
pub(super) const CHILD_WAIT: Known = known(&["Child::wait"], &["Command::status"]);
pub(super) const CHILD_OUTPUT: Known = known(&["Child::wait_with_output"], &["Command::output"]);

// std::fs
pub(super) const FILE: Known = known(
    &[
        "File::open",
        "File::read",
        "File::write",
        "read",
        "write",
        "read_dir",
        "metadata",
    ],
    &[
        "File::create",
        "File::create_new",
        "File::sync_all",
        "File::sync_data",
        "File::set_len",
        "File::metadata",
        "File::set_permissions",
        "File::set_modified",
        "File::set_times",
        "OpenOptions::open",
        "canonicalize",
        "copy",
        "create_dir",
        "create_dir_all",
        "exists",
        "hard_link",
        "read_link",
        "read_to_string",
        "remove_dir",
        "remove_dir_all",
        "remove_file",
        "rename",
        "set_permissions",
        "symlink_metadata",
        "DirBuilder::create",
        "ReadDir::next",
        "DirEntry::metadata",
        "DirEntry::file_type",
    ],
);

// libc
#[cfg(greenpatch_libc)]
pub(super) const FUTEX: Known = known(&["syscall"], &["futex"]);
#[cfg(greenpatch_libc)]
pub(super) const SCHED_YIELD: Known = known(&["sched_yield"], &[]);
#[cfg(greenpatch_libc)]
pub(super) const LIBC_POLL: Known = known(
    &["poll", "select", "epoll_wait"],
    &["ppoll", "pselect", "epoll_pwait", "epoll_pwait2"],
);
#[cfg(greenpatch_libc)]
pub(super) const LIBC_TRANSFER: Known = known(
    &["read", "write", "recv", "send", "accept", "connect"],
    &[
        "readv",
        "writev",
        "recvfrom",
        "recvmsg",
        "recvmmsg",
        "sendto",
        "sendmsg",
        "sendmmsg",
        "accept4",
        "eventfd_read",
        "eventfd_write",
    ],
);
#[cfg(greenpatch_libc)]
pub(super) const LIBC_SLEEP: Known = known(&["sleep", "nanosleep"], &["usleep", "clock_nanosleep"]);
#[cfg(greenpatch_libc)]
pub(super) const LIBC_CHILD: Known = known(&["waitpid", "waitid"], &["wait", "wait3", "wait4"]);
#[cfg(greenpatch_libc)]
pub(super) const LIBC_NAME: Known = known(
    &["getaddrinfo", "gethostbyname"],
    &[
        "getnameinfo",
        "gethostbyname2",
        "gethostbyaddr",
        "gethostbyname_r",
        "gethostbyname2_r",
        "gethostbyaddr_r",
    ],
);
#[cfg(greenpatch_libc)]
pub(super) const LIBC_FILE_LOCK: Known = known(&["flock", "lockf"], &["fcntl"]);
#[cfg(greenpatch_libc)]
pub(super) const PTHREAD_MUTEX: Known = known(
    &["pthread_mutex_lock"],
    &["pthread_mutex_timedlock", "pthread_mutex_clocklock"],
);
#[cfg(greenpatch_libc)]
pub(super) const PTHREAD_COND: Known = known(
    &["pthread_cond_wait"],
    &["pthread_cond_timedwait", "pthread_cond_clockwait"],
);
#[cfg(greenpatch_libc)]
pub(super) const PTHREAD_RWLOCK: Known = known(
    &["pthread_rwlock_rdlock"],
    &[
        "pthread_rwlock_wrlock",
        "pthread_rwlock_timedrdlock",
        "pthread_rwlock_timedwrlock",
    ],
);
#[cfg(greenpatch_libc)]
pub(super) const SEMAPHORE: Known = known(&["sem_wait"], &["sem_timedwait"]);
#[cfg(greenpatch_libc)]
pub(super) const PTHREAD_ONCE: Known = known(&["pthread_once"], &[]);
#[cfg(greenpatch_libc)]
pub(super) const PTHREAD_JOIN: Known = known(&["pthread_join"], &[]);
#[cfg(greenpatch_libc)]
pub(super) const PTHREAD_BARRIER: Known = known(&["pthread_barrier_wait"], &[]);
