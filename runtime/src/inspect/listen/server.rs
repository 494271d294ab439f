//! The OS thread that answers. It waits for all clients at once, and for none of them alone.
#![allow(unsafe_code)]

use std::io::ErrorKind;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use socket2::Socket;

use super::client::Client;
use super::descriptors::{self, Descriptor, MOST_CLIENTS};

/// How long no client is accepted after the OS has had no descriptor for one.
const PAUSE: Duration = Duration::from_secs(1);

struct Attached {
    client: Client,
    place: &'static Descriptor,
}

impl Drop for Attached {
    fn drop(&mut self) {
        // Before the socket is dropped, see the invariant of `descriptors`.
        self.place.clear();
    }
}

/// The body of the thread.
pub(super) fn serve(listener: Socket) -> ! {
    let opened = Instant::now();
    let mut clients: Vec<Attached> = Vec::new();
    let mut paused_until: Option<Instant> = None;
    loop {
        let now = Instant::now();
        paused_until = paused_until.filter(|until| *until > now);
        let mut watched: Vec<libc::pollfd> = (clients.iter())
            .map(|attached| watch(&attached.client.socket, attached.client.is_behind()))
            .collect();
        if paused_until.is_none() {
            watched.push(watch(&listener, false));
        }
        let deadlines = clients.iter().filter_map(|one| one.client.deadline());
        let requests = clients.iter().filter(|one| one.client.has_request());
        let next = deadlines.chain(paused_until).chain(requests.map(|_| now));
        let next = next.min();
        wait(&mut watched, next.map(|next| next - now.min(next)));
        let now = Instant::now();
        let mut events = watched.iter().map(|watched| watched.revents != 0);
        clients.retain_mut(|attached| {
            let is_ready = events.next().unwrap_or(false) || attached.client.has_request();
            let is_late = |deadline| deadline <= now;
            match is_ready {
                true => attached.client.go_on(opened).is_ok(),
                false => !attached.client.deadline().is_some_and(is_late),
            }
        });
        if events.next().unwrap_or(false) && !accept(&listener, &mut clients) {
            paused_until = Some(Instant::now() + PAUSE);
        }
    }
}

fn watch(socket: &Socket, writes: bool) -> libc::pollfd {
    libc::pollfd {
        fd: socket.as_raw_fd(),
        events: if writes { libc::POLLOUT } else { libc::POLLIN },
        revents: 0,
    }
}

/// Waits until a descriptor is ready, or for this time.
fn wait(watched: &mut [libc::pollfd], time: Option<Duration>) {
    let milliseconds = time.map_or(-1, |time| {
        let whole = time.as_nanos().div_ceil(1_000_000);
        i32::try_from(whole).unwrap_or(i32::MAX)
    });
    let count = watched.len() as libc::nfds_t;
    // SAFETY: there are as many entries, valid for reads and writes.
    let result = unsafe { libc::poll(watched.as_mut_ptr(), count, milliseconds) };
    if result < 0 {
        // The thread has no signals, so the OS lacks memory; what is ready is not known.
        for watched in watched {
            watched.revents = 0;
        }
        #[expect(clippy::disallowed_methods, reason = "an OS thread of its own")]
        std::thread::sleep(PAUSE);
    }
}

/// Accepts those that wait. Returns false if the OS cannot.
fn accept(listener: &Socket, clients: &mut Vec<Attached>) -> bool {
    loop {
        let socket = match listener.accept() {
            Ok((socket, _)) => socket,
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock => return true,
                ErrorKind::Interrupted | ErrorKind::ConnectionAborted => continue,
                _ => return false,
            },
        };
        if socket.set_nonblocking(true).is_err() {
            continue;
        }
        let place = descriptors::CLIENTS.iter().find(|place| place.is_free());
        let Some(place) = place else {
            Client::new(socket).refuse(&format!(
                "{MOST_CLIENTS} clients are attached already, which is the most"
            ));
            continue;
        };
        place.set(&socket);
        let client = Client::new(socket);
        clients.push(Attached { client, place });
    }
}
