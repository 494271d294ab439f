#[inline]
fn shorter<'a, 'b: 'a>(a: &'a str, b: &'b str) -> &'a str {
    match shorter__PATCH.get() {
        ::greenpatch::__private::None => shorter__original(a, b),
        ::greenpatch::__private::Some(__greenpatch_replacement) => {
            __greenpatch_replacement(::greenpatch::__private::PhantomData, a, b)
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
const shorter__PATCH: &'static ::greenpatch::__private::Slot<
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
> = {
    fn __GREENPATCH_original<'a, 'b>(
        _: ::greenpatch::__private::PhantomData<(&'a &'b (),)>,
        __greenpatch_arg_0: &'a str,
        __greenpatch_arg_1: &'b str,
    ) -> &'a str {
        shorter__original(__greenpatch_arg_0, __greenpatch_arg_1)
    }
    fn __GREENPATCH_trampoline<'a, 'b>(
        _: ::greenpatch::__private::PhantomData<(&'a &'b (),)>,
        __greenpatch_arg_0: &'a str,
        __greenpatch_arg_1: &'b str,
    ) -> &'a str {
        match __GREENPATCH_SLOT.scoped() {
            ::greenpatch::__private::Scoped::Closure(__greenpatch_found) => {
                __greenpatch_found(
                    ::greenpatch::__private::PhantomData,
                    __greenpatch_arg_0,
                    __greenpatch_arg_1,
                )
            }
            ::greenpatch::__private::Scoped::Pointer(__greenpatch_found) => {
                __greenpatch_found(
                    ::greenpatch::__private::PhantomData,
                    __greenpatch_arg_0,
                    __greenpatch_arg_1,
                )
            }
        }
    }
    static __GREENPATCH_SLOT: ::greenpatch::__private::Slot<
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
    > = unsafe {
        ::greenpatch::__private::Slot::new(
            __GREENPATCH_original,
            __GREENPATCH_trampoline,
            ::greenpatch::__private::Site {
                module: ::greenpatch::__private::module_path!(),
                name: "shorter",
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
fn shorter__original<'a, 'b: 'a>(a: &'a str, b: &'b str) -> &'a str {
    if a.len() < b.len() { a } else { b }
}
impl Text {
    #[inline]
    fn words(&self, separator: &str) -> Words {
        match Self::words__PATCH.get() {
            ::greenpatch::__private::None => Self::words__original(self, separator),
            ::greenpatch::__private::Some(__greenpatch_replacement) => {
                __greenpatch_replacement(self, separator)
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
    const words__PATCH: &'static ::greenpatch::__private::Slot<
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
    > = {
        fn __GREENPATCH_trampoline<'__greenpatch_self>(
            __greenpatch_arg_0: &'__greenpatch_self Text,
            __greenpatch_arg_1: &str,
        ) -> <fn(
            &'__greenpatch_self (),
        ) -> Words as ::greenpatch::__private::OutputOf>::Output {
            match __GREENPATCH_SLOT.scoped() {
                ::greenpatch::__private::Scoped::Closure(__greenpatch_found) => {
                    __greenpatch_found(__greenpatch_arg_0, __greenpatch_arg_1)
                }
                ::greenpatch::__private::Scoped::Pointer(__greenpatch_found) => {
                    __greenpatch_found(__greenpatch_arg_0, __greenpatch_arg_1)
                }
            }
        }
        static __GREENPATCH_SLOT: ::greenpatch::__private::Slot<
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
        > = unsafe {
            ::greenpatch::__private::Slot::new(
                <Text>::words__original,
                __GREENPATCH_trampoline,
                ::greenpatch::__private::Site {
                    module: ::greenpatch::__private::module_path!(),
                    name: "Text::words",
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
    fn words__original(&self, separator: &str) -> Words {
        Words(self.0.split(separator))
    }
}
