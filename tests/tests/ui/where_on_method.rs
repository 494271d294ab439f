struct Stack<T>(Vec<T>);

#[greenpatch::patchable(strict)]
impl<T> Stack<T> {
    fn copy(&self) -> Vec<T>
    where
        T: Clone,
    {
        self.0.clone()
    }
}

fn main() {
    Stack(vec![1]).copy();
}
