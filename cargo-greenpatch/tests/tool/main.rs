//! Runs the tool on small programs that are made up here, offline, in folders of their own.

mod behaviour;
mod configuration;
mod native;
mod programs;
mod refusals;
mod settings;
mod support;
mod testing;
