//! Name resolution. Threads that look up the same name at the same time share one look-up.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as StdToSocketAddrs};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::seam::{dns, offload};
use crate::wait::reason::Kind;
use crate::wait::wait_while;

/// One look-up. Holds its result once it is complete.
type LookUp = OnceLock<Result<Vec<SocketAddr>, Failure>>;

/// The look-ups that are not complete, by name. No thread blocks while it holds the lock.
static PENDING: Mutex<BTreeMap<Box<str>, Arc<LookUp>>> = Mutex::new(BTreeMap::new());

/// The part of an error that waiters on the look-up of another thread receive.
#[derive(Debug)]
struct Failure {
    kind: io::ErrorKind,
    message: String,
}

/// Looks up a name.
pub(super) fn look_up(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let mut look_ups = PENDING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(theirs) = look_ups.get(host).map(Arc::clone) {
        drop(look_ups);
        return share(&theirs, port);
    }
    let ours = Arc::new(LookUp::new());
    look_ups.insert(host.into(), ours.clone());
    drop(look_ups);

    let publish = Publish { host, ours: &ours };
    let result = offload::run(offload::name_lookup, || {
        Ok((host, port).to_socket_addrs()?.collect::<Vec<_>>())
    });
    let copy = match &result {
        Ok(addresses) => Ok(addresses.clone()),
        Err(error) => Err(Failure::of(error)),
    };
    let _ = ours.set(copy);
    drop(publish);
    result
}

/// Waits for the look-up of another thread.
fn share(theirs: &LookUp, port: u16) -> io::Result<Vec<SocketAddr>> {
    wait_while::wait_while(
        dns::wait,
        Kind::Call("greenpatch-name"),
        theirs,
        None,
        || theirs.get().is_none(),
    );
    match theirs
        .get()
        .expect("the wait ends when the look-up is complete")
    {
        Ok(addresses) => {
            let mut addresses = addresses.clone();
            addresses
                .iter_mut()
                .for_each(|address| address.set_port(port));
            Ok(addresses)
        }
        Err(Failure { kind, message }) => Err(io::Error::new(*kind, message.clone())),
    }
}

impl Failure {
    fn of(error: &io::Error) -> Failure {
        Failure {
            kind: error.kind(),
            message: error.to_string(),
        }
    }
}

/// Completes a look-up when dropped, also while unwinding: removes it from `PENDING` and wakes the waiters.
struct Publish<'a> {
    host: &'a str,
    ours: &'a Arc<LookUp>,
}

impl Drop for Publish<'_> {
    fn drop(&mut self) {
        let mut look_ups = PENDING.lock().unwrap_or_else(PoisonError::into_inner);
        look_ups.remove(self.host);
        drop(look_ups);
        self.ours.get_or_init(|| {
            Err(Failure {
                kind: io::ErrorKind::Other,
                message: "the look-up of the name panicked".to_owned(),
            })
        });
        wait_while::wake_all(&**self.ours);
    }
}
