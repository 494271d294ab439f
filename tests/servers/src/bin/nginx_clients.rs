//! Clients of nginx, by the crate `ureq`, each with one connection. The server has files of the names `0` to `99`.

use std::net::SocketAddr;

use servers::{Client, Outcome};
use ureq::Agent;

struct Http {
    agent: Agent,
    address: SocketAddr,
}

impl Http {
    fn get(&self, name: u64) -> Outcome<String> {
        let url = format!("http://{}/{name}", self.address);
        Ok(self.agent.get(&url).call()?.body_mut().read_to_string()?)
    }
}

impl Client for Http {
    fn connect(address: SocketAddr) -> Outcome<Http> {
        let agent = Agent::new_with_defaults();
        let http = Http { agent, address };
        http.get(0)?;
        Ok(http)
    }

    fn request(&mut self, number: u64, round: u64) -> Outcome<u64> {
        let text = self.get((number + round) % 100)?;
        Ok(text.bytes().map(u64::from).sum())
    }
}

fn main() {
    servers::crowd::<Http>();
}
