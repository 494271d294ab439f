#[must_use]
#[inline]
pub fn fetch<'a>(__greenpatch_0: (&'a str, u16), tries: u32) -> Option<&'a str> {
    match fetch__PATCH.get() {
        ::greenpatch::__private::None => fetch__original(__greenpatch_0, tries),
        ::greenpatch::__private::Some(__greenpatch_replacement) => {
            __greenpatch_replacement(__greenpatch_0, tries)
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
pub const fetch__PATCH: &'static ::greenpatch::__private::Slot<
    for<'a> fn((&'a str, u16), u32) -> Option<&'a str>,
    dyn for<'a> ::greenpatch::__private::Fn(
        (&'a str, u16),
        u32,
    ) -> Option<&'a str> + ::greenpatch::__private::Send + ::greenpatch::__private::Sync,
> = {
    fn __GREENPATCH_trampoline<'a>(
        __greenpatch_arg_0: (&'a str, u16),
        __greenpatch_arg_1: u32,
    ) -> Option<&'a str> {
        match __GREENPATCH_SLOT.scoped() {
            ::greenpatch::__private::Scoped::Closure(__greenpatch_found) => {
                __greenpatch_found(__greenpatch_arg_0, __greenpatch_arg_1)
            }
            ::greenpatch::__private::Scoped::Pointer(__greenpatch_found) => {
                __greenpatch_found(__greenpatch_arg_0, __greenpatch_arg_1)
            }
        }
    }
    static __GREENPATCH_SLOT: ::greenpatch::__private::Slot<
        for<'a> fn((&'a str, u16), u32) -> Option<&'a str>,
        dyn for<'a> ::greenpatch::__private::Fn(
            (&'a str, u16),
            u32,
        ) -> Option<
                &'a str,
            > + ::greenpatch::__private::Send + ::greenpatch::__private::Sync,
    > = unsafe {
        ::greenpatch::__private::Slot::new(
            fetch__original,
            __GREENPATCH_trampoline,
            ::greenpatch::__private::Site {
                module: ::greenpatch::__private::module_path!(),
                name: "fetch",
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
#[inline]
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
pub fn fetch__original<'a>(
    (host, port): (&'a str, u16),
    mut tries: u32,
) -> Option<&'a str> {
    while tries > 0 {
        tries -= 1;
    }
    (port > 0).then_some(host)
}
