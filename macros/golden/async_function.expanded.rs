#[inline]
pub async fn fetch(url: &str) -> Vec<u8> {
    match fetch__PATCH.here() {
        ::greenpatch::__private::None => fetch__original(url).await,
        ::greenpatch::__private::Some(__greenpatch_found) => {
            let __greenpatch_future = match __greenpatch_found {
                ::greenpatch::__private::Scoped::Pointer(__greenpatch_found) => {
                    __greenpatch_found(url)
                }
                ::greenpatch::__private::Scoped::Closure(__greenpatch_found) => {
                    __greenpatch_found(url)
                }
            };
            __greenpatch_future.await
        }
    }
}
#[allow(clippy::borrowed_box, dead_code, deprecated, elided_lifetimes_in_paths)]
type __greenpatch_Slot_fetch = ::greenpatch::__private::Slot<
    for<'__greenpatch_future> fn(
        &'__greenpatch_future str,
    ) -> ::greenpatch::__private::BoxFuture<'__greenpatch_future, Vec<u8>>,
    dyn for<'__greenpatch_future> ::greenpatch::__private::Fn(
        &'__greenpatch_future str,
    ) -> ::greenpatch::__private::BoxFuture<
            '__greenpatch_future,
            Vec<u8>,
        > + ::greenpatch::__private::Send + ::greenpatch::__private::Sync,
>;
#[doc(hidden)]
#[allow(clippy::borrowed_box, dead_code, deprecated, elided_lifetimes_in_paths)]
pub const fetch__PATCH: &'static __greenpatch_Slot_fetch = {
    static __greenpatch_slot: __greenpatch_Slot_fetch = unsafe {
        __greenpatch_Slot_fetch::new(
            |__greenpatch_0| {
                #[allow(unused_imports)]
                use ::greenpatch::__private::{BoxLocal as _, BoxSend as _};
                ::greenpatch::__private::Boxing(fetch__original(__greenpatch_0)).boxed()
            },
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
