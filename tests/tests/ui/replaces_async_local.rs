use std::rc::Rc;

#[greenpatch::patchable]
async fn f() {}

#[greenpatch::replaces(f)]
async fn g() {
    let local = Rc::new(1);
    f().await;
    drop(local);
}

fn main() {
    drop((f(), g()));
}
