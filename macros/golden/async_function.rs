#[patchable]
pub async fn fetch(url: &str) -> Vec<u8> {
    url.bytes().collect()
}
