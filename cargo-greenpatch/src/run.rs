//! From a request to the cargo that carries it out.

use std::env;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process;

use cargo_metadata::Metadata;

use crate::arguments::Request;
use crate::command::Command;
use crate::compiler::Compiler;
use crate::copy::{self, Copy};
use crate::error::{Context, Failure};
use crate::files;
use crate::graph::Graph;
use crate::launch;
use crate::plan::{FORMAT, Launch, Plan};
use crate::program::Program;
use crate::report;
use crate::settings::Bodies;
use crate::shell::Shell;
use crate::source::quoted;
use crate::wrapper;

/// Carries out the request. The process is replaced by cargo, so signals and the exit status are cargo's.
pub(crate) fn run(request: &Request) -> Result<u8, Failure> {
    let shell = Shell::new(request.quiet, request.color.as_deref());
    let cache = copy::cache()?;
    let compiler = Compiler::find(request, &cache)?;
    if request.command == Command::Install && request.install.is_nothing() {
        let mut command = process::Command::new(&compiler.cargo);
        return become_cargo(command.arg("install").args(&request.cargo));
    }
    let graph = Graph::read(&compiler, request, &cache)?;
    let program = Program::read(&graph.metadata, request)?;
    if request.command == Command::Doctor {
        report::print(&program, request.report, &cache, shell)?;
        return Ok(0);
    }
    let flags = copy::flags_for_copy(&graph.flags);
    let copy = Copy::ready(&compiler, &flags, &program.source, &cache, request, shell)?;
    let folder = target_folder(&graph.metadata, &cache, request)?;
    let built = Built::prepare(&compiler, &flags, folder, &program, &copy, request, shell)?;
    report::print(&program, request.report, &cache, shell)?;
    let mut command = process::Command::new(&compiler.cargo);
    command.arg(request.command.name()).args(&request.cargo);
    command
        .args(["--target", &compiler.target])
        .arg("--target-dir")
        .arg(&built.target_dir);
    for (key, path) in [
        ("build.build-dir", &built.build_dir),
        ("build.rustc-wrapper", &built.rustc),
        ("build.rustdoc", &built.rustdoc),
    ] {
        let path = path
            .to_str()
            .ok_or_else(|| Failure::new(format!("{}: not UTF-8", path.display())))?;
        command
            .arg("--config")
            .arg(format!("{key}={}", quoted(path)));
    }
    graph.flags_at.add_to(&mut command, &compiler.target);
    graph.flags_at.hide_in(&mut command, &compiler.target);
    if compiler.wrapper_in_environment {
        command.env("RUSTC_WRAPPER", &built.rustc);
    }
    if env::var_os("RUSTDOC").is_some() {
        command.env("RUSTDOC", &built.rustdoc);
    }
    become_cargo(command.args(&request.rest))
}

/// Replaces this process, so that signals and the exit status are cargo's.
fn become_cargo(command: &mut process::Command) -> Result<u8, Failure> {
    let error = command.exec();
    let program = command.get_program().display();
    Err(Failure::new(format!("could not run `{program}`: {error}")))
}

/// The folder for all that greenpatch has built: `greenpatch` in the target folder, or `install` in the cache for crates
/// that have no such folder.
fn target_folder(metadata: &Metadata, cache: &Path, request: &Request) -> Result<PathBuf, Failure> {
    if let Some(folder) = &request.target_dir {
        let folder = std::path::absolute(folder).context(|| "--target-dir".to_owned())?;
        return Ok(folder.join("greenpatch"));
    }
    let root = metadata.workspace_root.as_std_path();
    let folder = metadata.target_directory.as_std_path();
    if request.command == Command::Install && folder.starts_with(root) && root.starts_with(cache) {
        return Ok(cache.join("install"));
    }
    Ok(folder.join("greenpatch"))
}

/// Where the program is built.
struct Built {
    /// Programs, tests and libraries are found here, under the target's name.
    target_dir: PathBuf,
    /// What is compiled on the way; named by all that cargo's fingerprints do not see.
    build_dir: PathBuf,
    /// The link by which the tool is called in rustc's place.
    rustc: PathBuf,
    /// The link by which it is called in rustdoc's place.
    rustdoc: PathBuf,
}

impl Built {
    /// Has all ready that cargo needs.
    fn prepare(
        compiler: &Compiler,
        flags: &[String],
        target_dir: PathBuf,
        program: &Program<'_>,
        copy: &Copy,
        request: &Request,
        shell: Shell,
    ) -> Result<Built, Failure> {
        let digits = files::digits((FORMAT, &copy.digits, &program.native, &compiler.wrapper));
        let build_dir = target_dir.join("build").join(digits);
        // Several programs may share a target folder.
        let members: Vec<_> = program.settings.keys().collect();
        let folder = build_dir.join(format!("plan-{}", files::digits(members)));
        let entry = launch::entry(compiler, copy, false, shell)?;
        let aborting_entry = launch::entry(compiler, copy, true, shell)?;
        let bodies = match launch::bodies(compiler, flags, copy, shell) {
            Ok(library) => Some(library),
            Err(failure) => {
                if request.command.builds_tests() {
                    shell.warning(&format!(
                        "the bodies of tests run on OS threads: this compiler's `test` crate is another one: {failure}"
                    ));
                }
                None
            }
        };
        let mut launches = std::collections::BTreeMap::new();
        for (package, settings) in &program.settings {
            let baked = settings.baked();
            let library = launch::ready(compiler, flags, copy, &baked, shell)?;
            let on = request.bodies.or(settings.bodies).unwrap_or_default();
            let bodies = bodies.clone().filter(|_| on == Bodies::Green);
            let watched = folder.join(format!("launch-{}", files::digits(package)));
            let content = (&library, &entry, &bodies);
            files::write(&watched, format!("{content:?}\n"))?;
            let launch = Launch {
                library,
                bodies,
                watched,
            };
            launches.insert(package.clone(), launch);
        }
        let plan = Plan {
            greenpatch: copy.library.clone(),
            dependencies: copy.dependencies.clone(),
            launch: launches,
            entry,
            aborting_entry,
            native: program.native.iter().cloned().collect(),
            folders: program.folders(),
            wrapper: compiler
                .wrapper
                .as_ref()
                .map(|wrapper| wrapper.to_string_lossy().into_owned()),
            rustdoc: compiler.rustdoc.to_string_lossy().into_owned(),
        };
        plan.write(&folder)?;
        let this = env::current_exe().context(|| "could not find this program".to_owned())?;
        let rustc = folder.join(wrapper::RUSTC);
        let rustdoc = folder.join(wrapper::RUSTDOC);
        files::link(&rustc, &this)?;
        files::link(&rustdoc, &this)?;
        Ok(Built {
            target_dir,
            build_dir,
            rustc,
            rustdoc,
        })
    }
}
