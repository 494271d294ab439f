mod net {
    #[greenpatch::patchable]
    pub fn connect() {}
}

#[greenpatch::replaces(net)]
mod green_net {
    pub fn connect() {}

    #[greenpatch::did_patch]
    fn done() {}
}

fn main() {
    net::connect();
}
