//! Has rustix call libc.
//!
//! Unless it is configured otherwise, rustix makes system calls by an instruction. Such a call passes by the functions of libc
//! that greenpatch defines, and blocks the OS thread. rustix has a `cfg` for the other way. Cargo evaluates it, too: rustix
//! depends on other crates then. So it is added to the flags of the user's for the target.

use std::env;
use std::ffi::OsString;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::source::quoted;

/// The flag for rustc.
const FLAG: &str = "--cfg=rustix_use_libc";

/// Where cargo takes the flags for rustc from. It reads only the first of these that names any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Place {
    /// `CARGO_ENCODED_RUSTFLAGS`.
    Encoded,
    /// `RUSTFLAGS`.
    Environment,
    /// `target.TARGET.rustflags`, and those under a `cfg`.
    Target,
    /// `build.rustflags`.
    Build,
}

impl Place {
    /// The place, as far as it is known without cargo.
    pub(crate) fn likely() -> Place {
        if env::var_os("CARGO_ENCODED_RUSTFLAGS").is_some() {
            Place::Encoded
        } else if env::var_os("RUSTFLAGS").is_some() {
            Place::Environment
        } else {
            Place::Build
        }
    }

    /// The place, now that rustc was called with these flags, to which the flag was added at the likely one.
    pub(crate) fn given(self, flags: &[String]) -> Place {
        if flags.iter().any(|flag| flag == FLAG) {
            self
        } else {
            Place::Target
        }
    }

    /// Adds the flag to those that cargo, called with this command, finds at the place. A variable adds to what files and
    /// `--config` say, be it a string or an array.
    pub(crate) fn add_to(self, command: &mut Command, target: &str) {
        let variable = self.variable(target);
        let separator = if self == Place::Encoded { "\x1f" } else { " " };
        command.env(&variable, appended(env::var_os(&variable), separator));
    }

    /// Has the programs that cargo runs see the variable as it was.
    pub(crate) fn hide_in(self, command: &mut Command, target: &str) {
        let variable = self.variable(target);
        let before = match env::var(&variable) {
            // For build scripts cargo sets these itself.
            _ if matches!(self, Place::Encoded | Place::Environment) => return,
            Ok(value) => value,
            Err(_) => String::new(),
        };
        for setting in [
            format!("value={}", quoted(&before)),
            "force=true".to_owned(),
        ] {
            command
                .arg("--config")
                .arg(format!("env.{variable}.{setting}"));
        }
    }

    fn variable(self, target: &str) -> String {
        match self {
            Place::Encoded => "CARGO_ENCODED_RUSTFLAGS".to_owned(),
            Place::Environment => "RUSTFLAGS".to_owned(),
            Place::Target => {
                let target = target.to_uppercase().replace(['-', '.'], "_");
                format!("CARGO_TARGET_{target}_RUSTFLAGS")
            }
            Place::Build => "CARGO_BUILD_RUSTFLAGS".to_owned(),
        }
    }
}

/// The flags with one more.
fn appended(flags: Option<OsString>, separator: &str) -> OsString {
    let mut flags = flags.unwrap_or_default();
    if !flags.is_empty() {
        flags.push(separator);
    }
    flags.push(FLAG);
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_comes_last() {
        assert_eq!(appended(None, " "), FLAG);
        let some = |flags: &str| Some(OsString::from(flags));
        assert_eq!(appended(some(""), " "), FLAG);
        assert_eq!(appended(some("-g"), " "), *format!("-g {FLAG}"));
        assert_eq!(appended(some("-g"), "\x1f"), *format!("-g\x1f{FLAG}"));
    }

    #[test]
    fn flags_of_the_target_come_before_those_of_the_build() {
        let flags = |flag: &str| vec!["-g".to_owned(), flag.to_owned()];
        assert_eq!(Place::Build.given(&flags(FLAG)), Place::Build);
        assert_eq!(Place::Build.given(&flags("-O")), Place::Target);
        let variable = Place::Target.variable("thumbv8m.base-none-eabi");
        assert_eq!(variable, "CARGO_TARGET_THUMBV8M_BASE_NONE_EABI_RUSTFLAGS");
    }
}
