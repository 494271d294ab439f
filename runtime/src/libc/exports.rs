//! What keeps the functions in the program.

/// Declares the functions of C that a file defines.
macro_rules! exports {
    ($($function:ident),* $(,)?) => {
        /// The addresses of what is defined here, which keep it in the program.
        pub(super) const EXPORTS: &[*const ()] = &[$($function as *const ()),*];
    };
}
pub(super) use exports;
