//! The read and write timeouts of sockets.

/// Implements the timeouts of `$ours`, a tuple struct of a `Watched` socket; `$read` and `$write` name its operations.
macro_rules! timeouts {
    ($ours:ident, $read:literal, $write:literal) => {
        impl $ours {
            #[doc = concat!("Sets the timeout of ", $read, " operations; `None` waits forever.")]
            ///
            /// An operation that times out fails with [`WouldBlock`](::std::io::ErrorKind::WouldBlock).
            ///
            /// # Errors
            ///
            /// If the timeout is zero.
            pub fn set_read_timeout(
                &self,
                timeout: Option<::std::time::Duration>,
            ) -> ::std::io::Result<()> {
                self.0.inner().set_read_timeout(timeout)?;
                self.0
                    .set_timeout($crate::descriptor::direction::Direction::Read, timeout);
                Ok(())
            }

            #[doc = concat!("Sets the timeout of ", $write, " operations; `None` waits forever.")]
            ///
            /// An operation that times out fails with [`WouldBlock`](::std::io::ErrorKind::WouldBlock).
            ///
            /// # Errors
            ///
            /// If the timeout is zero.
            pub fn set_write_timeout(
                &self,
                timeout: Option<::std::time::Duration>,
            ) -> ::std::io::Result<()> {
                self.0.inner().set_write_timeout(timeout)?;
                self.0
                    .set_timeout($crate::descriptor::direction::Direction::Write, timeout);
                Ok(())
            }

            #[doc = concat!("Returns the timeout of ", $read, " operations.")]
            pub fn read_timeout(&self) -> ::std::io::Result<Option<::std::time::Duration>> {
                self.0.inner().read_timeout()
            }

            #[doc = concat!("Returns the timeout of ", $write, " operations.")]
            pub fn write_timeout(&self) -> ::std::io::Result<Option<::std::time::Duration>> {
                self.0.inner().write_timeout()
            }
        }
    };
}
pub(crate) use timeouts;
