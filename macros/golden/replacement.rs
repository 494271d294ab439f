#[replaces(net::wait)]
fn nap(_: Duration) {}

#[replaces(net::Client::send)]
fn send(_: &Client) {}

#[replaces(<Client as Send>::send)]
fn send_as(_: &Client) {}

#[replaces(net::same::<u32>)]
fn same(value: u32) -> u32 {
    value
}
