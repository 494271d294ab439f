//! Looking up names and addresses: a helper makes the call. It has a state of the resolver of its own, so options that a
//! program sets in its thread's `_res` do not apply.
#![allow(unsafe_code)]
#![allow(clippy::too_many_arguments, reason = "libc's functions have them")]

use std::ffi::{c_char, c_int, c_void};

use libc::{addrinfo, hostent, size_t, sockaddr, socklen_t};

use super::elsewhere::elsewhere;
use super::exports::exports;
use super::gate;
use super::real::real;
use crate::seam;

exports![
    getaddrinfo,
    getnameinfo,
    gethostbyname,
    gethostbyname2,
    gethostbyaddr,
    gethostbyname_r,
    gethostbyname2_r,
    gethostbyaddr_r,
];

real! { NAMES:
    fn getaddrinfo(node: *const c_char, service: *const c_char, hints: *const addrinfo, found: *mut *mut addrinfo) -> c_int;
    fn getnameinfo(address: *const sockaddr, length: socklen_t, host: *mut c_char, host_length: socklen_t, service: *mut c_char, service_length: socklen_t, flags: c_int) -> c_int;
    fn gethostbyname(name: *const c_char) -> *mut hostent;
    fn gethostbyname2(name: *const c_char, family: c_int) -> *mut hostent;
    fn gethostbyaddr(address: *const c_void, length: socklen_t, family: c_int) -> *mut hostent;
    fn gethostbyname_r(name: *const c_char, entry: *mut hostent, buffer: *mut c_char, length: size_t, found: *mut *mut hostent, error: *mut c_int) -> c_int;
    fn gethostbyname2_r(name: *const c_char, family: c_int, entry: *mut hostent, buffer: *mut c_char, length: size_t, found: *mut *mut hostent, error: *mut c_int) -> c_int;
    fn gethostbyaddr_r(address: *const c_void, length: socklen_t, family: c_int, entry: *mut hostent, buffer: *mut c_char, size: size_t, found: *mut *mut hostent, error: *mut c_int) -> c_int;
}

/// Defines a function that a helper calls.
macro_rules! looks_up {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty, unless $is_local:expr;)*) => {
        $(
            /// Looks something up.
            ///
            /// # Safety
            ///
            /// That of libc's.
            // SAFETY: it has the signature of libc's.
            #[unsafe(no_mangle)]
            unsafe extern "C-unwind" fn $name($($argument: $type),*) -> $result {
                // SAFETY: by the caller's contract.
                let own = || unsafe { Real::$name($($argument),*) };
                if !gate::is_open() || $is_local {
                    return own();
                }
                elsewhere(seam::libc_io::name_lookup, &mut || own()).unwrap_or_else(own)
            }
        )*
    };
}

looks_up! {
    getaddrinfo(node: *const c_char, service: *const c_char, hints: *const addrinfo, found: *mut *mut addrinfo) -> c_int,
        unless is_numeric(hints);
    getnameinfo(address: *const sockaddr, length: socklen_t, host: *mut c_char, host_length: socklen_t, service: *mut c_char, service_length: socklen_t, flags: c_int) -> c_int,
        unless flags & libc::NI_NUMERICHOST != 0;
    gethostbyname(name: *const c_char) -> *mut hostent, unless false;
    gethostbyname2(name: *const c_char, family: c_int) -> *mut hostent, unless false;
    gethostbyaddr(address: *const c_void, length: socklen_t, family: c_int) -> *mut hostent, unless false;
    gethostbyname_r(name: *const c_char, entry: *mut hostent, buffer: *mut c_char, length: size_t, found: *mut *mut hostent, error: *mut c_int) -> c_int,
        unless false;
    gethostbyname2_r(name: *const c_char, family: c_int, entry: *mut hostent, buffer: *mut c_char, length: size_t, found: *mut *mut hostent, error: *mut c_int) -> c_int,
        unless false;
    gethostbyaddr_r(address: *const c_void, length: socklen_t, family: c_int, entry: *mut hostent, buffer: *mut c_char, size: size_t, found: *mut *mut hostent, error: *mut c_int) -> c_int,
        unless false;
}

/// Returns true if nothing is looked up. The hints are those that a caller of `getaddrinfo` has vouched for.
fn is_numeric(hints: *const addrinfo) -> bool {
    if hints.is_null() {
        return false;
    }
    // SAFETY: they are valid for a read by the contract of `getaddrinfo`.
    let flags = unsafe { (*hints).ai_flags };
    flags & libc::AI_NUMERICHOST != 0
}
