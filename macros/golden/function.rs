#[patchable]
#[must_use]
#[inline]
pub fn fetch<'a>((host, port): (&'a str, u16), mut tries: u32) -> Option<&'a str> {
    while tries > 0 {
        tries -= 1;
    }
    (port > 0).then_some(host)
}
