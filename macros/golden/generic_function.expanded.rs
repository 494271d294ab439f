#[inline]
pub fn repeat<T: Clone, const N: usize>(
    value: T,
    name: impl Into<String>,
) -> ([T; N], String) {
    match repeat__PATCH::<T, N, _>().get() {
        ::greenpatch::__private::None => repeat__original::<T, N, _>(value, name),
        ::greenpatch::__private::Some(__greenpatch_replacement) => {
            __greenpatch_replacement(value, name)
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
#[inline(always)]
pub const fn repeat__PATCH<T: Clone, const N: usize, __Greenpatch0: Into<String>>() -> ::greenpatch::__private::Instance<
    fn(T, __Greenpatch0) -> ([T; N], String),
    dyn ::greenpatch::__private::Fn(
        T,
        __Greenpatch0,
    ) -> ([T; N], String) + ::greenpatch::__private::Send + ::greenpatch::__private::Sync,
> {
    fn __GREENPATCH_trampoline<T: Clone, const N: usize, __Greenpatch0: Into<String>>(
        __greenpatch_arg_0: T,
        __greenpatch_arg_1: __Greenpatch0,
    ) -> ([T; N], String) {
        match repeat__PATCH::<T, N, __Greenpatch0>().scoped() {
            ::greenpatch::__private::Scoped::Closure(__greenpatch_found) => {
                __greenpatch_found(__greenpatch_arg_0, __greenpatch_arg_1)
            }
            ::greenpatch::__private::Scoped::Pointer(__greenpatch_found) => {
                __greenpatch_found(__greenpatch_arg_0, __greenpatch_arg_1)
            }
        }
    }
    struct __GREENPATCH_Key<
        T: ?::greenpatch::__private::Sized,
        const N: usize,
        __Greenpatch0: ?::greenpatch::__private::Sized,
    >(
        ::greenpatch::__private::PhantomData<T>,
        ::greenpatch::__private::PhantomData<__Greenpatch0>,
    );
    static __GREENPATCH_SLOT: ::greenpatch::__private::GenericSlot = ::greenpatch::__private::GenericSlot::new(
        ::greenpatch::__private::Site {
            module: ::greenpatch::__private::module_path!(),
            name: "repeat",
            file: ::greenpatch::__private::file!(),
            line: ::greenpatch::__private::line!(),
        },
        || "fn(T, __Greenpatch0) -> ([T; N], String)",
    );
    ::greenpatch::__private::inventory::submit! {
        ::greenpatch::__private::PatchPoint::new(__GREENPATCH_SLOT.raw())
    }
    unsafe {
        ::greenpatch::__private::Instance::new::<
            __GREENPATCH_Key<T, N, __Greenpatch0>,
        >(
            &__GREENPATCH_SLOT,
            repeat__original::<T, N, __Greenpatch0>,
            __GREENPATCH_trampoline::<T, N, __Greenpatch0>,
        )
    }
}
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
pub fn repeat__original<T: Clone, const N: usize, __Greenpatch0: Into<String>>(
    value: T,
    name: __Greenpatch0,
) -> ([T; N], String) {
    (std::array::from_fn(|_| value.clone()), name.into())
}
