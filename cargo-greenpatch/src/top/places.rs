//! Where the sockets of processes are.

use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::client::Client;
use super::text::{clean, span};
use super::wire::About;
use crate::error::{Context, Failure};

/// How long a process of the list has to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The path of a socket, and what its process says of itself.
type Listener = (PathBuf, Result<About, Failure>);

/// Returns the socket that is meant: by the number of its process, by its path, or the only one there is.
pub(super) fn find(named: Option<&str>) -> Result<PathBuf, Failure> {
    match named {
        Some(number) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            let path = own_folder()?.join(format!("{number}.sock"));
            if !path.exists() {
                return Err(Failure::new(format!(
                    "process {number} has no socket in {}; is it started with GREENPATCH_LISTEN=1?",
                    path.parent().unwrap_or(Path::new("/")).display()
                )));
            }
            Ok(path)
        }
        Some(path) => Ok(path.into()),
        None => only_one(&own_folder()?),
    }
}

/// The folder of default sockets, as the runtime has it. One of another user is refused.
fn own_folder() -> Result<PathBuf, Failure> {
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let runtime = runtime.filter(|folder| folder.is_absolute() && folder.is_dir());
    let user = rustix::process::geteuid().as_raw();
    let folder = (runtime.unwrap_or_else(env::temp_dir)).join(format!("greenpatch-{user}"));
    let Ok(found) = fs::symlink_metadata(&folder) else {
        return Err(none(&folder));
    };
    if !found.is_dir() || found.uid() != user || found.mode() & 0o077 != 0 {
        return Err(Failure::new(format!(
            "{}, the folder for sockets, is not this user's alone",
            folder.display()
        )));
    }
    Ok(folder)
}

fn none(folder: &Path) -> Failure {
    Failure::new(format!(
        "no process listens in {}; start one with GREENPATCH_LISTEN=1",
        folder.display()
    ))
}

fn only_one(folder: &Path) -> Result<PathBuf, Failure> {
    let mut living = living(folder)?;
    match living.len() {
        0 => Err(none(folder)),
        1 => Ok(living.remove(0).0),
        _ => Err(Failure::new(list(&living))),
    }
}

/// The sockets that accept a connection, with what their processes say, ordered by path.
fn living(folder: &Path) -> Result<Vec<Listener>, Failure> {
    let doing = || format!("could not read {}", folder.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).context(doing)? {
        let path = entry.context(doing)?.path();
        let is_socket = path
            .extension()
            .is_some_and(|extension| extension == "sock");
        if !is_socket || std::os::unix::net::UnixStream::connect(&path).is_err() {
            continue;
        }
        let about = Client::attach(&path, PATIENCE).map(|client| client.about);
        found.push((path, about));
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(found)
}

fn list(living: &[Listener]) -> String {
    let mut text = "several processes listen; name one by its number or path:".to_owned();
    for (path, about) in living {
        let number = path.file_stem().unwrap_or_default().to_string_lossy();
        let number = clean(&number);
        text += &match about {
            Ok(about) => format!(
                "\n{number:>8}  {}, for {}",
                clean(&about.program),
                span(about.open_seconds)
            ),
            Err(_) => format!("\n{number:>8}  does not answer"),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_are_listed_with_what_they_say() {
        let about = About {
            program: "serv\u{1b}er".to_owned(),
            pid: 12,
            open_seconds: 90.0,
        };
        let living = [
            (PathBuf::from("/run/12.sock"), Ok(about)),
            (PathBuf::from("/run/345.sock"), Err(Failure::new("no"))),
        ];
        assert_eq!(
            list(&living),
            "several processes listen; name one by its number or path:\n      \
             12  serv\u{fffd}er, for 1m30s\n     345  does not answer"
        );
    }
}
