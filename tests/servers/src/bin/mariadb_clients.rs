//! Clients of MariaDB, by the crate `mysql`. The server has a database `crowd` and a user `crowd` without a password.

use std::net::SocketAddr;

use mysql::prelude::Queryable;
use mysql::{Conn, OptsBuilder};
use servers::{Client, Outcome};

struct Maria(Conn);

impl Client for Maria {
    fn connect(address: SocketAddr) -> Outcome<Maria> {
        let options = OptsBuilder::new()
            .ip_or_hostname(Some(address.ip().to_string()))
            .tcp_port(address.port())
            .prefer_socket(false)
            .user(Some("crowd"))
            .db_name(Some("crowd"));
        Ok(Maria(Conn::new(options)?))
    }

    fn request(&mut self, number: u64, round: u64) -> Outcome<u64> {
        let row = number * 1000 + round;
        let product = number * round;
        self.0
            .exec_drop("INSERT INTO numbers VALUES (?, ?)", (row, product))?;
        let found = self
            .0
            .exec_first("SELECT product FROM numbers WHERE id = ?", (row,))?;
        found.ok_or_else(|| "the row is missing".into())
    }
}

fn main() -> Outcome<()> {
    let mut maria = Maria::connect(servers::address())?;
    maria.0.query_drop("DROP TABLE IF EXISTS numbers")?;
    maria.0.query_drop(
        "CREATE TABLE numbers (id BIGINT PRIMARY KEY, product BIGINT) ENGINE = MEMORY",
    )?;
    servers::crowd::<Maria>();
    let summary: Option<(u64, u64)> = maria
        .0
        .query_first("SELECT COUNT(*), CAST(SUM(product) AS UNSIGNED) FROM numbers")?;
    let (rows, sum) = summary.ok_or("no summary")?;
    println!("MariaDB has {rows} rows, sum {sum}");
    Ok(())
}
