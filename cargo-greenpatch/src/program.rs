//! The user's program: its packages, how each of them is compiled, and what its manifests say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use cargo_metadata::{CrateType, DependencyKind, Metadata, Node, Package, PackageId, TargetKind};
use serde::Serialize;

use crate::arguments::Request;
use crate::error::Failure;
use crate::settings::Settings;
use crate::source::{Source, VERSION};

/// How the crates of a package are compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Treatment {
    /// With greenpatch in place of std.
    Green,
    /// With std, as the user asked.
    Native,
    /// With std, since it runs while others are compiled.
    Host,
    /// Not at all: the copy of greenpatch stands for it.
    Copy,
}

/// One package that is part of the build.
#[derive(Debug)]
pub(crate) struct Part<'a> {
    /// What cargo says of it.
    pub(crate) package: &'a Package,
    /// How it is compiled.
    pub(crate) treatment: Treatment,
}

/// The graph, as far as it is built.
#[derive(Debug)]
pub(crate) struct Program<'a> {
    /// In the order of their names.
    pub(crate) parts: Vec<Part<'a>>,
    /// What is baked into the programs of each member of the workspace, by the folder of its manifest.
    pub(crate) settings: BTreeMap<PathBuf, Settings>,
    /// The packages that keep std.
    pub(crate) native: BTreeSet<String>,
    /// Where greenpatch's sources are.
    pub(crate) source: Source,
}

impl<'a> Program<'a> {
    /// Reads the graph.
    pub(crate) fn read(metadata: &'a Metadata, request: &Request) -> Result<Program<'a>, Failure> {
        let workspace = Settings::read(&metadata.workspace_metadata, "the workspace")?;
        let mut native: BTreeSet<String> = request.native.iter().cloned().collect();
        native.extend(workspace.native.iter().cloned());
        let mut settings = BTreeMap::new();
        for package in request.members(metadata) {
            let own = Settings::read(&package.metadata, &format!("the package {}", package.name))?;
            native.extend(own.native.iter().cloned());
            if let Some(folder) = package.manifest_path.parent() {
                settings.insert(folder.as_std_path().to_owned(), own.or(&workspace));
            }
        }
        let graph = Graph::of(metadata)?;
        for name in &native {
            if !metadata
                .packages
                .iter()
                .any(|package| package.name == name.as_str())
            {
                return Err(Failure::new(format!(
                    "`{name}` is to keep std, but there is no such package in the graph"
                )));
            }
        }
        let source = source(metadata, &graph)?;
        let (for_target, for_host) = graph.reached(metadata, request);
        let mut parts: Vec<_> = metadata
            .packages
            .iter()
            .filter_map(|package| {
                let treatment = if for_target.contains(&package.id) && !is_macro(package) {
                    treatment(package, &native)
                } else if for_host.contains(&package.id) || for_target.contains(&package.id) {
                    Treatment::Host
                } else {
                    return None;
                };
                Some(Part { package, treatment })
            })
            .collect();
        parts.sort_by(|a, b| a.package.name.cmp(&b.package.name));
        for part in &parts {
            refuse(part)?;
        }
        Ok(Program {
            parts,
            settings,
            native,
            source,
        })
    }
}

impl Program<'_> {
    /// The folders of the packages that are compiled for the target, by their names.
    pub(crate) fn folders(&self) -> BTreeMap<String, PathBuf> {
        let compiled =
            |part: &&Part<'_>| matches!(part.treatment, Treatment::Green | Treatment::Native);
        let folder = |part: &Part<'_>| {
            let folder = part.package.manifest_path.parent()?;
            Some((
                part.package.name.to_string(),
                folder.as_std_path().to_owned(),
            ))
        };
        self.parts
            .iter()
            .filter(compiled)
            .filter_map(folder)
            .collect()
    }
}

fn treatment(package: &Package, native: &BTreeSet<String>) -> Treatment {
    if package.name == "greenpatch" {
        Treatment::Copy
    } else if native.contains(package.name.as_str()) {
        Treatment::Native
    } else {
        Treatment::Green
    }
}

/// What cannot be built with greenpatch in place of std, with the reason.
fn refuse(part: &Part<'_>) -> Result<(), Failure> {
    if part.treatment != Treatment::Green {
        return Ok(());
    }
    for target in &part.package.targets {
        if target.crate_types.contains(&CrateType::DyLib) {
            return Err(Failure::new(format!(
                "`{}` is a Rust dynamic library (crate-type dylib), which would hold a greenpatch of its own \
                 beside the program's; make it rlib or cdylib, or keep it on std with `--native {}`",
                part.package.name, part.package.name
            )));
        }
    }
    Ok(())
}

fn is_macro(package: &Package) -> bool {
    package
        .targets
        .iter()
        .any(|target| target.kind.contains(&TargetKind::ProcMacro))
}

/// The greenpatch that the program depends on itself, or the tool's.
fn source(metadata: &Metadata, graph: &Graph<'_>) -> Result<Source, Failure> {
    let mut found = metadata
        .packages
        .iter()
        .filter(|package| package.name == "greenpatch");
    let Some(package) = found.next() else {
        return Ok(Source::Carried);
    };
    let other = found.next().unwrap_or(package);
    for package in [package, other] {
        if package.version.to_string() != VERSION {
            return Err(Failure::new(format!(
                "the program links greenpatch {}, and this is cargo-greenpatch {VERSION}; \
                 one greenpatch is all that a process can have, so use the same version of both",
                package.version
            )));
        }
    }
    let macros = metadata
        .packages
        .iter()
        .find(|package| package.name == "greenpatch-macros");
    let folder = |package: &Package| {
        package
            .manifest_path
            .parent()
            .map(|path| path.as_std_path().to_owned())
    };
    let features = graph
        .nodes
        .get(&package.id)
        .map_or(&[][..], |node| &node.features);
    let features = features
        .iter()
        .map(ToString::to_string)
        .filter(|name| name != "default");
    match (folder(package), macros.and_then(folder)) {
        (Some(runtime), Some(macros)) => Source::graph(runtime, macros, features.collect()),
        _ => Err(Failure::new(
            "the greenpatch that the program links is not in the graph with its macros",
        )),
    }
}

/// Which packages depend on which.
struct Graph<'a> {
    nodes: BTreeMap<&'a PackageId, &'a Node>,
    packages: BTreeMap<&'a PackageId, &'a Package>,
}

impl<'a> Graph<'a> {
    fn of(metadata: &'a Metadata) -> Result<Self, Failure> {
        let resolve = metadata.resolve.as_ref();
        let resolve = resolve.ok_or_else(|| Failure::new("`cargo metadata` has no graph"))?;
        Ok(Graph {
            nodes: resolve.nodes.iter().map(|node| (&node.id, node)).collect(),
            packages: metadata
                .packages
                .iter()
                .map(|package| (&package.id, package))
                .collect(),
        })
    }

    /// The packages that are compiled for the target, and those that are compiled for the host.
    fn reached(
        &self,
        metadata: &'a Metadata,
        request: &Request,
    ) -> (BTreeSet<PackageId>, BTreeSet<PackageId>) {
        let roots: Vec<&PackageId> = request.roots(metadata);
        let with_tests = request.command.builds_tests();
        let mut target = BTreeSet::new();
        let mut host = BTreeSet::new();
        let mut open: Vec<(&PackageId, bool)> = roots.iter().map(|&id| (id, false)).collect();
        while let Some((id, on_host)) = open.pop() {
            let on_host = on_host
                || self
                    .packages
                    .get(id)
                    .is_some_and(|package| is_macro(package));
            let seen = if on_host { &mut host } else { &mut target };
            if !seen.insert(id.clone()) {
                continue;
            }
            let is_root = roots.contains(&id);
            for dependency in self.nodes.get(id).map_or(&[][..], |node| &node.deps) {
                for kind in &dependency.dep_kinds {
                    match kind.kind {
                        DependencyKind::Build => open.push((&dependency.pkg, true)),
                        DependencyKind::Development if !(is_root && with_tests) => {}
                        _ => open.push((&dependency.pkg, on_host)),
                    }
                }
            }
        }
        (target, host)
    }
}
