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
            ::greenpatch::__private::Some(__greenpatch_replacement) => {
                __greenpatch_replacement(duration)
            }
        }
    }
    #[doc(hidden)]
    #[allow(
        clippy::borrowed_box,
        clippy::ptr_arg,
        dead_code,
        deprecated,
        elided_lifetimes_in_paths,
        mismatched_lifetime_syntaxes,
        missing_copy_implementations,
        missing_debug_implementations,
        non_snake_case,
        non_upper_case_globals,
        private_bounds,
        private_interfaces,
        unnameable_types,
        unreachable_pub,
        unused_parens
    )]
    pub const wait__PATCH: &'static ::greenpatch::__private::Slot<
        fn(::greenpatch::time::Duration),
        dyn ::greenpatch::__private::Fn(
            ::greenpatch::time::Duration,
        ) + ::greenpatch::__private::Send + ::greenpatch::__private::Sync,
    > = {
        fn __GREENPATCH_trampoline(__greenpatch_arg_0: ::greenpatch::time::Duration) {
            match __GREENPATCH_SLOT.scoped() {
                ::greenpatch::__private::Scoped::Closure(__greenpatch_found) => {
                    __greenpatch_found(__greenpatch_arg_0)
                }
                ::greenpatch::__private::Scoped::Pointer(__greenpatch_found) => {
                    __greenpatch_found(__greenpatch_arg_0)
                }
            }
        }
        static __GREENPATCH_SLOT: ::greenpatch::__private::Slot<
            fn(::greenpatch::time::Duration),
            dyn ::greenpatch::__private::Fn(
                ::greenpatch::time::Duration,
            ) + ::greenpatch::__private::Send + ::greenpatch::__private::Sync,
        > = unsafe {
            ::greenpatch::__private::Slot::new(
                wait__original,
                __GREENPATCH_trampoline,
                ::greenpatch::__private::Site {
                    module: ::greenpatch::__private::module_path!(),
                    name: "wait",
                    file: ::greenpatch::__private::file!(),
                    line: ::greenpatch::__private::line!(),
                },
            )
        };
        ::greenpatch::__private::inventory::submit! {
            ::greenpatch::__private::PatchPoint::new(__GREENPATCH_SLOT.raw())
        }
        &__GREENPATCH_SLOT
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
