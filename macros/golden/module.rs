#[patchable]
mod net {
    use std::{self, thread_local, time::Duration};

    pub fn wait(duration: ::std::time::Duration) {
        std::thread::sleep(duration);
    }
}
