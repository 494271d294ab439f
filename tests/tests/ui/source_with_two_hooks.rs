mod net {
    #[greenpatch::patchable]
    pub fn connect() {}
}

#[greenpatch::replaces(net)]
mod green_net {
    use greenpatch::DoNotPatch;
    use greenpatch::events::WillPatchModule;

    pub fn connect() {}

    #[greenpatch::will_patch]
    fn one(_: &mut WillPatchModule) -> Result<(), DoNotPatch> {
        Ok(())
    }

    #[greenpatch::will_patch]
    fn two(_: &mut WillPatchModule) -> Result<(), DoNotPatch> {
        Ok(())
    }
}

fn main() {
    net::connect();
}
