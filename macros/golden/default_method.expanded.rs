pub trait Speak {
    fn word(&self) -> String;
    #[inline]
    fn sentence(&self) -> String {
        match Speak__sentence__PATCH::<Self>().get() {
            ::greenpatch::__private::None => {
                <Self as Speak__sentence__Original>::sentence__original(self)
            }
            ::greenpatch::__private::Some(__greenpatch_found) => __greenpatch_found(self),
        }
    }
}
#[doc(hidden)]
#[allow(clippy::borrowed_box, dead_code, deprecated, elided_lifetimes_in_paths)]
#[allow(
    clippy::ptr_arg,
    mismatched_lifetime_syntaxes,
    private_bounds,
    private_interfaces
)]
pub trait Speak__sentence__Original: Speak {
    fn sentence__original(&self) -> String {
        self.word() + "."
    }
}
#[allow(clippy::borrowed_box, dead_code, deprecated, elided_lifetimes_in_paths)]
impl<__greenpatch_Self: Speak + ?::core::marker::Sized> Speak__sentence__Original
for __greenpatch_Self {}
#[doc(hidden)]
#[allow(clippy::borrowed_box, dead_code, deprecated, elided_lifetimes_in_paths)]
#[inline(always)]
pub const fn Speak__sentence__PATCH<__greenpatch_Self: Speak + ?::core::marker::Sized>() -> ::greenpatch::__private::Instance<
    fn(&__greenpatch_Self) -> String,
    dyn ::greenpatch::__private::Fn(
        &__greenpatch_Self,
    ) -> String + ::greenpatch::__private::Send + ::greenpatch::__private::Sync,
> {
    struct __GREENPATCH_Key<__greenpatch_Self: ?::greenpatch::__private::Sized>(
        ::greenpatch::__private::PhantomData<__greenpatch_Self>,
    );
    static __greenpatch_slot: ::greenpatch::__private::GenericSlot = ::greenpatch::__private::GenericSlot::new(
        ::greenpatch::__private::Site {
            module: ::greenpatch::__private::module_path!(),
            name: "Speak::sentence",
            file: "src/lib.rs",
            line: 1,
        },
        || "fn(&__greenpatch_Self) -> String",
    );
    ::greenpatch::__private::inventory::submit! {
        ::greenpatch::__private::PatchPoint::new(__greenpatch_slot.raw())
    }
    unsafe {
        ::greenpatch::__private::Instance::new::<
            __GREENPATCH_Key<__greenpatch_Self>,
        >(
            &__greenpatch_slot,
            <__greenpatch_Self as Speak__sentence__Original>::sentence__original,
            |__greenpatch_0| match Speak__sentence__PATCH::<__greenpatch_Self>().scoped()
            {
                ::greenpatch::__private::Scoped::Closure(__greenpatch_found) => {
                    __greenpatch_found(__greenpatch_0)
                }
                ::greenpatch::__private::Scoped::Pointer(__greenpatch_found) => {
                    __greenpatch_found(__greenpatch_0)
                }
            },
        )
    }
}
