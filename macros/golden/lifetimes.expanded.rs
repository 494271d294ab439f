#[inline]
fn shorter<'a, 'b: 'a>(a: &'a str, b: &'b str) -> &'a str {
    match shorter__PATCH.get() {
        ::greenpatch::__private::None => shorter__original(a, b),
        ::greenpatch::__private::Some(__greenpatch_found) => {
            __greenpatch_found(::greenpatch::__private::PhantomData, a, b)
        }
    }
}
#[allow(clippy::borrowed_box, dead_code, deprecated, elided_lifetimes_in_paths)]
type __greenpatch_Slot_shorter = ::greenpatch::__private::Slot<
    for<'a, 'b> fn(
        ::greenpatch::__private::PhantomData<(&'a &'b (),)>,
        &'a str,
        &'b str,
    ) -> &'a str,
    dyn for<'a, 'b> ::greenpatch::__private::Fn(
        ::greenpatch::__private::PhantomData<(&'a &'b (),)>,
        &'a str,
        &'b str,
    ) -> (&'a str) + ::greenpatch::__private::Send + ::greenpatch::__private::Sync,
>;
#[doc(hidden)]
#[allow(clippy::borrowed_box, dead_code, deprecated, elided_lifetimes_in_paths)]
const shorter__PATCH: &'static __greenpatch_Slot_shorter = {
    static __greenpatch_slot: __greenpatch_Slot_shorter = unsafe {
        __greenpatch_Slot_shorter::new(
            |_, __greenpatch_0, __greenpatch_1| shorter__original(
                __greenpatch_0,
                __greenpatch_1,
            ),
            |_, __greenpatch_0, __greenpatch_1| match __greenpatch_slot.scoped() {
                ::greenpatch::__private::Scoped::Closure(__greenpatch_found) => {
                    __greenpatch_found(
                        ::greenpatch::__private::PhantomData,
                        __greenpatch_0,
                        __greenpatch_1,
                    )
                }
                ::greenpatch::__private::Scoped::Pointer(__greenpatch_found) => {
                    __greenpatch_found(
                        ::greenpatch::__private::PhantomData,
                        __greenpatch_0,
                        __greenpatch_1,
                    )
                }
            },
            ::greenpatch::__private::Site {
                module: ::greenpatch::__private::module_path!(),
                name: "shorter",
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
fn shorter__original<'a, 'b: 'a>(a: &'a str, b: &'b str) -> &'a str {
    if a.len() < b.len() { a } else { b }
}
impl Text {
    #[inline]
    fn words(&self, separator: &str) -> Words {
        match Self::words__PATCH.get() {
            ::greenpatch::__private::None => Self::words__original(self, separator),
            ::greenpatch::__private::Some(__greenpatch_found) => {
                __greenpatch_found(self, separator)
            }
        }
    }
    #[doc(hidden)]
    #[allow(clippy::borrowed_box, dead_code, deprecated, elided_lifetimes_in_paths)]
    const words__PATCH: &'static __greenpatch_Slot_2492f5fb1b05b45e_words = {
        static __greenpatch_slot: __greenpatch_Slot_2492f5fb1b05b45e_words = unsafe {
            __greenpatch_Slot_2492f5fb1b05b45e_words::new(
                <Text>::words__original,
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
                    name: "Text::words",
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
    fn words__original(&self, separator: &str) -> Words {
        Words(self.0.split(separator))
    }
}
#[allow(clippy::borrowed_box, dead_code, deprecated, elided_lifetimes_in_paths)]
type __greenpatch_Slot_2492f5fb1b05b45e_words = ::greenpatch::__private::Slot<
    for<'__greenpatch_self> fn(
        &'__greenpatch_self Text,
        &str,
    ) -> <fn(
        &'__greenpatch_self (),
    ) -> Words as ::greenpatch::__private::OutputOf>::Output,
    dyn for<'__greenpatch_self> ::greenpatch::__private::Fn(
        &'__greenpatch_self Text,
        &str,
    ) -> <fn(
            &'__greenpatch_self (),
        ) -> Words as ::greenpatch::__private::OutputOf>::Output + ::greenpatch::__private::Send + ::greenpatch::__private::Sync,
>;
