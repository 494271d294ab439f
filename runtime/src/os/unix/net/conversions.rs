//! The way into our types for those who have the number of a descriptor. The SAFETY comment is in
//! `from_raw_fd!`.
#![allow(unsafe_code)]

use std::os::unix::net::{
    UnixDatagram as StdUnixDatagram, UnixListener as StdUnixListener, UnixStream as StdUnixStream,
};

use super::{UnixDatagram, UnixListener, UnixStream};
use crate::net::from_raw_fd;

from_raw_fd!(UnixStream, StdUnixStream);
from_raw_fd!(UnixListener, StdUnixListener);
from_raw_fd!(UnixDatagram, StdUnixDatagram);
