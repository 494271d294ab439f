//! Clients of PostgreSQL by its C library, libpq, which waits in `poll`. The server trusts the user `postgres`.

use std::ffi::{CStr, CString, c_char, c_int};
use std::net::SocketAddr;

use servers::{Client, Outcome};

enum Connection {}
enum Answer {}

const CONNECTION_OK: c_int = 0;
const TUPLES_OK: c_int = 2;

#[link(name = "pq")]
unsafe extern "C" {
    fn PQconnectdb(parameters: *const c_char) -> *mut Connection;
    fn PQstatus(connection: *const Connection) -> c_int;
    fn PQerrorMessage(connection: *const Connection) -> *const c_char;
    fn PQexec(connection: *mut Connection, statement: *const c_char) -> *mut Answer;
    fn PQresultStatus(answer: *const Answer) -> c_int;
    fn PQgetvalue(answer: *const Answer, row: c_int, column: c_int) -> *const c_char;
    fn PQclear(answer: *mut Answer);
    fn PQfinish(connection: *mut Connection);
}

struct Postgres(*mut Connection);

impl Postgres {
    fn error(&self) -> String {
        // SAFETY: the connection is open, and its message a string.
        let message = unsafe { CStr::from_ptr(PQerrorMessage(self.0)) };
        message.to_string_lossy().into_owned()
    }
}

impl Client for Postgres {
    fn connect(address: SocketAddr) -> Outcome<Postgres> {
        let (host, port) = (address.ip(), address.port());
        let parameters = CString::new(format!(
            "host={host} port={port} user=postgres dbname=postgres sslmode=disable gssencmode=disable"
        ))?;
        // SAFETY: the parameters are a string.
        let postgres = Postgres(unsafe { PQconnectdb(parameters.as_ptr()) });
        // SAFETY: the connection is there, whether it is open or not.
        match unsafe { PQstatus(postgres.0) } {
            CONNECTION_OK => Ok(postgres),
            _ => Err(postgres.error().into()),
        }
    }

    fn request(&mut self, number: u64, round: u64) -> Outcome<u64> {
        // The server takes its time, so that all clients wait at once.
        let statement = format!("SELECT {number} * {round} FROM pg_sleep(0.01)");
        let statement = CString::new(statement)?;
        // SAFETY: the connection is open.
        let answer = unsafe { PQexec(self.0, statement.as_ptr()) };
        // SAFETY: null, too, has a status.
        if unsafe { PQresultStatus(answer) } != TUPLES_OK {
            return Err(self.error().into());
        }
        // SAFETY: the answer has one row of one field, which is a string.
        let product = unsafe { CStr::from_ptr(PQgetvalue(answer, 0, 0)) }
            .to_str()?
            .parse()?;
        // SAFETY: it is not used again.
        unsafe { PQclear(answer) };
        Ok(product)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SAFETY: it is not used again.
        unsafe { PQfinish(self.0) };
    }
}

fn main() {
    servers::crowd::<Postgres>();
}
