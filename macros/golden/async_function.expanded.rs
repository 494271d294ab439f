#[inline]
pub async fn fetch(url: &str) -> Vec<u8> {
    match fetch__PATCH.here() {
        ::greenpatch::__private::None => fetch__original(url).await,
        ::greenpatch::__private::Some(__greenpatch_found) => {
            let __greenpatch_future = match __greenpatch_found {
                ::greenpatch::__private::Scoped::Pointer(__greenpatch_replacement) => {
                    __greenpatch_replacement(url)
                }
                ::greenpatch::__private::Scoped::Closure(__greenpatch_replacement) => {
                    __greenpatch_replacement(url)
                }
            };
            __greenpatch_future.await
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
    for<'__greenpatch_future> fn(
        &'__greenpatch_future str,
    ) -> ::greenpatch::__private::Pin<
        ::greenpatch::__private::Box<
            dyn ::greenpatch::__private::Future<
                Output = Vec<u8>,
            > + ::greenpatch::__private::Send + '__greenpatch_future,
        >,
    >,
    dyn for<'__greenpatch_future> ::greenpatch::__private::Fn(
        &'__greenpatch_future str,
    ) -> ::greenpatch::__private::Pin<
            ::greenpatch::__private::Box<
                dyn ::greenpatch::__private::Future<
                    Output = Vec<u8>,
                > + ::greenpatch::__private::Send + '__greenpatch_future,
            >,
        > + ::greenpatch::__private::Send + ::greenpatch::__private::Sync,
> = {
    fn __GREENPATCH_original<'__greenpatch_future>(
        __greenpatch_arg_0: &'__greenpatch_future str,
    ) -> ::greenpatch::__private::Pin<
        ::greenpatch::__private::Box<
            dyn ::greenpatch::__private::Future<
                Output = Vec<u8>,
            > + ::greenpatch::__private::Send + '__greenpatch_future,
        >,
    > {
        #[allow(unused_imports)]
        use ::greenpatch::__private::{BoxLocal as _, BoxSend as _};
        ::greenpatch::__private::Boxing(fetch__original(__greenpatch_arg_0)).boxed()
    }
    fn __GREENPATCH_trampoline<'__greenpatch_future>(
        __greenpatch_arg_0: &'__greenpatch_future str,
    ) -> ::greenpatch::__private::Pin<
        ::greenpatch::__private::Box<
            dyn ::greenpatch::__private::Future<
                Output = Vec<u8>,
            > + ::greenpatch::__private::Send + '__greenpatch_future,
        >,
    > {
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
        for<'__greenpatch_future> fn(
            &'__greenpatch_future str,
        ) -> ::greenpatch::__private::Pin<
            ::greenpatch::__private::Box<
                dyn ::greenpatch::__private::Future<
                    Output = Vec<u8>,
                > + ::greenpatch::__private::Send + '__greenpatch_future,
            >,
        >,
        dyn for<'__greenpatch_future> ::greenpatch::__private::Fn(
            &'__greenpatch_future str,
        ) -> ::greenpatch::__private::Pin<
                ::greenpatch::__private::Box<
                    dyn ::greenpatch::__private::Future<
                        Output = Vec<u8>,
                    > + ::greenpatch::__private::Send + '__greenpatch_future,
                >,
            > + ::greenpatch::__private::Send + ::greenpatch::__private::Sync,
    > = unsafe {
        ::greenpatch::__private::Slot::new(
            __GREENPATCH_original,
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
pub async fn fetch__original(url: &str) -> Vec<u8> {
    url.bytes().collect()
}
