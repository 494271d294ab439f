#!/usr/bin/env python3
"""Annotates published crates with #[patchable] and runs their own tests.

    tests/real_crates/run.py [--mode items|whole] [--time CRATE] [CRATE ...]

Fetches each crate by name and version with cargo, copies it under target/real_crates, or under the folder
that the variable REAL_CRATES names, annotates the copy, adds greenpatch to its dependencies, and runs its tests, unpatched, before and after. Prints for
each crate which share of its functions became patch points, and why the others did not. Nothing of
the crates enters the repository.
"""

import argparse
import collections
import json
import os
import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
BUILD = Path(os.environ.get("REAL_CRATES", REPOSITORY / "target" / "real_crates"))

# Name, version requirement, targets for `cargo test` if not all of the library's. Of edition 2018 or later: in 2015, `::greenpatch`
# is a path in the crate itself.
CRATES = [
    ("httpdate", "1", []),
    ("humantime", "2", []),
    ("fastrand", "2", []),
    ("semver", "1", []),
    ("textwrap", "0.16", []),
    ("percent-encoding", "2", []),
    ("indexmap", "2", []),
    ("roxmltree", "0.20", []),
    ("regex-syntax", "0.8", []),
    ("tiny_http", "0.12", []),
    ("walkdir", "2", []),
    ("url", "2", []),
    ("arrayvec", "0.7", []),
    ("bytes", "1", []),
    ("csv-core", "0.1", []),
    ("either", "1", []),
    ("fixedbitset", "0.5", []),
    ("heck", "0.5", []),
    ("itertools", "0.14", []),
    ("lru", "0.19", []),
    # One of its tests needs a crate that is not published with it.
    ("nom", "8", "--lib --test arithmetic --test css --test float --test issues --test json --test overflow".split()),
    ("once_cell", "1", []),
    ("pest", "2", []),
    ("petgraph", "0.8", []),
    ("quick-xml", "0.38", []),
    ("rand", "0.9", []),
    ("ryu", "1", []),
    ("serde_json", "1", []),
    ("similar", "2", []),
    ("slab", "0.4", []),
    ("smallvec", "1", []),
    ("tinyvec", "1", []),
    ("tracing-core", "0.1", []),
    ("unicode-segmentation", "1", []),
    ("unicode-width", "0.2", []),
    ("uuid", "1", []),
    ("winnow", "0.7", []),
]

REPORT = """
#[test]
fn report() {
    use CRATE as _;
    for point in greenpatch::patch_points().iter() {
        let line = match point.state() {
            greenpatch::PatchState::PassedOver { reason } => *reason,
            _ => "a patch point",
        };
        println!("POINT {} | {} | {line}", point.module(), point.item());
    }
}
"""


def run(command, cwd, check=True, **variables):
    """Runs a command and returns its exit code and its output."""
    environment = dict(
        os.environ, CARGO_TERM_COLOR="never", CARGO_PROFILE_DEV_DEBUG="0", CARGO_INCREMENTAL="0", **variables
    )
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if check and done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}")
    return done.returncode, done.stdout


def annotator():
    """Builds the program that annotates and returns its path."""
    manifest = HERE / "annotate" / "Cargo.toml"
    target = BUILD / "annotate-target"
    run(
        ["cargo", "build", "-q", "--manifest-path", manifest, "--target-dir", target],
        HERE,
    )
    return target / "debug" / "annotate"


def fetch(crates):
    """Has cargo fetch the crates and returns their folders."""
    folder = BUILD / "fetch"
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "src" / "lib.rs").write_text("")
    wanted = "".join(f'{name} = "{version}"\n' for name, version, _ in crates)
    (folder / "Cargo.toml").write_text(
        f'[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n\n[dependencies]\n{wanted}\n'
        "[workspace]\n"
    )
    _, text = run(["cargo", "metadata", "--format-version", "1", "-q"], folder)
    packages = json.loads(text[text.index("{") :])["packages"]
    direct = {name for name, _, _ in crates}
    return {
        package["name"]: (package["version"], Path(package["manifest_path"]).parent)
        for package in packages
        if package["name"] in direct
    }


def copy(source, name, variant):
    """Copies a crate and returns the copy's folder."""
    folder = BUILD / variant / name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder)
    for path in folder.rglob("*"):
        path.chmod(path.stat().st_mode | 0o200)
    lock = folder / "Cargo.lock"
    if lock.exists():
        lock.unlink()
    manifest = folder / "Cargo.toml"
    manifest.write_text(manifest.read_text() + "\n[workspace]\n")
    return folder


def depend(folder):
    """Adds greenpatch to the dependencies of a crate."""
    manifest = folder / "Cargo.toml"
    text = manifest.read_text()
    entry = f'\n[dependencies.greenpatch]\npath = "{REPOSITORY / "runtime"}"\n'
    manifest.write_text(text.replace("\n[workspace]\n", entry + "\n[workspace]\n"))


def root_of(folder):
    """The crate's root file."""
    text = (folder / "Cargo.toml").read_text()
    given = re.search(r'\[lib\][^\[]*?path = "([^"]+)"', text, re.S)
    return folder / (given.group(1) if given else "src/lib.rs")


def passed(output):
    """How many tests passed."""
    return sum(int(n) for n in re.findall(r"test result: \w+\. (\d+) passed", output))


def warnings(output):
    """The warnings of a crate's own code, without their places."""
    found = re.findall(r"^warning: (.+)\n +--> (?!/|\.\.)\S", output, re.M)
    return collections.Counter(found)


def test(folder, targets):
    return run(
        ["cargo", "test", "--no-fail-fast", *(targets or ["--lib", "--tests"])],
        folder,
        check=False,
        CARGO_TARGET_DIR=str(BUILD / "target"),
    )


def one(name, version, arguments, source, annotate, mode, reasons):
    """Annotates one crate; returns its line of the table."""
    plain = copy(source, name, "plain")
    code_before, before = test(plain, arguments)
    annotated = copy(source, name, mode)
    depend(annotated)
    _, count = run([annotate, mode, root_of(annotated)], annotated)
    if mode == "whole":
        # Snapshots are looked for beside the file, which is one now.
        for snapshots in list((annotated / "src").glob("*/**/snapshots")):
            shutil.copytree(snapshots, annotated / "src" / "snapshots", dirs_exist_ok=True)
    code, output = test(annotated, arguments)
    if re.search(r"^error", output, re.M) and "test result" not in output:
        (BUILD / f"{name}-{mode}.log").write_text(output)
        return f"| {name} {version} | {count.strip()} | does not compile | | |", False
    crate = name.replace("-", "_")
    report = annotated / "tests" / "greenpatch_report.rs"
    report.parent.mkdir(exist_ok=True)
    report.write_text(REPORT.replace("CRATE", crate))
    manifest = annotated / "Cargo.toml"
    manifest.write_text(manifest.read_text() + '\n[[test]]\nname = "greenpatch_report"\npath = "tests/greenpatch_report.rs"\n')
    _, listing = run(
        ["cargo", "test", "-q", "--test", "greenpatch_report", "--", "--nocapture"],
        annotated,
        check=False,
        CARGO_TARGET_DIR=str(BUILD / "target"),
    )
    lines = re.findall(rf"^POINT {crate}\S* \| (.*?) \| (.*)$", listing, re.M)
    points = sum(1 for _, what in lines if what == "a patch point")
    for _, what in lines:
        if what != "a patch point":
            reasons[re.sub(r"`[^`]*`", "`…`", what) if "attribute" in what else what] += 1
    new = warnings(output) - warnings(before)
    fine = passed(output) == passed(before) and (code == 0) == (code_before == 0) and not new
    if not fine:
        (BUILD / f"{name}-{mode}.log").write_text(output)
    share = f"{100 * points / (len(lines) or 1):.0f} %"
    note = "" if not new else "; ".join(f"{text} ({n})" for text, n in new.items())
    return (
        f"| {name} {version} | {count.strip()} | {points} of {len(lines)} ({share}) | "
        f"{passed(before)} → {passed(output)} | {note} |",
        fine,
    )


def seconds(folder, command, times=5):
    """The least processor time that this one crate takes, from nothing, everything else being built."""
    best = None
    for attempt in range(times + 1):
        root_of(folder).touch()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run(
            ["cargo", command, "-q", "--lib"],
            folder,
            CARGO_TARGET_DIR=str(BUILD / "target"),
            CARGO_INCREMENTAL="0",
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        # The first one builds the rest.
        if attempt > 0:
            best = taken if best is None else min(best, taken)
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mode", choices=["items", "whole"], default="items")
    parser.add_argument("--time", metavar="CRATE", help="measure what the macro costs this crate")
    parser.add_argument("crates", nargs="*", help="only these")
    arguments = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    crates = [crate for crate in CRATES if not arguments.crates or crate[0] in arguments.crates]
    if arguments.time:
        for variant in ["plain", arguments.mode]:
            folder = BUILD / variant / arguments.time
            print(f"{variant}: check {seconds(folder, 'check'):.2f} s, build {seconds(folder, 'build'):.2f} s")
        return
    folders = fetch(crates)
    annotate = annotator()
    reasons = collections.Counter()
    print("| crate | functions | patch points | its tests | new warnings |")
    print("| --- | --- | --- | --- | --- |")
    all_fine = True
    for name, _, options in crates:
        version, source = folders[name]
        line, fine = one(name, version, options, source, annotate, arguments.mode, reasons)
        print(line, flush=True)
        all_fine &= fine
    print("\n| passed over | because |\n| --- | --- |")
    for reason, count in reasons.most_common():
        print(f"| {count} | {reason} |")
    sys.exit(not all_fine)


if __name__ == "__main__":
    main()
