fn nap(_: Duration) {}
const _: () = {
    ::greenpatch::__private::inventory::submit! {
        { #[allow(unused_imports)] use ::greenpatch::__private::Uninstantiated as _; ({
        #[allow(non_upper_case_globals, dead_code)] const wait__PATCH :
        ::greenpatch::__private::NoPatchPoint =
        ::greenpatch::__private::NoPatchPoint(::greenpatch::__private::PhantomData); {
        #[allow(unused_imports)] use net:: *; wait__PATCH } }).replacement(nap,
        ::greenpatch::__private::Site { module : ::greenpatch::__private::module_path!(),
        name : "nap", file : "src/lib.rs", line : 1, }) }
    }
};
fn send(_: &Client) {}
const _: () = {
    ::greenpatch::__private::inventory::submit! {
        { #[allow(unused_imports)] use ::greenpatch::__private::Uninstantiated as _; ({
        #[allow(non_upper_case_globals, dead_code)] trait __greenpatch_Missing { const
        send__PATCH : ::greenpatch::__private::NoPatchPoint =
        ::greenpatch::__private::NoPatchPoint(::greenpatch::__private::PhantomData); }
        impl < T : ? ::greenpatch::__private::Sized > __greenpatch_Missing for T {}
        net::Client::send__PATCH }).replacement(send, ::greenpatch::__private::Site {
        module : ::greenpatch::__private::module_path!(), name : "send", file :
        "src/lib.rs", line : 1, }) }
    }
};
fn send_as(_: &Client) {}
const _: () = {
    ::greenpatch::__private::inventory::submit! {
        { #[allow(unused_imports)] use ::greenpatch::__private::Uninstantiated as _; <
        ::greenpatch::__private::methods::M9 as ::greenpatch::__private::TraitPoint < _,
        15830522920245967145u64, _, (), Client >> ::POINT.point().replacement(send_as,
        ::greenpatch::__private::Site { module : ::greenpatch::__private::module_path!(),
        name : "send_as", file : "src/lib.rs", line : 1, }) }
    }
};
fn same(value: u32) -> u32 {
    value
}
const _: () = {
    ::greenpatch::__private::inventory::submit! {
        { #[allow(unused_imports)] use ::greenpatch::__private::Uninstantiated as _;
        net::same__PATCH:: < u32 > ().replacement(same, ::greenpatch::__private::Site {
        module : ::greenpatch::__private::module_path!(), name : "same", file :
        "src/lib.rs", line : 1, }) }
    }
};
