//! Clients of nginx by TLS, by the C library OpenSSL over sockets of its own. The server has files of the names `0` to `99`.

use std::ffi::{CString, c_int, c_long, c_void};
use std::net::SocketAddr;
use std::ptr;

use servers::{Client, Outcome};

enum Method {}
enum Context {}
enum Bio {}

const SET_CONNECT: c_int = 100;
const DO_STATE_MACHINE: c_int = 101;

#[link(name = "ssl")]
unsafe extern "C" {
    fn TLS_client_method() -> *const Method;
    fn SSL_CTX_new(method: *const Method) -> *mut Context;
    fn SSL_CTX_free(context: *mut Context);
    fn BIO_new_ssl_connect(context: *mut Context) -> *mut Bio;
}

#[link(name = "crypto")]
unsafe extern "C" {
    fn BIO_ctrl(bio: *mut Bio, command: c_int, number: c_long, pointer: *mut c_void) -> c_long;
    fn BIO_read(bio: *mut Bio, buffer: *mut c_void, length: c_int) -> c_int;
    fn BIO_write(bio: *mut Bio, buffer: *const c_void, length: c_int) -> c_int;
    fn BIO_free_all(bio: *mut Bio);
}

struct Https {
    context: *mut Context,
    bio: *mut Bio,
}

impl Https {
    /// Requests a page, and returns what it consists of.
    fn get(&self, name: u64) -> Outcome<Vec<u8>> {
        let request = format!("GET /{name} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        // SAFETY: the request is valid for a read of its length.
        let written =
            unsafe { BIO_write(self.bio, request.as_ptr().cast(), request.len() as c_int) };
        if usize::try_from(written) != Ok(request.len()) {
            return Err("the request is not written".into());
        }
        let mut answer = Vec::new();
        loop {
            if let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = std::str::from_utf8(&answer[..end])?;
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("Content-Length: "));
                let length: usize = length.ok_or("no length")?.parse()?;
                if answer.len() >= end + 4 + length {
                    return Ok(answer.split_off(end + 4));
                }
            }
            let mut buffer = [0_u8; 4096];
            let room = buffer.len() as c_int;
            // SAFETY: the buffer is valid for a write of its length.
            let read = unsafe { BIO_read(self.bio, buffer.as_mut_ptr().cast(), room) };
            match usize::try_from(read) {
                Ok(read @ 1..) => answer.extend_from_slice(&buffer[..read]),
                _ => return Err("the connection ends".into()),
            }
        }
    }
}

impl Client for Https {
    fn connect(address: SocketAddr) -> Outcome<Https> {
        let to = CString::new(address.to_string())?;
        // SAFETY: the context and the connection are made and used as OpenSSL asks for.
        let (https, connected) = unsafe {
            let context = SSL_CTX_new(TLS_client_method());
            let bio = BIO_new_ssl_connect(context);
            BIO_ctrl(bio, SET_CONNECT, 0, to.as_ptr().cast_mut().cast());
            (
                Https { context, bio },
                BIO_ctrl(bio, DO_STATE_MACHINE, 0, ptr::null_mut()),
            )
        };
        if connected != 1 {
            return Err("no connection".into());
        }
        https.get(0)?;
        Ok(https)
    }

    fn request(&mut self, number: u64, round: u64) -> Outcome<u64> {
        let page = self.get((number + round) % 100)?;
        Ok(page.into_iter().map(u64::from).sum())
    }
}

impl Drop for Https {
    fn drop(&mut self) {
        // SAFETY: neither is used again.
        unsafe {
            BIO_free_all(self.bio);
            SSL_CTX_free(self.context);
        }
    }
}

fn main() {
    servers::crowd::<Https>();
}
