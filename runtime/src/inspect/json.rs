//! A dump as JSON.
#![forbid(unsafe_code)]

use std::fmt::Write;

use super::dump::{
    Dump, Holder, HubReport, OsThreadReport, ThreadReport, ThreadState, WaitKind, WaitReport,
};
use super::json_writer::Json;
use super::os;
use crate::frame::Frame;

impl Dump {
    /// Returns the dump as one line of JSON. What is not known is left out.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        Json::between(&mut out, ['{', '}'], |json| {
            json.optional("other_os_threads", self.other_os_threads);
            json.list("hubs", &self.hubs, write_hub);
            json.list("os_threads", &self.os_threads, write_os_thread);
            json.list("cycles", &self.cycles, |out, cycle| {
                write!(out, "{cycle:?}").expect("a string takes all");
            });
        });
        out
    }
}

fn write_hub(out: &mut String, hub: &HubReport) {
    Json::between(out, ['{', '}'], |json| {
        json.field("os_thread", hub.os_thread);
        json.text("name", hub.name.as_deref());
        json.field("is_held", hub.is_held);
        json.optional("system_call", hub.system_call);
        json.text("call_name", hub.system_call.and_then(os::name_of_call));
        if let Some(running) = &hub.running {
            json.object("running", |json| {
                json.optional("id", running.id);
                json.text("name", running.name.as_deref());
                json.location("spawned_at", running.spawned_at);
                if let Some(frames) = &running.backtrace {
                    json.list("backtrace", frames, write_frame);
                }
                json.text("no_backtrace", running.no_backtrace);
            });
        }
        json.list("threads", &hub.threads, write_thread);
    });
}

fn write_os_thread(out: &mut String, thread: &OsThreadReport) {
    Json::between(out, ['{', '}'], |json| {
        json.field("os_thread", thread.os_thread);
        json.text("name", thread.name.as_deref());
        json.field("id", thread.id);
        json.object("wait", |json| write_wait(json, &thread.wait));
    });
}

fn write_thread(out: &mut String, thread: &ThreadReport) {
    Json::between(out, ['{', '}'], |json| {
        json.field("id", thread.id);
        json.text("name", thread.name.as_deref());
        json.field("is_root", thread.is_root);
        json.location("spawned_at", thread.spawned_at);
        json.optional("parent", thread.parent);
        let state = match thread.state {
            ThreadState::New => "new",
            ThreadState::Ready => "ready",
            ThreadState::Running => "running",
            ThreadState::Waiting => "waiting",
        };
        json.text("state", Some(state));
        if let Some(wait) = &thread.wait {
            json.object("wait", |json| write_wait(json, wait));
        }
        if let Some(stack) = thread.stack {
            json.field("stack_size", stack.size);
            json.optional("stack_used", stack.used);
            json.optional("stack_peak", stack.peak);
        }
        if let Some(frames) = &thread.backtrace {
            json.list("backtrace", frames, write_frame);
        }
        json.text("no_backtrace", thread.no_backtrace);
    });
}

fn write_frame(out: &mut String, frame: &Frame) {
    Json::between(out, ['{', '}'], |json| {
        json.text("function", Some(&frame.function));
        json.text("file", frame.file.as_deref());
        json.optional("line", frame.line);
        json.optional("column", frame.column);
    });
}

fn write_wait(json: &mut Json<'_>, wait: &WaitReport) {
    let kind = match &wait.kind {
        WaitKind::Mutex => "mutex",
        WaitKind::Read => "read",
        WaitKind::Write => "write",
        WaitKind::Once => "once",
        WaitKind::Condvar => "condvar",
        WaitKind::Barrier => "barrier",
        WaitKind::ChannelSend => "send",
        WaitKind::ChannelReceive => "receive",
        WaitKind::Join => "join",
        WaitKind::Scope => "scope",
        WaitKind::Park => "park",
        WaitKind::BlockOn => "future",
        WaitKind::Sleep => "sleep",
        WaitKind::Descriptor { .. } => "descriptor",
        WaitKind::Futex => "futex",
        WaitKind::Call(_) => "call",
    };
    json.text("kind", Some(kind));
    match &wait.kind {
        WaitKind::Descriptor { fd, writes, peer } => {
            json.field("fd", fd);
            json.field("writes", writes);
            let peer = peer.map(|peer| peer.to_string());
            json.text("peer", peer.as_deref());
        }
        WaitKind::Call(name) => json.text("call", Some(name)),
        _ => {}
    }
    let address = wait.address.map(|address| format!("{address:#x}"));
    json.text("address", address.as_deref());
    json.location("location", wait.location);
    json.field("waited_seconds", wait.waited.as_secs_f64());
    json.optional(
        "remaining_seconds",
        wait.remaining.map(|left| left.as_secs_f64()),
    );
    match wait.holder {
        Some(Holder::Thread(id)) => json.field("holder", id),
        Some(Holder::OsThread) => json.text("holder", Some("OS thread")),
        None => {}
    }
}
