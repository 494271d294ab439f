//! `[package.metadata.greenpatch]` and `[workspace.metadata.greenpatch]`.

use serde_json::Value;

use crate::error::Failure;

/// The features by the names that manifests and the environment have for them.
const FEATURES: &[&str] = &[
    "thread", "time", "net", "dns", "process", "stdio", "fs", "libc",
];

/// Where the bodies of tests run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Bodies {
    /// On green threads.
    #[default]
    Green,
    /// On the harness's own OS threads.
    Native,
}

impl Bodies {
    /// The setting of that name.
    pub(crate) fn named(name: &str) -> Option<Bodies> {
        match name {
            "green" => Some(Bodies::Green),
            "native" => Some(Bodies::Native),
            _ => None,
        }
    }
}

/// The settings of one manifest. Those that are missing come from the workspace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    features: Option<Vec<String>>,
    /// As the program reads it.
    workers: Option<String>,
    stack_size: Option<u64>,
    /// Where the bodies of tests run.
    pub(crate) bodies: Option<Bodies>,
    /// Crates that are left on std.
    pub(crate) native: Vec<String>,
}

impl Settings {
    /// Reads the table from a manifest's metadata.
    pub(crate) fn read(metadata: &Value, place: &str) -> Result<Settings, Failure> {
        let mut settings = Settings::default();
        let Some(table) = metadata.get("greenpatch") else {
            return Ok(settings);
        };
        let wrong = |what: String| Failure::new(format!("{place}: metadata.greenpatch{what}"));
        let table = table
            .as_object()
            .ok_or_else(|| wrong(": expected a table".to_owned()))?;
        for (key, value) in table {
            let number = || {
                value
                    .as_u64()
                    .filter(|&number| number > 0)
                    .ok_or_else(|| wrong(format!(".{key}: expected a whole number from 1")))
            };
            let names = || {
                let list = value.as_array()?;
                list.iter()
                    .map(|item| item.as_str().map(str::to_owned))
                    .collect::<Option<Vec<_>>>()
            };
            let names =
                || names().ok_or_else(|| wrong(format!(".{key}: expected a list of strings")));
            match key.as_str() {
                "features" => settings.features = Some(names()?),
                "workers" if value == "per-core" => settings.workers = Some("per-core".to_owned()),
                "workers" => {
                    let count = value.as_u64().filter(|&count| count > 0).ok_or_else(|| {
                        wrong(
                            ".workers: expected a whole number from 1, or \"per-core\"".to_owned(),
                        )
                    })?;
                    settings.workers = Some(count.to_string());
                }
                "stack-size" => settings.stack_size = Some(number()?),
                "bodies" => {
                    let named = value.as_str().and_then(Bodies::named);
                    settings.bodies = Some(named.ok_or_else(|| {
                        wrong(".bodies: expected \"green\" or \"native\"".to_owned())
                    })?);
                }
                "native" => settings.native = names()?,
                _ => {
                    return Err(wrong(format!(
                        ".{key}: no such setting; expected features, workers, stack-size, bodies or native"
                    )));
                }
            }
        }
        for name in settings.features.iter().flatten() {
            if !FEATURES.contains(&name.as_str()) {
                return Err(wrong(format!(
                    ".features: no feature {name:?}; expected some of {}",
                    FEATURES.join(", ")
                )));
            }
        }
        Ok(settings)
    }

    /// These, completed by those of the workspace.
    pub(crate) fn or(mut self, workspace: &Settings) -> Settings {
        self.features = self.features.or_else(|| workspace.features.clone());
        self.workers = self.workers.or_else(|| workspace.workers.clone());
        self.stack_size = self.stack_size.or(workspace.stack_size);
        self.bodies = self.bodies.or(workspace.bodies);
        self
    }

    /// The form in which a program carries them.
    pub(crate) fn baked(&self) -> String {
        let mut pairs = Vec::new();
        if let Some(features) = &self.features {
            let list = if features.is_empty() {
                "off".to_owned()
            } else {
                features.join(",")
            };
            pairs.push(format!("features={list}"));
        }
        if let Some(workers) = &self.workers {
            pairs.push(format!("workers={workers}"));
        }
        if let Some(bytes) = self.stack_size {
            pairs.push(format!("stack-size={bytes}"));
        }
        pairs.join(";")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_package_comes_before_its_workspace() {
        let package = json!({"greenpatch": {"workers": 2}});
        let workspace = json!({"greenpatch": {"workers": 3, "features": ["thread", "time"]}});
        let package = Settings::read(&package, "a").unwrap();
        let workspace = Settings::read(&workspace, "b").unwrap();
        assert_eq!(
            package.or(&workspace).baked(),
            "features=thread,time;workers=2"
        );
        assert_eq!(Settings::read(&Value::Null, "c").unwrap().baked(), "");
    }

    #[test]
    fn workers_are_a_number_or_one_for_each_core() {
        let read = |value| Settings::read(&json!({"greenpatch": {"workers": value}}), "x").unwrap();
        assert_eq!(read(json!(4)).baked(), "workers=4");
        assert_eq!(read(json!("per-core")).baked(), "workers=per-core");
    }

    #[test]
    fn what_is_no_setting_is_said_with_its_place() {
        for (table, message) in [
            (
                json!({"wrokers": 2}),
                "x: metadata.greenpatch.wrokers: no such setting; expected features, workers, stack-size, bodies or native",
            ),
            (
                json!({"workers": 0}),
                "x: metadata.greenpatch.workers: expected a whole number from 1, or \"per-core\"",
            ),
            (
                json!({"bodies": "grey"}),
                "x: metadata.greenpatch.bodies: expected \"green\" or \"native\"",
            ),
            (
                json!({"features": ["all"]}),
                "x: metadata.greenpatch.features: no feature \"all\"; expected some of thread, time, net, dns, process, stdio, fs, libc",
            ),
            (json!(1), "x: metadata.greenpatch: expected a table"),
        ] {
            let error = Settings::read(&json!({"greenpatch": table}), "x").unwrap_err();
            assert!(
                matches!(&error, Failure::Message(text) if text == message),
                "{error:?}"
            );
        }
    }
}
