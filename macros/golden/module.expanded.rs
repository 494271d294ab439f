mod net {
    #[allow(unused_imports)]
    use ::greenpatch as std;
    #[allow(unused_imports)]
    use ::greenpatch::{print, println, eprint, eprintln, dbg};
    use std::{thread_local, time::Duration};
    #[inline]
    pub fn wait(duration: ::greenpatch::time::Duration) {
        match wait__PATCH.get() {
            ::greenpatch::__private::None => wait__original(duration),
            ::greenpatch::__private::Some(__greenpatch_found) => {
                __greenpatch_found(duration)
            }
        }
    }
    #[allow(clippy::borrowed_box, dead_code, deprecated, elided_lifetimes_in_paths)]
    type __greenpatch_Slot_wait = ::greenpatch::__private::Slot<
        fn(::greenpatch::time::Duration),
        dyn ::greenpatch::__private::Fn(
            ::greenpatch::time::Duration,
        ) + ::greenpatch::__private::Send + ::greenpatch::__private::Sync,
    >;
    #[doc(hidden)]
    #[allow(clippy::borrowed_box, dead_code, deprecated, elided_lifetimes_in_paths)]
    pub const wait__PATCH: &'static __greenpatch_Slot_wait = {
        static __greenpatch_slot: __greenpatch_Slot_wait = unsafe {
            __greenpatch_Slot_wait::new(
                wait__original,
                |__greenpatch_0| match __greenpatch_slot.scoped() {
                    ::greenpatch::__private::Scoped::Closure(__greenpatch_found) => {
                        __greenpatch_found(__greenpatch_0)
                    }
                    ::greenpatch::__private::Scoped::Pointer(__greenpatch_found) => {
                        __greenpatch_found(__greenpatch_0)
                    }
                },
                ::greenpatch::__private::Site {
                    module: ::greenpatch::__private::module_path!(),
                    name: "wait",
                    file: "src/lib.rs",
                    line: 1,
                },
            )
        };
        ::greenpatch::__private::inventory::submit! {
            ::greenpatch::__private::PatchPoint::new(__greenpatch_slot.raw())
        }
        &__greenpatch_slot
    };
    #[doc(hidden)]
    #[allow(
        clippy::inline_always,
        clippy::must_use_candidate,
        clippy::needless_lifetimes,
        clippy::redundant_pub_crate,
        clippy::result_unit_err,
        clippy::return_self_not_must_use,
        clippy::too_many_arguments,
        clippy::type_complexity,
        mismatched_lifetime_syntaxes,
        private_bounds,
        private_interfaces,
        unreachable_pub
    )]
    pub fn wait__original(duration: ::greenpatch::time::Duration) {
        std::thread::sleep(duration);
    }
}
