#[patchable]
pub fn repeat<T: Clone, const N: usize>(value: T, name: impl Into<String>) -> ([T; N], String) {
    (std::array::from_fn(|_| value.clone()), name.into())
}
