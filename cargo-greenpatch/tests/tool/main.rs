//! Runs the tool offline on small programs that the tests write, each in a separate folder.

mod behaviour;
mod configuration;
mod native;
mod programs;
mod refusals;
mod settings;
mod support;
mod testing;
mod top;
