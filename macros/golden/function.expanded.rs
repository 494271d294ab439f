#[must_use]
#[inline]
pub fn fetch<'a>(__greenpatch_0: (&'a str, u16), tries: u32) -> Option<&'a str> {
    match fetch__PATCH.get() {
        ::greenpatch::__private::None => fetch__original(__greenpatch_0, tries),
        ::greenpatch::__private::Some(__greenpatch_found) => {
            __greenpatch_found(__greenpatch_0, tries)
        }
    }
}
#[allow(clippy::borrowed_box, dead_code, deprecated, elided_lifetimes_in_paths)]
type __greenpatch_Slot_fetch = ::greenpatch::__private::Slot<
    for<'a> fn((&'a str, u16), u32) -> Option<&'a str>,
    dyn for<'a> ::greenpatch::__private::Fn(
        (&'a str, u16),
        u32,
    ) -> Option<&'a str> + ::greenpatch::__private::Send + ::greenpatch::__private::Sync,
>;
#[doc(hidden)]
#[allow(clippy::borrowed_box, dead_code, deprecated, elided_lifetimes_in_paths)]
pub const fetch__PATCH: &'static __greenpatch_Slot_fetch = {
    static __greenpatch_slot: __greenpatch_Slot_fetch = unsafe {
        __greenpatch_Slot_fetch::new(
            fetch__original,
            |__greenpatch_0, __greenpatch_1| match __greenpatch_slot.scoped() {
                ::greenpatch::__private::Scoped::Closure(__greenpatch_found) => {
                    __greenpatch_found(__greenpatch_0, __greenpatch_1)
                }
                ::greenpatch::__private::Scoped::Pointer(__greenpatch_found) => {
                    __greenpatch_found(__greenpatch_0, __greenpatch_1)
                }
            },
            ::greenpatch::__private::Site {
                module: ::greenpatch::__private::module_path!(),
                name: "fetch",
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
