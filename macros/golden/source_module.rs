#[replaces(net, auto, feature = "net")]
mod green_net {
    pub fn wait(_: Duration) {}

    #[will_patch]
    fn will(_: &mut WillPatchModule) -> Result<(), DoNotPatch> {
        Ok(())
    }
}
