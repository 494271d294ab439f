#[inline]
pub fn repeat<T: Clone, const N: usize>(
    value: T,
    name: impl Into<String>,
) -> ([T; N], String) {
    match repeat__PATCH::<T, N, _>().get() {
        ::greenpatch::__private::None => repeat__original::<T, N, _>(value, name),
        ::greenpatch::__private::Some(__greenpatch_found) => {
            __greenpatch_found(value, name)
        }
    }
}
#[doc(hidden)]
#[allow(clippy::borrowed_box, dead_code, deprecated, elided_lifetimes_in_paths)]
#[inline(always)]
pub const fn repeat__PATCH<T: Clone, const N: usize, __greenpatch_T0: Into<String>>() -> ::greenpatch::__private::Instance<
    fn(T, __greenpatch_T0) -> ([T; N], String),
    dyn ::greenpatch::__private::Fn(
        T,
        __greenpatch_T0,
    ) -> ([T; N], String) + ::greenpatch::__private::Send + ::greenpatch::__private::Sync,
> {
    struct __GREENPATCH_Key<
        T: ?::greenpatch::__private::Sized,
        const N: usize,
        __greenpatch_T0: ?::greenpatch::__private::Sized,
    >(
        ::greenpatch::__private::PhantomData<T>,
        ::greenpatch::__private::PhantomData<__greenpatch_T0>,
    );
    static __greenpatch_slot: ::greenpatch::__private::GenericSlot = ::greenpatch::__private::GenericSlot::new(
        ::greenpatch::__private::Site {
            module: ::greenpatch::__private::module_path!(),
            name: "repeat",
            file: "src/lib.rs",
            line: 1,
        },
        || "fn(T, __greenpatch_T0) -> ([T; N], String)",
    );
    ::greenpatch::__private::inventory::submit! {
        ::greenpatch::__private::PatchPoint::new(__greenpatch_slot.raw())
    }
    unsafe {
        ::greenpatch::__private::Instance::new::<
            __GREENPATCH_Key<T, N, __greenpatch_T0>,
        >(
            &__greenpatch_slot,
            repeat__original::<T, N, __greenpatch_T0>,
            |__greenpatch_0, __greenpatch_1| match repeat__PATCH::<
                T,
                N,
                __greenpatch_T0,
            >()
                .scoped()
            {
                ::greenpatch::__private::Scoped::Closure(__greenpatch_found) => {
                    __greenpatch_found(__greenpatch_0, __greenpatch_1)
                }
                ::greenpatch::__private::Scoped::Pointer(__greenpatch_found) => {
                    __greenpatch_found(__greenpatch_0, __greenpatch_1)
                }
            },
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
pub fn repeat__original<T: Clone, const N: usize, __greenpatch_T0: Into<String>>(
    value: T,
    name: __greenpatch_T0,
) -> ([T; N], String) {
    (std::array::from_fn(|_| value.clone()), name.into())
}
