mod p {
    #[greenpatch::patchable]
    mod inner {
        #[patchable = "skip"]
        fn f() {}
    }
}

fn main() {}
