impl<'a> Iterator for Parser<'a> {
    type Item = &'a str;
    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match __GreenpatchImpl_b094b20bfddaafe0_next::PATCH.get() {
            ::greenpatch::__private::None => {
                <Self as __GreenpatchOriginal_b094b20bfddaafe0_next<
                    'a,
                >>::next__original(self)
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
trait __GreenpatchOriginal_b094b20bfddaafe0_next<'a> {
    fn next__original(&mut self) -> Option<&'a str>;
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
const _: () = {
    impl<'a> __GreenpatchOriginal_b094b20bfddaafe0_next<'a> for Parser<'a> {
        fn next__original(&mut self) -> Option<&'a str> {
            let none: Option<<Self as Iterator>::Item> = None;
            none
        }
    }
};
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
pub struct __GreenpatchImpl_b094b20bfddaafe0_next();
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
impl __GreenpatchImpl_b094b20bfddaafe0_next {
    pub const PATCH: &'static ::greenpatch::__private::Slot<
        for<'__greenpatch_a> fn(
            &mut Parser<'__greenpatch_a>,
        ) -> Option<&'__greenpatch_a str>,
        dyn for<'__greenpatch_a> ::greenpatch::__private::Fn(
            &mut Parser<'__greenpatch_a>,
        ) -> Option<
                &'__greenpatch_a str,
            > + ::greenpatch::__private::Send + ::greenpatch::__private::Sync,
    > = {
        fn __GREENPATCH_original<'__greenpatch_a>(
            __greenpatch_arg_0: &mut Parser<'__greenpatch_a>,
        ) -> Option<&'__greenpatch_a str> {
            <Parser<
                '__greenpatch_a,
            > as __GreenpatchOriginal_b094b20bfddaafe0_next<
                '__greenpatch_a,
            >>::next__original(__greenpatch_arg_0)
        }
        fn __GREENPATCH_trampoline<'__greenpatch_a>(
            __greenpatch_arg_0: &mut Parser<'__greenpatch_a>,
        ) -> Option<&'__greenpatch_a str> {
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
            for<'__greenpatch_a> fn(
                &mut Parser<'__greenpatch_a>,
            ) -> Option<&'__greenpatch_a str>,
            dyn for<'__greenpatch_a> ::greenpatch::__private::Fn(
                &mut Parser<'__greenpatch_a>,
            ) -> Option<
                    &'__greenpatch_a str,
                > + ::greenpatch::__private::Send + ::greenpatch::__private::Sync,
        > = unsafe {
            ::greenpatch::__private::Slot::new(
                __GREENPATCH_original,
                __GREENPATCH_trampoline,
                ::greenpatch::__private::Site {
                    module: ::greenpatch::__private::module_path!(),
                    name: "<Parser as Iterator>::next",
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
    pub const fn point(
        self,
    ) -> &'static ::greenpatch::__private::Slot<
        for<'__greenpatch_a> fn(
            &mut Parser<'__greenpatch_a>,
        ) -> Option<&'__greenpatch_a str>,
        dyn for<'__greenpatch_a> ::greenpatch::__private::Fn(
            &mut Parser<'__greenpatch_a>,
        ) -> Option<
                &'__greenpatch_a str,
            > + ::greenpatch::__private::Send + ::greenpatch::__private::Sync,
    > {
        Self::PATCH
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
impl<
    'a,
> ::greenpatch::__private::TraitPoint<
    __GreenpatchImpl_b094b20bfddaafe0_next,
    12086484443237030606u64,
    (),
    (),
    Parser<'a>,
> for ::greenpatch::__private::methods::M14 {
    const POINT: __GreenpatchImpl_b094b20bfddaafe0_next = __GreenpatchImpl_b094b20bfddaafe0_next();
}
