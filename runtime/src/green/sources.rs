//! The built-in source modules: which replacements belong to which module of std, which feature and
//! which option, and what has to be ready before they are put in place.
#![forbid(unsafe_code)]

use std::error::Error;

use super::{busy, context, local, sync, thread, time, unwind};
use crate::hub::{self, Hub};
use crate::patch::{Feature, Linked, Replacement, Settings, Site, Source, ThreadOption};
use crate::seam::{self, os_thread};

/// A replacement of this crate for a seam of this crate.
macro_rules! replacement {
    ($module:ident :: $item:ident, $slot:ident) => {
        Replacement::new(
            seam::$module::$slot,
            $module::$item,
            Site {
                module: concat!("greenpatch::green::", stringify!($module)),
                name: stringify!($item),
                file: file!(),
                line: line!(),
            },
        )
    };
}
