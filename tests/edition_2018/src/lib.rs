//! A user of edition 2018; see `tests`.
