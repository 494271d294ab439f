//! Clients of nginx by the C library libcurl, each with one connection. The server has files of the names `0` to `99`.

use std::ffi::{CStr, CString, c_char, c_int, c_long, c_void};
use std::net::SocketAddr;
use std::sync::Once;

use servers::{Client, Outcome};

enum Handle {}

const GLOBAL_DEFAULT: c_long = 3;
const NO_SIGNAL: c_int = 99;
const WRITE_DATA: c_int = 10_001;
const URL: c_int = 10_002;
const WRITE_FUNCTION: c_int = 20_011;

#[link(name = "curl")]
unsafe extern "C" {
    fn curl_global_init(flags: c_long) -> c_int;
    fn curl_easy_init() -> *mut Handle;
    fn curl_easy_setopt(handle: *mut Handle, option: c_int, ...) -> c_int;
    fn curl_easy_perform(handle: *mut Handle) -> c_int;
    fn curl_easy_strerror(error: c_int) -> *const c_char;
    fn curl_easy_cleanup(handle: *mut Handle);
}

struct Http {
    handle: *mut Handle,
    address: SocketAddr,
}

/// Adds up the bytes of a page.
extern "C" fn add(bytes: *const u8, size: usize, count: usize, sum: *mut u64) -> usize {
    // SAFETY: libcurl passes so many bytes, and the pointer that it was given.
    let (bytes, sum) = unsafe { (std::slice::from_raw_parts(bytes, size * count), &mut *sum) };
    *sum += bytes.iter().copied().map(u64::from).sum::<u64>();
    bytes.len()
}

impl Http {
    fn get(&self, name: u64) -> Outcome<u64> {
        let url = CString::new(format!("http://{}/{name}", self.address))?;
        let mut sum = 0_u64;
        let write: extern "C" fn(*const u8, usize, usize, *mut u64) -> usize = add;
        // SAFETY: the handle is one, the options have these types, and what they point to outlives the request.
        let result = unsafe {
            curl_easy_setopt(self.handle, NO_SIGNAL, 1 as c_long);
            curl_easy_setopt(self.handle, URL, url.as_ptr());
            curl_easy_setopt(self.handle, WRITE_FUNCTION, write);
            curl_easy_setopt(self.handle, WRITE_DATA, (&raw mut sum).cast::<c_void>());
            curl_easy_perform(self.handle)
        };
        if result != 0 {
            // SAFETY: each error has a string.
            let error = unsafe { CStr::from_ptr(curl_easy_strerror(result)) };
            return Err(error.to_string_lossy().into());
        }
        Ok(sum)
    }
}

impl Client for Http {
    fn connect(address: SocketAddr) -> Outcome<Http> {
        static ONCE: Once = Once::new();
        // SAFETY: no other thread is in libcurl, since all come by here first.
        ONCE.call_once(|| assert_eq!(unsafe { curl_global_init(GLOBAL_DEFAULT) }, 0));
        // SAFETY: libcurl is initialized.
        let handle = unsafe { curl_easy_init() };
        let http = Http { handle, address };
        http.get(0)?;
        Ok(http)
    }

    fn request(&mut self, number: u64, round: u64) -> Outcome<u64> {
        self.get((number + round) % 100)
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        // SAFETY: it is not used again.
        unsafe { curl_easy_cleanup(self.handle) };
    }
}

fn main() {
    servers::crowd::<Http>();
}
