impl<'a> Parser<'a> {
    #[inline]
    pub fn rest(&mut self) -> &str {
        match Self::rest__PATCH.get() {
            ::greenpatch::__private::None => Self::rest__original(self),
            ::greenpatch::__private::Some(__greenpatch_found) => __greenpatch_found(self),
        }
    }
    #[doc(hidden)]
    #[allow(clippy::borrowed_box, dead_code, deprecated, elided_lifetimes_in_paths)]
    pub const rest__PATCH: &'static __greenpatch_Slot_eae8ff9c5f03f1ba_rest = {
        static __greenpatch_slot: __greenpatch_Slot_eae8ff9c5f03f1ba_rest = unsafe {
            __greenpatch_Slot_eae8ff9c5f03f1ba_rest::new(
                |__greenpatch_0| <Parser<'_>>::rest__original(__greenpatch_0),
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
                    name: "Parser::rest",
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
    pub fn rest__original(&mut self) -> &str {
        self.text
    }
    pub const fn len(&self) -> usize {
        self.text.len()
    }
    #[doc(hidden)]
    #[allow(clippy::borrowed_box, dead_code, deprecated, elided_lifetimes_in_paths)]
    pub const len__PATCH: ::greenpatch::__private::NoSlot = ::greenpatch::__private::NoSlot(
        ::greenpatch::__private::PhantomData,
    );
}
#[allow(clippy::borrowed_box, dead_code, deprecated, elided_lifetimes_in_paths)]
type __greenpatch_Slot_eae8ff9c5f03f1ba_rest = ::greenpatch::__private::Slot<
    for<'__greenpatch_a, '__greenpatch_self> fn(
        &'__greenpatch_self mut Parser<'__greenpatch_a>,
    ) -> &'__greenpatch_self str,
    dyn for<'__greenpatch_a, '__greenpatch_self> ::greenpatch::__private::Fn(
        &'__greenpatch_self mut Parser<'__greenpatch_a>,
    ) -> (&'__greenpatch_self str) + ::greenpatch::__private::Send + ::greenpatch::__private::Sync,
>;
const _: () = {
    ::greenpatch::__private::inventory::submit! {
        ::greenpatch::__private::PassedOver::new(::greenpatch::__private::Site { module :
        ::greenpatch::__private::module_path!(), name : "Parser::len", file :
        "src/lib.rs", line : 1, },
        "a `const fn` may run at compile time, where nothing can be replaced; remove `const`")
    }
};
