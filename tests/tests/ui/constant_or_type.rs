trait Of<T> {
    fn go(&self);
}

struct URL;
struct Type;

#[greenpatch::patchable(strict)]
impl Of<URL> for Type {
    fn go(&self) {}
}

fn main() {
    Type.go();
}
