//! Clients of redis, by the crate `redis`.

use std::net::SocketAddr;

use redis::{Commands, Connection};
use servers::{Client, Outcome};

struct Redis(Connection);

impl Client for Redis {
    fn connect(address: SocketAddr) -> Outcome<Redis> {
        let client = redis::Client::open(format!("redis://{address}/"))?;
        Ok(Redis(client.get_connection()?))
    }

    fn request(&mut self, number: u64, round: u64) -> Outcome<u64> {
        let key = format!("client {number}");
        let _: u64 = self.0.incr("all", number + round)?;
        Ok(self.0.incr(key, number * round)?)
    }
}

fn main() -> Outcome<()> {
    let mut redis = Redis::connect(servers::address())?;
    let _: () = redis::cmd("FLUSHALL").query(&mut redis.0)?;
    servers::crowd::<Redis>();
    let all: u64 = redis.0.get("all")?;
    let keys: u64 = redis::cmd("DBSIZE").query(&mut redis.0)?;
    println!("redis has counted {all} in {keys} keys");
    Ok(())
}
