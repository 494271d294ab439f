//! What `cargo greenpatch` gives to programs and tests in place of `std`: greenpatch, and a function that
//! patches before `main`.
//!
//! Compiled by the tool, once for each set of settings in a manifest, which it passes in the environment as
//! `GREENPATCH_BAKED`. Libraries get greenpatch itself.

pub use ::greenpatch::*;

#[doc(hidden)]
pub mod __greenpatch_launch {
    use ::greenpatch::{Patched, Patcher, Workers};

    /// Called on the main thread before the program's `main`, by `entry.rs`.
    // SAFETY: the name is the tool's own, and no other library has a function of it.
    #[unsafe(no_mangle)]
    extern "C" fn greenpatch_before_main(panics_abort: bool) {
        if panics_abort {
            ::greenpatch::__private::panics_abort();
        }
        if let Err(message) = launch() {
            ::std::eprintln!("greenpatch: {message}");
            ::std::process::exit(2);
        }
    }

    fn launch() -> Result<(), String> {
        let Some(settings) = Settings::read()? else {
            return Ok(());
        };
        match settings.patcher().apply() {
            Ok(Patched::Cancelled { .. } | Patched::AlreadyPatched | Patched::Done(_)) => Ok(()),
            Ok(other) => Err(format!("not patched: {other:?}")),
            Err(error) => Err(format!("not patched: {error}")),
        }
    }

    const FEATURES: [&str; 8] =
        ["thread", "time", "net", "dns", "process", "stdio", "fs", "libc"];

    /// What is patched, and how.
    struct Settings {
        on: [bool; FEATURES.len()],
        workers: Option<Workers>,
        stack_size: Option<usize>,
    }

    impl Settings {
        /// What the manifest says, and over it what the environment says; nothing if it is all off.
        fn read() -> Result<Option<Settings>, String> {
            let mut settings = Settings {
                on: FEATURES.map(|name| name != "fs"),
                workers: None,
                stack_size: None,
            };
            let baked = env!("GREENPATCH_BAKED");
            for pair in baked.split(';').filter(|pair| !pair.is_empty()) {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                settings.set(name, value).map_err(|error| format!("the manifest's {name}: {error}"))?;
            }
            for (variable, name) in [
                ("GREENPATCH", "features"),
                ("GREENPATCH_WORKERS", "workers"),
                ("GREENPATCH_STACK_SIZE", "stack-size"),
            ] {
                let Some(value) = ::std::env::var_os(variable) else {
                    continue;
                };
                let value = value
                    .into_string()
                    .map_err(|value| format!("{variable}={}: not UTF-8", value.display()))?;
                settings
                    .set(name, value.trim())
                    .map_err(|error| format!("{variable}={value}: {error}"))?;
            }
            Ok(settings.on.contains(&true).then_some(settings))
        }

        fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
            match name {
                "features" => self.features(value)?,
                "workers" => {
                    let workers = value.parse::<Workers>().map_err(|error| error.to_string())?;
                    self.workers = Some(workers);
                }
                "stack-size" => self.stack_size = Some(number(value)?),
                _ => return Err("no such setting".to_owned()),
            }
            Ok(())
        }

        /// `off`, `on`, or a comma-separated list: plain names replace the set of features; names with `+` or `-` add to it
        /// or remove from it.
        fn features(&mut self, list: &str) -> Result<(), String> {
            match list {
                "" | "on" => return Ok(()),
                "off" => {
                    self.on = [false; FEATURES.len()];
                    return Ok(());
                }
                _ => {}
            }
            let mut named = [false; FEATURES.len()];
            let mut plain = 0;
            let mut signed = 0;
            for word in list.split(',').map(str::trim) {
                let name = word.trim_start_matches(['+', '-']);
                let Some(index) = FEATURES.iter().position(|&feature| feature == name) else {
                    return Err(format!(
                        "no feature {name:?}; expected on, off, or some of {}",
                        FEATURES.join(", ")
                    ));
                };
                match word.as_bytes()[0] {
                    b'+' => self.on[index] = true,
                    b'-' => self.on[index] = false,
                    _ => named[index] = true,
                }
                if word.starts_with(['+', '-']) {
                    signed += 1;
                } else {
                    plain += 1;
                }
            }
            if plain > 0 && signed > 0 {
                return Err("names with + or - and names without do not mix".to_owned());
            }
            if plain > 0 {
                self.on = named;
            }
            Ok(())
        }

        fn patcher(&self) -> Patcher {
            let [thread, time, net, dns, process, stdio, fs, libc] = self.on;
            let mut patcher = Patcher::new()
                .thread(thread)
                .time(time)
                .net(net)
                .dns(dns)
                .process(process)
                .stdio(stdio)
                .fs(fs)
                .libc(libc);
            if let Some(bytes) = self.stack_size {
                patcher = patcher.stack_size(bytes);
            }
            if let Some(workers) = self.workers {
                patcher = patcher.workers(workers);
            }
            patcher
        }
    }

    fn number(text: &str) -> Result<usize, String> {
        match text.parse() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err("expected a whole number from 1".to_owned()),
        }
    }
}
