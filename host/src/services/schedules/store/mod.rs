//! Schedule tables in the bot's database. Each function is one transaction's work.
//!
//! | file | what it does |
//! | --- | --- |
//! | `manifest_sync.rs` | what plugins declare |
//! | `entries.rs` | what was scheduled at run time |
//! | `recurring.rs` | what of that comes again |
//! | `claim.rs` | what is due, once each |
//! | `view.rs` | all of it, for people |

mod claim;
mod entries;
mod manifest_sync;
mod recurring;
mod view;

use rusqlite::{Connection, Result, params};

pub use self::view::ScheduleView;
pub(super) use self::{
    claim::{Claimed, claim, claim_now},
    entries::{Waiting, cancel, create, guild_of, list, recurring_of_all},
    manifest_sync::{declare, pause},
    recurring::{Coming, claim_entry_now, switch},
    view::views,
};
use super::Run;

/// The counts are made anew: what an older host added, which had no triggers, is in them.
const COUNT: &str = "
DELETE FROM cogwright__scheduled_counts;
INSERT INTO cogwright__scheduled_counts (plugin, count, bytes)
    SELECT plugin, count(*), sum(length(CAST(payload AS BLOB))) FROM cogwright__scheduled GROUP BY plugin;
";

/// Outcome of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Well.
    Done,
    /// With this error, and it is not tried again.
    Failed(String),
    /// Its generation or its process ended before it did.
    CutShort,
    /// The plugin could not take it: it waits on.
    NotBegun,
}

/// A run that was cut short by the end of a process.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CutShort {
    pub(super) plugin: String,
    pub(super) name: String,
    pub(super) due_ms: i64,
    pub(super) again: bool,
}

/// Looks for what ran when the last process ended.
pub(super) fn prepare(connection: &Connection) -> Result<Vec<CutShort>> {
    connection.execute_batch(COUNT)?;
    let cut_short = connection
        .prepare(
            "SELECT plugin, name, running_ms, at_least_once FROM cogwright__schedules WHERE running_ms IS NOT NULL
             UNION ALL
             SELECT w.plugin, w.name, coalesce(w.due_ms, w.at_ms), coalesce(s.at_least_once, 0) FROM cogwright__scheduled w
             LEFT JOIN cogwright__schedules s ON s.plugin = w.plugin AND s.name = w.name WHERE w.running
             ORDER BY 1, 2, 3",
        )?
        .query_map([], |row| {
            Ok(CutShort {
                plugin: row.get(0)?,
                name: row.get(1)?,
                due_ms: row.get(2)?,
                again: row.get(3)?,
            })
        })?
        .collect::<Result<Vec<_>>>()?;
    for run in cut_short.iter().filter(|run| !run.again) {
        count(connection, &run.plugin, &run.name, "missed", 1)?;
        let sql = "UPDATE cogwright__schedules SET last_ms = ?3, last_result = 'cut short' WHERE plugin = ?1 AND name = ?2";
        connection.execute(sql, params![run.plugin, run.name, run.due_ms])?;
    }
    connection.execute_batch(
        "UPDATE cogwright__schedules SET next_ms = min(next_ms, running_ms)
            WHERE at_least_once AND running_ms IS NOT NULL AND next_ms IS NOT NULL;
         UPDATE cogwright__schedules SET running_ms = NULL WHERE running_ms IS NOT NULL;
         UPDATE cogwright__scheduled SET running = 0, at_ms = coalesce(due_ms, at_ms), runs = max(runs - 1, 0), due_ms = NULL
            WHERE running AND EXISTS (SELECT 1 FROM cogwright__schedules s
            WHERE s.plugin = cogwright__scheduled.plugin AND s.name = cogwright__scheduled.name AND s.at_least_once);",
    )?;
    connection.execute_batch(recurring::CUT_SHORT)?;
    Ok(cut_short)
}

/// Notes how a run ended.
pub(super) fn finish(connection: &Connection, run: &Run, outcome: &Outcome) -> Result<()> {
    let (plugin, name, due_ms) = (&*run.plugin, &*run.name, run.with.due_ms);
    let waits_on = match outcome {
        Outcome::NotBegun => true,
        Outcome::CutShort => run.at_least_once,
        Outcome::Done | Outcome::Failed(_) => false,
    };
    if let Some(id) = run.with.id {
        recurring::finish(connection, id.cast_signed(), due_ms, outcome, waits_on)?;
    } else {
        let sql = "UPDATE cogwright__schedules SET running_ms = NULL,
                   next_ms = iif(?4, min(next_ms, ?3), next_ms) WHERE plugin = ?1 AND name = ?2 AND running_ms = ?3";
        connection.execute(sql, params![plugin, name, due_ms, waits_on])?;
    }
    if *outcome == Outcome::NotBegun {
        if run.with.missed > 0 {
            // They are counted when it begins.
            count(
                connection,
                plugin,
                name,
                "missed",
                -run.with.missed.cast_signed(),
            )?;
        }
        return Ok(());
    }
    let (column, result) = match outcome {
        Outcome::Failed(error) => ("failed", error.as_str()),
        Outcome::CutShort if !waits_on => ("missed", "cut short"),
        Outcome::CutShort => ("", "cut short, and begins again"),
        _ => ("", "ok"),
    };
    if !column.is_empty() {
        count(connection, plugin, name, column, 1)?;
    }
    let sql = "UPDATE cogwright__schedules SET last_ms = ?3, last_result = ?4, runs = runs + ?5
               WHERE plugin = ?1 AND name = ?2";
    let ended = !matches!(outcome, Outcome::CutShort);
    let result: String = result.chars().take(300).collect();
    connection.execute(sql, params![plugin, name, due_ms, result, ended])?;
    Ok(())
}

fn count(connection: &Connection, plugin: &str, name: &str, column: &str, by: i64) -> Result<()> {
    let sql = format!(
        "UPDATE cogwright__schedules SET {column} = {column} + ?3 WHERE plugin = ?1 AND name = ?2"
    );
    connection
        .prepare_cached(&sql)?
        .execute(params![plugin, name, by])?;
    Ok(())
}
