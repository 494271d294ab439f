mod net {
    #[greenpatch::patchable]
    pub fn connect() {}
}

#[greenpatch::replaces(net)]
mod green_net {
    pub fn connect() {}

    pub fn disconnect() {}
}

fn main() {
    net::connect();
}
