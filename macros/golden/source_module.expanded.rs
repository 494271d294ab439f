#[doc(hidden)]
#[allow(unused_imports, non_snake_case)]
use net as __greenpatch_target_green_net;
mod green_net {
    pub fn wait(_: Duration) {}
    fn will(_: &mut WillPatchModule) -> Result<(), DoNotPatch> {
        Ok(())
    }
    /// The replacements in this module, as a value.
    #[allow(unreachable_pub)]
    pub static SOURCE: ::greenpatch::__private::Source = ::greenpatch::__private::Source::new(
            ::greenpatch::__private::module_path!(),
            "net",
            &[
                {
                    #[allow(unused_imports)]
                    use ::greenpatch::__private::Uninstantiated as _;
                    ({
                        #[allow(non_upper_case_globals, dead_code)]
                        const wait__PATCH: ::greenpatch::__private::NoPatchPoint = ::greenpatch::__private::NoPatchPoint(
                            ::greenpatch::__private::PhantomData,
                        );
                        {
                            #[allow(unused_imports)]
                            use super::__greenpatch_target_green_net::*;
                            wait__PATCH
                        }
                    })
                        .replacement(
                            wait,
                            ::greenpatch::__private::Site {
                                module: ::greenpatch::__private::module_path!(),
                                name: "wait",
                                file: "src/lib.rs",
                                line: 1,
                            },
                        )
                },
            ],
        )
        .feature_named("net")
        .auto()
        .will_patch(will);
    const _: () = {
        ::greenpatch::__private::inventory::submit! {
            ::greenpatch::__private::Linked(& SOURCE)
        }
    };
}
