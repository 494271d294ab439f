pub trait Speak {
    fn word(&self) -> String;
    #[inline]
    fn sentence(&self) -> String {
        match Speak__sentence__PATCH::<Self>().get() {
            ::greenpatch::__private::None => {
                <Self as Speak__sentence__Original>::sentence__original(self)
            }
            ::greenpatch::__private::Some(__greenpatch_replacement) => {
                __greenpatch_replacement(self)
            }
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
pub trait Speak__sentence__Original: Speak {
    fn sentence__original(&self) -> String {
        self.word() + "."
    }
}
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
impl<__GreenpatchSelf: Speak + ?::core::marker::Sized> Speak__sentence__Original
for __GreenpatchSelf {}
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
pub const fn Speak__sentence__PATCH<__GreenpatchSelf: Speak + ?::core::marker::Sized>() -> ::greenpatch::__private::Instance<
    fn(&__GreenpatchSelf) -> String,
    dyn ::greenpatch::__private::Fn(
        &__GreenpatchSelf,
    ) -> String + ::greenpatch::__private::Send + ::greenpatch::__private::Sync,
> {
    fn __GREENPATCH_trampoline<__GreenpatchSelf: Speak + ?::core::marker::Sized>(
        __greenpatch_arg_0: &__GreenpatchSelf,
    ) -> String {
        match Speak__sentence__PATCH::<__GreenpatchSelf>().scoped() {
            ::greenpatch::__private::Scoped::Closure(__greenpatch_found) => {
                __greenpatch_found(__greenpatch_arg_0)
            }
            ::greenpatch::__private::Scoped::Pointer(__greenpatch_found) => {
                __greenpatch_found(__greenpatch_arg_0)
            }
        }
    }
    struct __GREENPATCH_Key<__GreenpatchSelf: ?::greenpatch::__private::Sized>(
        ::greenpatch::__private::PhantomData<__GreenpatchSelf>,
    );
    static __GREENPATCH_SLOT: ::greenpatch::__private::GenericSlot = ::greenpatch::__private::GenericSlot::new(
        ::greenpatch::__private::Site {
            module: ::greenpatch::__private::module_path!(),
            name: "Speak::sentence",
            file: ::greenpatch::__private::file!(),
            line: ::greenpatch::__private::line!(),
        },
        || "fn(&__GreenpatchSelf) -> String",
    );
    ::greenpatch::__private::inventory::submit! {
        ::greenpatch::__private::PatchPoint::new(__GREENPATCH_SLOT.raw())
    }
    unsafe {
        ::greenpatch::__private::Instance::new::<
            __GREENPATCH_Key<__GreenpatchSelf>,
        >(
            &__GREENPATCH_SLOT,
            <__GreenpatchSelf as Speak__sentence__Original>::sentence__original,
            __GREENPATCH_trampoline::<__GreenpatchSelf>,
        )
    }
}
