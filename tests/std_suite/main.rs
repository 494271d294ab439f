//! Runs std's own test suite against greenpatch: see README.md beside this file.

mod build;
mod edit;
mod examples;
mod left_out;
mod modes;
mod package;
mod paths;
mod report;
mod run;
mod sources;
mod transform;

use build::Built;
use left_out::LeftOut;
use modes::Mode;
use package::Kind;
use report::Report;
use run::{Job, Limits};
use sources::{Set, TestFile};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "usage: std_suite [--mode std,unpatched,green,root,foreign,workers2] [--set thread,net,process,fs,io] [--repeat N] [--filter TEXT]… \
[--jobs N] [--timeout SECONDS] [--no-examples] [--asan] [--list]";

/// The options of the command line.
struct Options {
    modes: Vec<Mode>,
    sets: Vec<Set>,
    filters: Vec<String>,
    examples: bool,
    list: bool,
    sanitize: bool,
    limits: Limits,
}

fn main() -> ExitCode {
    match options(std::env::args().skip(1)).and_then(|options| suite(&options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("std_suite: {message}");
            ExitCode::FAILURE
        }
    }
}

fn options(mut args: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options {
        modes: Mode::ACCEPTANCE.to_vec(),
        sets: vec![Set::Thread],
        filters: Vec::new(),
        examples: true,
        list: false,
        sanitize: false,
        limits: Limits {
            jobs: 2,
            repeat: 1,
            timeout: Duration::from_secs(60),
        },
    };
    while let Some(arg) = args.next() {
        let mut value = || {
            args.next()
                .ok_or_else(|| format!("{arg} needs a value\n{USAGE}"))
        };
        let number = |text: String| match text.parse::<usize>() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(format!("{arg}: expected a positive number, found `{text}`")),
        };
        match arg.as_str() {
            "--mode" => {
                let modes: Result<Vec<Mode>, String> =
                    value()?.split(',').map(Mode::parse).collect();
                options.modes = modes?;
            }
            "--set" => {
                let sets: Result<Vec<Set>, String> = value()?.split(',').map(Set::parse).collect();
                options.sets = sets?;
            }
            "--filter" => options.filters.push(value()?),
            "--repeat" => options.limits.repeat = number(value()?)?,
            "--jobs" => options.limits.jobs = number(value()?)?,
            "--timeout" => options.limits.timeout = Duration::from_secs(number(value()?)? as u64),
            "--no-examples" => options.examples = false,
            "--list" => options.list = true,
            "--asan" => options.sanitize = true,
            _ => return Err(format!("unknown argument `{arg}`\n{USAGE}")),
        }
    }
    Ok(options)
}

/// Builds and runs the selected tests. Returns whether all have passed.
fn suite(options: &Options) -> Result<bool, String> {
    let library = sources::find()?;
    let table = LeftOut::parse(include_str!("left_out.txt"))?;
    let mut report = Report::new(&options.modes, options.limits, options.sanitize);
    let mut keys = Vec::new();
    let mut files = Vec::new();
    for file in sources::test_files(&library, &options.sets)? {
        if file.examples && !options.examples || !may_match(&file, &options.filters) {
            continue;
        }
        keys.push(file.key.clone());
        match table.file(&file.key) {
            Some(reason) => report.left_out(&file.key, "*", None, reason),
            None => files.push(file),
        }
    }

    let kind = |mode: Mode| match (mode, options.sanitize) {
        (Mode::Std, _) => Kind::Control,
        (_, false) => Kind::Shadow,
        (_, true) => Kind::Sanitized,
    };
    let mut packages = BTreeMap::new();
    for kind in options.modes.iter().map(|&mode| kind(mode)) {
        if let Entry::Vacant(package) = packages.entry(kind) {
            eprintln!("building std's tests: {kind:?} …");
            package.insert(build::build(&files, &table, kind)?);
        }
    }
    let mut jobs = Vec::new();
    for &mode in &options.modes {
        let built = &packages[&kind(mode)];
        jobs.extend(plan(mode, built, &table, &options.filters, &mut report)?);
    }
    if options.list {
        report.print_left_out();
        for job in &jobs {
            println!("{} {}::{}", job.mode.name(), job.file, job.test);
        }
        return Ok(true);
    }

    let log = sources::build_folder().join("log");
    fs::create_dir_all(&log)
        .map_err(|error| format!("cannot create {}: {error}", log.display()))?;
    eprintln!("running {} tests …", jobs.len());
    for (job, outcome) in jobs.iter().zip(run::run(&jobs, options.limits, &log)) {
        report.outcome(job, outcome);
    }
    if options.filters.is_empty() && options.examples {
        report.unused(table.unused(&keys, &options.modes));
    }
    Ok(report.print())
}

/// The tests to run in one mode. Those that are left out or do not compile are reported.
fn plan(
    mode: Mode,
    built: &Built,
    table: &LeftOut,
    filters: &[String],
    report: &mut Report,
) -> Result<Vec<Job>, String> {
    let mut jobs = Vec::new();
    for (file, built) in &built.files {
        for (test, reason) in &built.left_out {
            report.left_out(file, test, None, reason);
        }
        for (test, message) in &built.broken {
            if matches(file, test, filters) {
                report.broken(file, test, mode, message);
            }
        }
        let Some(binary) = &built.binary else {
            continue;
        };
        for test in run::list(binary)? {
            if !matches(file, &test, filters) {
                continue;
            }
            match table.in_mode(file, &test, mode) {
                Some(reason) => report.left_out(file, &test, Some(mode), reason),
                None => jobs.push(Job {
                    binary: binary.clone(),
                    file: file.clone(),
                    test,
                    mode,
                }),
            }
        }
    }
    Ok(jobs)
}

/// Whether a filter can select a test of this file. A filter names a file, or `FILE::TEST`.
fn may_match(file: &TestFile, filters: &[String]) -> bool {
    filters.is_empty()
        || filters.iter().any(|filter| match filter.split_once("::") {
            Some((name, _)) => file.key.contains(name) || !name.contains('/'),
            None => true,
        })
}

fn matches(file: &str, test: &str, filters: &[String]) -> bool {
    let name = format!("{file}::{test}");
    filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()))
}
