mod net {
    pub struct Client;

    #[greenpatch::patchable]
    pub mod inner {
        pub const fn limit() -> u8 {
            1
        }

        impl super::Client {
            pub const fn port(&self) -> u8 {
                2
            }

            pub const fn of<T: Copy>(_: T) -> u8 {
                3
            }
        }
    }
}

#[greenpatch::replaces(net::inner::limit)]
fn limit() -> u8 {
    4
}

#[greenpatch::replaces(net::Client::port)]
fn port(_: &net::Client) -> u8 {
    5
}

fn main() {
    greenpatch::patch_point!(net::Client::of::<u8>);
}
