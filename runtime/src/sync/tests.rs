//! Tests with several kinds of parkers: the parking lot does not depend on how a thread blocks. Here native threads share
//! it with threads that take turns, as on a hub, and with threads that wake up spuriously all the time.

mod mutex;
mod parking_lot;
mod support;
mod turns;
