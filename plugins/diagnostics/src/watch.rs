//! The look each minute: it judges how the bot is, writes that down, and raises an alert when the state changes.

use std::{
    collections::VecDeque,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use plugin_api::{
    prelude::*,
    text::{clip, span},
};
use serde::{Deserialize, Serialize};

use crate::{
    SUBJECT, given,
    judge::{Health, Judgement, judge},
    limits::Limits,
    memory::Memory,
    seen::Seen,
};

/// Time from one look to the next.
pub(crate) const EVERY: Duration = Duration::from_secs(60);

/// The latest entry.
pub(crate) const LATEST: &str = "framework_health.json";

/// Those before.
pub(crate) const HISTORY: &str = "framework_health_history.json";

/// Where a history goes that can't be read.
const BROKEN: &str = "framework_health_history.broken.json";

/// Entries that are kept.
const ENTRIES: usize = 48;

/// Milliseconds from one entry to the next, where the state stays the same: some four hours are kept.
const ENTRY_MS: i64 = 300_000;

/// How long the writes of a look may take. A disk that does not answer must not keep the bot from telling so.
const WRITES: Duration = Duration::from_secs(10);

/// Characters of an error that is a reason.
const REASON: usize = 200;

/// How the bot was, as it stands in the files.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    /// When, in milliseconds since the Unix epoch.
    pub(crate) at_ms: i64,
    pub(crate) state: Health,
    pub(crate) reasons: Vec<String>,
    /// Commands of the last hour, and those of them that failed.
    pub(crate) commands: u64,
    pub(crate) errors: u64,
    pub(crate) lag_ms: f64,
    pub(crate) slowest_write_ms: f64,
    pub(crate) slowest_commit_ms: f64,
    pub(crate) latency_ms: Option<f64>,
    pub(crate) memory_bytes: u64,
    pub(crate) cpu_percent: f64,
    pub(crate) threads: Option<u64>,
    pub(crate) descriptors: Option<u64>,
    pub(crate) connections: Option<u64>,
    pub(crate) shards: u32,
    pub(crate) shards_connected: u32,
    pub(crate) up_ms: u64,
}

/// The schedule's handler.
pub(crate) async fn look(ctx: ScheduleContext<Memory>) -> Result {
    let (host, memory) = (ctx.host(), ctx.state());
    let Some(seen) = Seen::now(host).await else {
        return Ok(());
    };
    let at_ms = ms(ctx.due());
    memory.note(at_ms, &seen);
    let limits = Limits::of(host)?;
    let found = judge(&limits, &memory.counts(&memory.noted()), &seen);
    let entry = entry(at_ms, memory, &seen, &found);
    let written = tokio::time::timeout(WRITES, write(host, &entry)).await;
    memory.set_trouble(written.unwrap_or_else(|_| Err(unwritten())).err());
    // What could not be written is a reason as well, and can't be in the file.
    let found = judge(&limits, &memory.counts(&memory.noted()), &seen);
    memory.note_away(&seen);
    tell(host, memory, at_ms, &found).await;
    Ok(())
}

fn entry(at_ms: i64, memory: &Memory, seen: &Seen, found: &Judgement) -> Entry {
    let (counts, bot) = (memory.counts(&memory.noted()), &seen.bot);
    Entry {
        at_ms,
        state: found.health,
        reasons: found.reasons.clone(),
        commands: counts.commands,
        errors: counts.errors,
        lag_ms: seen.lag_us() as f64 / 1_000.0,
        slowest_write_ms: seen.files.slowest_write_us as f64 / 1_000.0,
        slowest_commit_ms: seen.files.slowest_commit_us as f64 / 1_000.0,
        latency_ms: bot.latency_ms,
        memory_bytes: bot.memory_bytes,
        cpu_percent: bot.cpu_percent,
        threads: bot.threads,
        descriptors: bot.descriptors,
        connections: bot.connections,
        shards: bot.shards,
        shards_connected: bot.shards_connected,
        up_ms: bot.up_ms,
    }
}

/// Writes an entry into the files, and into the database. What can't be written is the error, in words.
async fn write(host: &Host, entry: &Entry) -> Result<(), String> {
    let files = host.files();
    let failed = |what: &str, error: &Error| {
        tracing::warn!("{what} could not be written: {error}");
        clip(&format!("{what} could not be written: {error}"), REASON)
    };
    // The latest last: whoever sees it finds it in the history, too.
    let kept = keep(host, entry).await;
    let latest = files.write_json(LATEST, entry).await;
    latest.map_err(|error| failed(LATEST, &error))?;
    kept.map_err(|error| failed(HISTORY, &error))?;
    // Nothing reads it: it shows whether the database can be written.
    let looks = host.storage().bot().kv_store("looks");
    looks
        .set("last", &entry.at_ms)
        .await
        .map_err(|error| failed("the database", &error))
}

/// What is told of writes that were not waited for any longer.
fn unwritten() -> String {
    tracing::warn!("{LATEST} and its history took more than {WRITES:?}; they are not waited for");
    format!(
        "{LATEST} could not be written within {} seconds: the disk is slow, or does not answer",
        WRITES.as_secs()
    )
}

/// Adds an entry to the history, if it is due.
async fn keep(host: &Host, entry: &Entry) -> Result {
    let files = host.files();
    let mut all = match history(host).await {
        Ok(all) => all,
        Err(error) => {
            tracing::warn!("{error}; the history begins anew, and what was there is in {BROKEN}");
            files.remove(BROKEN).await?;
            files.rename(HISTORY, BROKEN).await?;
            VecDeque::new()
        }
    };
    let is_due = all.back().is_none_or(|last| {
        last.state != entry.state || (entry.at_ms - last.at_ms).abs() >= ENTRY_MS
    });
    if !is_due {
        return Ok(());
    }
    all.push_back(entry.clone());
    while all.len() > ENTRIES {
        all.pop_front();
    }
    files.write_json(HISTORY, &all).await
}

/// The entries that are kept, the oldest first.
pub(crate) async fn history(host: &Host) -> Result<VecDeque<Entry>> {
    Ok(host.files().read_json(HISTORY).await?.unwrap_or_default())
}

/// Raises an alert if the state is not the one that was told last. What falls into the cool-down is told at a later look, if it still
/// holds then.
async fn tell(host: &Host, memory: &Memory, at_ms: i64, found: &Judgement) {
    let (told, told_ms) = memory.told();
    let health = found.health;
    if told == health {
        return;
    }
    let text = match health {
        Health::Healthy => {
            let lasted = u64::try_from(at_ms - told_ms).unwrap_or_default();
            format!("🟢 The bot is healthy again, after {}.", span(lasted))
        }
        _ => format!(
            "{} The bot is {health}, and was {told}.\n{}",
            health.mark(),
            listed(&found.reasons)
        ),
    };
    let raised = given(
        "alerts.raise",
        host.alert(SUBJECT, health.word(), &text).await,
    );
    if raised == Some(true) {
        memory.set_told(health, at_ms);
    }
}

/// Reasons, a line each.
pub(crate) fn listed(reasons: &[String]) -> String {
    let lines: Vec<String> = reasons.iter().map(|reason| format!("• {reason}")).collect();
    lines.join("\n")
}

fn ms(at: SystemTime) -> i64 {
    let since = at.duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}
