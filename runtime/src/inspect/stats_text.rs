//! Stats as text and as JSON.
#![forbid(unsafe_code)]

use std::fmt;

use super::json_writer::Json;
use super::stats::{Counters, Histogram, Stats};

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, hub) in self.hubs.iter().enumerate() {
            write!(f, "hub {number}, OS thread {}", hub.os_thread)?;
            if let Some(name) = &hub.name {
                write!(f, " {name:?}")?;
            }
            write_counters(f, &hub.counters, self.is_timed)?;
        }
        if self.hubs.len() != 1 {
            write!(f, "{} hubs", self.hubs.len())?;
            write_counters(f, &self.total, self.is_timed)?;
        }
        writeln!(f, "calls made by helpers: {}", self.helper_calls)
    }
}

fn write_counters(f: &mut fmt::Formatter<'_>, counters: &Counters, is_timed: bool) -> fmt::Result {
    let Counters {
        spawned,
        alive,
        taken_over,
        switches,
        parks,
        yields,
        remote_wakes,
        polls,
        sleeps,
        poll_time,
        sleep_time,
        run_queue_delay,
    } = counters;
    write!(f, ": {spawned} spawned, {alive} alive")?;
    if *taken_over > 0 {
        write!(f, ", {taken_over} taken over from other workers")?;
    }
    writeln!(f)?;
    write!(f, "  {switches} switches, {parks} parks, {yields} yields, ")?;
    writeln!(f, "{remote_wakes} wake-ups from other OS threads")?;
    write!(f, "  {polls} polls, {sleeps} sleeps")?;
    if is_timed {
        write!(f, "; {poll_time:.1?} polling, {sleep_time:.1?} asleep")?;
    }
    writeln!(f)?;
    if let Some(half) = run_queue_delay.quantile(0.5) {
        write!(f, "  delays in the run queue: half below {half:.1?}")?;
        for (part, name) in [(0.99, "99 %"), (1.0, "all")] {
            if let Some(time) = run_queue_delay.quantile(part) {
                write!(f, ", {name} below {time:.1?}")?;
            }
        }
        writeln!(f, " ({} samples)", run_queue_delay.count())?;
    }
    Ok(())
}

impl Stats {
    /// Returns the stats as one line of JSON. Times are in seconds, and each bucket of a histogram is a time that its
    /// samples are below, and their number.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        Json::between(&mut out, ['{', '}'], |json| {
            json.list("hubs", &self.hubs, |out, hub| {
                Json::between(out, ['{', '}'], |json| {
                    json.field("os_thread", hub.os_thread);
                    json.text("name", hub.name.as_deref());
                    json_counters(json, &hub.counters);
                });
            });
            json.object("total", |json| json_counters(json, &self.total));
            json.field("helper_calls", self.helper_calls);
            json.field("is_timed", self.is_timed);
        });
        out
    }
}

fn json_counters(json: &mut Json<'_>, counters: &Counters) {
    for (name, number) in [
        ("spawned", counters.spawned),
        ("alive", counters.alive),
        ("taken_over", counters.taken_over),
        ("switches", counters.switches),
        ("parks", counters.parks),
        ("yields", counters.yields),
        ("remote_wakes", counters.remote_wakes),
        ("polls", counters.polls),
        ("sleeps", counters.sleeps),
    ] {
        json.field(name, number);
    }
    json.field("poll_seconds", counters.poll_time.as_secs_f64());
    json.field("sleep_seconds", counters.sleep_time.as_secs_f64());
    json_histogram(json, &counters.run_queue_delay);
}

fn json_histogram(json: &mut Json<'_>, histogram: &Histogram) {
    let buckets: Vec<_> = histogram.buckets().collect();
    json.list("run_queue_delay", &buckets, |out, (time, count)| {
        out.push_str(&format!("[{},{count}]", time.as_secs_f64()));
    });
}
