impl<'a> Parser<'a> {
    #[inline]
    pub fn rest(&mut self) -> &str {
        match Self::rest__PATCH.get() {
            ::greenpatch::__private::None => Self::rest__original(self),
            ::greenpatch::__private::Some(__greenpatch_replacement) => {
                __greenpatch_replacement(self)
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
    pub const rest__PATCH: &'static ::greenpatch::__private::Slot<
        for<'__greenpatch_a, '__greenpatch_self> fn(
            &'__greenpatch_self mut Parser<'__greenpatch_a>,
        ) -> &'__greenpatch_self str,
        dyn for<'__greenpatch_a, '__greenpatch_self> ::greenpatch::__private::Fn(
            &'__greenpatch_self mut Parser<'__greenpatch_a>,
        ) -> (&'__greenpatch_self str) + ::greenpatch::__private::Send + ::greenpatch::__private::Sync,
    > = {
        fn __GREENPATCH_original<'__greenpatch_a, '__greenpatch_self>(
            __greenpatch_arg_0: &'__greenpatch_self mut Parser<'__greenpatch_a>,
        ) -> &'__greenpatch_self str {
            <Parser<'__greenpatch_a>>::rest__original(__greenpatch_arg_0)
        }
        fn __GREENPATCH_trampoline<'__greenpatch_a, '__greenpatch_self>(
            __greenpatch_arg_0: &'__greenpatch_self mut Parser<'__greenpatch_a>,
        ) -> &'__greenpatch_self str {
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
            for<'__greenpatch_a, '__greenpatch_self> fn(
                &'__greenpatch_self mut Parser<'__greenpatch_a>,
            ) -> &'__greenpatch_self str,
            dyn for<'__greenpatch_a, '__greenpatch_self> ::greenpatch::__private::Fn(
                &'__greenpatch_self mut Parser<'__greenpatch_a>,
            ) -> (&'__greenpatch_self str) + ::greenpatch::__private::Send + ::greenpatch::__private::Sync,
        > = unsafe {
            ::greenpatch::__private::Slot::new(
                __GREENPATCH_original,
                __GREENPATCH_trampoline,
                ::greenpatch::__private::Site {
                    module: ::greenpatch::__private::module_path!(),
                    name: "Parser::rest",
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
    pub fn rest__original(&mut self) -> &str {
        self.text
    }
    pub const fn len(&self) -> usize {
        self.text.len()
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
    pub const len__PATCH: ::greenpatch::__private::NoSlot = ::greenpatch::__private::NoSlot(
        ::greenpatch::__private::PhantomData,
    );
}
const _: () = {
    ::greenpatch::__private::inventory::submit! {
        ::greenpatch::__private::PassedOver::new(::greenpatch::__private::Site { module :
        ::greenpatch::__private::module_path!(), name : "Parser::len", file :
        ::greenpatch::__private::file!(), line : ::greenpatch::__private::line!(), },
        "a `const fn` may run at compile time, where nothing can be replaced; remove `const`")
    }
};
