mod net {
    #[greenpatch::patchable]
    pub fn connect() {}
}

#[greenpatch::replaces(net)]
mod green_net {
    pub fn connect<T>(_: T) {}
}

fn main() {
    net::connect();
}
