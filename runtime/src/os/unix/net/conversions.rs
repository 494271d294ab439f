//! `FromRawFd` of the sockets. The SAFETY comment is in `from_raw_fd!`.
#![allow(unsafe_code)]

use super::{UnixDatagram, UnixListener, UnixStream};
use crate::descriptor::conversions::from_raw_fd;

from_raw_fd!(UnixStream);
from_raw_fd!(UnixListener);
from_raw_fd!(UnixDatagram);
