mod net {}

#[greenpatch::replaces(net)]
mod green_net {
    #[allow(dead_code)]
    fn connect() {}
}

fn main() {}
