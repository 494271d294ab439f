//! Conversion of Unix-domain addresses between the types of std and of socket2.
#![forbid(unsafe_code)]

#[cfg(target_os = "linux")]
use std::ffi::OsStr;
use std::io;
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt;
#[cfg(target_os = "linux")]
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::SocketAddr;

use socket2::SockAddr;

/// Converts an address of std.
pub(super) fn to_os(address: &SocketAddr) -> io::Result<SockAddr> {
    #[cfg(target_os = "linux")]
    if let Some(name) = address.as_abstract_name() {
        let name = [b"\0", name].concat();
        return SockAddr::unix(OsStr::from_bytes(&name));
    }
    match address.as_pathname() {
        Some(path) => SockAddr::unix(path),
        None => Err(io::Error::from(io::ErrorKind::InvalidInput)),
    }
}

/// Converts an address into that of std.
pub(super) fn from_os(address: &SockAddr) -> io::Result<SocketAddr> {
    #[cfg(target_os = "linux")]
    if let Some(name) = address.as_abstract_namespace() {
        return SocketAddr::from_abstract_name(name);
    }
    match address.as_pathname() {
        Some(path) => SocketAddr::from_pathname(path),
        // An unnamed address.
        None => SocketAddr::from_pathname(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let path = SocketAddr::from_pathname("/tmp/a socket").unwrap();
        let back = from_os(&to_os(&path).unwrap()).unwrap();
        assert_eq!(back.as_pathname(), path.as_pathname());
        assert!(from_os(&SockAddr::unix("").unwrap()).unwrap().is_unnamed());
        #[cfg(target_os = "linux")]
        for name in [&b"abstract"[..], b"with \0 null", b""] {
            let address = SocketAddr::from_abstract_name(name).unwrap();
            let back = from_os(&to_os(&address).unwrap()).unwrap();
            assert_eq!(back.as_abstract_name(), Some(name));
        }
    }
}
