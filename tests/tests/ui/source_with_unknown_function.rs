mod net {
    #[greenpatch::patchable]
    pub fn connect() {}
}

#[greenpatch::replaces(net, implements(connect, Client::send))]
mod green_net {
    pub fn connct() {}
}

fn main() {
    net::connect();
}
