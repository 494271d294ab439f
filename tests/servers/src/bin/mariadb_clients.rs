//! Clients of MariaDB, by the crate `mysql`. The server lets anyone in.

use std::net::SocketAddr;

use mysql::prelude::Queryable;
use mysql::{Conn, OptsBuilder};
use servers::{Client, Outcome};

struct Mariadb(Conn);

impl Client for Mariadb {
    fn connect(address: SocketAddr) -> Outcome<Mariadb> {
        let options = OptsBuilder::new()
            .ip_or_hostname(Some(address.ip().to_string()))
            .tcp_port(address.port())
            .prefer_socket(false)
            .user(Some("root"));
        Ok(Mariadb(Conn::new(options)?))
    }

    fn request(&mut self, number: u64, round: u64) -> Outcome<u64> {
        let row = (number, number * round);
        self.0
            .exec_drop("INSERT INTO servers.requests VALUES (?, ?)", row)?;
        let sum = "SELECT CAST(SUM(value) AS UNSIGNED) FROM servers.requests WHERE client = ?";
        Ok(self.0.exec_first(sum, (number,))?.ok_or("no row")?)
    }
}

fn main() -> Outcome<()> {
    let mut mariadb = Mariadb::connect(servers::address())?;
    for statement in [
        "DROP DATABASE IF EXISTS servers",
        "CREATE DATABASE servers",
        "CREATE TABLE servers.requests (client BIGINT UNSIGNED, value BIGINT UNSIGNED, INDEX (client))",
    ] {
        mariadb.0.query_drop(statement)?;
    }
    servers::crowd::<Mariadb>();
    let all = "SELECT COUNT(*), CAST(SUM(value) AS UNSIGNED) FROM servers.requests";
    let (rows, sum): (u64, u64) = mariadb.0.query_first(all)?.ok_or("no row")?;
    println!("MariaDB has {rows} rows with the sum {sum}");
    Ok(())
}
