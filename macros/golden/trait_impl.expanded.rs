impl<'a> Iterator for Parser<'a> {
    type Item = &'a str;
    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match __greenpatch_Impl_b094b20bfddaafe0_next::PATCH.get() {
            ::greenpatch::__private::None => {
                <Self as __greenpatch_Original_b094b20bfddaafe0_next<
                    'a,
                >>::next__original(self)
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
trait __greenpatch_Original_b094b20bfddaafe0_next<'a> {
    fn next__original(&mut self) -> Option<&'a str>;
}
#[doc(hidden)]
pub struct __greenpatch_Impl_b094b20bfddaafe0_next();
#[allow(clippy::borrowed_box, dead_code, deprecated, elided_lifetimes_in_paths)]
type __greenpatch_Slot_b094b20bfddaafe0_next = ::greenpatch::__private::Slot<
    for<'__greenpatch_a> fn(
        &mut Parser<'__greenpatch_a>,
    ) -> Option<&'__greenpatch_a str>,
    dyn for<'__greenpatch_a> ::greenpatch::__private::Fn(
        &mut Parser<'__greenpatch_a>,
    ) -> Option<
            &'__greenpatch_a str,
        > + ::greenpatch::__private::Send + ::greenpatch::__private::Sync,
>;
#[allow(clippy::borrowed_box, dead_code, deprecated, elided_lifetimes_in_paths)]
#[allow(
    clippy::ptr_arg,
    mismatched_lifetime_syntaxes,
    private_bounds,
    private_interfaces
)]
const _: () = {
    impl<'a> __greenpatch_Original_b094b20bfddaafe0_next<'a> for Parser<'a> {
        fn next__original(&mut self) -> Option<&'a str> {
            let none: Option<<Self as Iterator>::Item> = None;
            none
        }
    }
    #[doc(hidden)]
    impl __greenpatch_Impl_b094b20bfddaafe0_next {
        pub const PATCH: &'static __greenpatch_Slot_b094b20bfddaafe0_next = {
            static __greenpatch_slot: __greenpatch_Slot_b094b20bfddaafe0_next = unsafe {
                __greenpatch_Slot_b094b20bfddaafe0_next::new(
                    |__greenpatch_0| <Parser<
                        '_,
                    > as __greenpatch_Original_b094b20bfddaafe0_next<
                        '_,
                    >>::next__original(__greenpatch_0),
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
                        name: "<Parser as Iterator>::next",
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
        pub const fn point(self) -> &'static __greenpatch_Slot_b094b20bfddaafe0_next {
            Self::PATCH
        }
    }
    #[doc(hidden)]
    impl<
        'a,
    > ::greenpatch::__private::TraitPoint<
        __greenpatch_Impl_b094b20bfddaafe0_next,
        12086484443237030606u64,
        (),
        (),
        Parser<'a>,
    > for ::greenpatch::__private::methods::M14 {
        const POINT: __greenpatch_Impl_b094b20bfddaafe0_next = __greenpatch_Impl_b094b20bfddaafe0_next();
    }
};
