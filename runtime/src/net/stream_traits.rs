//! `Read` and `Write` for stream sockets of TCP and of the Unix domain, and for shared references to them.

/// Implements `Read` and `Write` for `$ours`, a tuple struct of a `Watched` socket, and for `&$ours`. `$short` is what a
/// short read indicates.
macro_rules! stream_traits {
    ($ours:ident, $short:expr) => {
        $crate::net::stream_traits!(@each $ours, $short);
        $crate::net::stream_traits!(@each &$ours, $short);
    };
    (@each $ours:ty, $short:expr) => {
        impl ::std::io::Read for $ours {
            #[inline]
            fn read(&mut self, buffer: &mut [u8]) -> ::std::io::Result<usize> {
                $crate::net::transfer::read(&self.0, buffer, $short)
            }

            fn read_vectored(
                &mut self,
                buffers: &mut [::std::io::IoSliceMut<'_>],
            ) -> ::std::io::Result<usize> {
                $crate::net::transfer::read_vectored(&self.0, buffers, $short)
            }
        }

        impl ::std::io::Write for $ours {
            #[inline]
            fn write(&mut self, bytes: &[u8]) -> ::std::io::Result<usize> {
                $crate::net::transfer::write(&self.0, bytes)
            }

            #[inline]
            fn write_all(&mut self, bytes: &[u8]) -> ::std::io::Result<()> {
                $crate::net::transfer::write_all(&self.0, bytes)
            }

            fn write_vectored(
                &mut self,
                slices: &[::std::io::IoSlice<'_>],
            ) -> ::std::io::Result<usize> {
                $crate::net::transfer::write_vectored(&self.0, slices)
            }

            /// Does nothing: no bytes are buffered.
            fn flush(&mut self) -> ::std::io::Result<()> {
                Ok(())
            }
        }
    };
}
pub(crate) use stream_traits;
