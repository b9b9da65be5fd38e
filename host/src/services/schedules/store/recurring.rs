//! Stored entries that come again: a period or a cron expression that was set at run time.
//!
//! While a run is on its way, `at_ms` is when the next is due, and `due_ms` when this one was.

use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use super::Outcome;
use crate::services::schedules::{Declared, Run, when::When};

/// `at_ms` of what never comes again, while its last run is on its way.
const NEVER: i64 = i64::MAX;

/// What has run its last time.
const IS_OVER: &str = "(every_ms = 0 AND cron = '' OR max_runs <> 0 AND runs >= max_runs OR at_ms = 9223372036854775807)";

/// What ran when the last process ended, and does not begin again: it is gone, or comes the next time.
pub(super) const CUT_SHORT: &str = "
DELETE FROM cogwright__scheduled WHERE running
    AND (due_ms IS NULL OR every_ms = 0 AND cron = '' OR max_runs <> 0 AND runs >= max_runs OR at_ms = 9223372036854775807);
UPDATE cogwright__scheduled SET running = 0, last_ms = due_ms, last_result = 'cut short', missed = missed + 1, due_ms = NULL
    WHERE running;
";

/// Rule for when an entry comes again.
#[derive(Debug, Clone)]
pub(in super::super) struct Coming {
    when: When,
    anchor_ms: i64,
}

impl Coming {
    /// What is to be kept, counted from an anchor; `None` for what comes once.
    pub(in super::super) fn new(when: When, anchor_ms: i64) -> Option<Self> {
        (!matches!(when, When::AtRunTime)).then_some(Self { when, anchor_ms })
    }

    /// From the columns `every_ms, cron, zone, anchor_ms`, the first of them at `at`. What can't be read any more (a time zone that
    /// the system has forgotten) comes once.
    pub(super) fn of(row: &Row<'_>, at: usize) -> Result<Option<Self>> {
        let every_ms = row.get::<_, i64>(at)?.cast_unsigned();
        let (cron, zone): (String, String) = (row.get(at + 1)?, row.get(at + 2)?);
        let cron = Some(&*cron).filter(|cron| !cron.is_empty());
        let zone = Some(&*zone).filter(|zone| !zone.is_empty());
        let when = When::of(Some(every_ms).filter(|ms| *ms != 0), cron, zone);
        let anchor_ms = row.get(at + 3)?;
        Ok(when.ok().and_then(|when| Self::new(when, anchor_ms)))
    }

    /// The first due time behind `after`.
    pub(in super::super) fn next(&self, after_ms: i64) -> Option<i64> {
        self.when.next(self.anchor_ms, after_ms)
    }

    /// The due times from `first` to `now`: the last of them, and how many.
    pub(super) fn passed(&self, first_ms: i64, now_ms: i64) -> (i64, u64) {
        self.when.passed(self.anchor_ms, first_ms, now_ms)
    }
}

/// Moves an entry on to its next due time, with or without a run.
pub(super) fn advance(
    connection: &Connection,
    id: i64,
    begins: Option<i64>,
    next_ms: Option<i64>,
    missed: u64,
) -> Result<()> {
    connection
        .prepare_cached(
            "UPDATE cogwright__scheduled SET running = ?2 IS NOT NULL, due_ms = ?2, runs = runs + (?2 IS NOT NULL), at_ms = ?3,
             missed = missed + ?4 WHERE id = ?1",
        )?
        .execute(params![id, begins, next_ms.unwrap_or(NEVER), missed.cast_signed()])?;
    let gone =
        format!("DELETE FROM cogwright__scheduled WHERE id = ?1 AND running = 0 AND {IS_OVER}");
    connection.prepare_cached(&gone)?.execute([id])?;
    Ok(())
}

/// Leaves out what was due while the run before was not over.
pub(super) fn skip(connection: &Connection, now_ms: i64, plugin: &str, name: &str) -> Result<()> {
    let late = connection
        .prepare_cached(
            "SELECT id, at_ms, every_ms, cron, zone, anchor_ms FROM cogwright__scheduled
             WHERE plugin = ?1 AND name = ?2 AND running = 1 AND due_ms IS NOT NULL AND at_ms <= ?3",
        )?
        .query_map(params![plugin, name, now_ms], |row| {
            Ok((row.get(0)?, row.get(1)?, Coming::of(row, 2)?))
        })?
        .collect::<Result<Vec<(i64, i64, Option<Coming>)>>>()?;
    for (id, at_ms, coming) in late {
        let Some(coming) = coming else { continue };
        let (last_ms, passed) = coming.passed(at_ms, now_ms);
        connection
            .prepare_cached(
                "UPDATE cogwright__scheduled SET at_ms = ?2, skipped = skipped + ?3 WHERE id = ?1",
            )?
            .execute(params![
                id,
                coming.next(last_ms).unwrap_or(NEVER),
                passed.cast_signed()
            ])?;
    }
    Ok(())
}

/// Notes how a run of an entry ended.
pub(super) fn finish(
    connection: &Connection,
    id: i64,
    due_ms: i64,
    outcome: &Outcome,
    waits_on: bool,
) -> Result<()> {
    if waits_on {
        let sql = "UPDATE cogwright__scheduled SET running = 0, at_ms = coalesce(due_ms, at_ms), runs = max(runs - 1, 0),
                   due_ms = NULL WHERE id = ?1";
        connection.execute(sql, [id])?;
        return Ok(());
    }
    let gone =
        format!("DELETE FROM cogwright__scheduled WHERE id = ?1 AND (due_ms IS NULL OR {IS_OVER})");
    if connection.execute(&gone, [id])? > 0 {
        return Ok(());
    }
    let (failed, missed, result) = match outcome {
        Outcome::Failed(error) => (1, 0, error.as_str()),
        Outcome::CutShort => (0, 1, "cut short"),
        _ => (0, 0, "ok"),
    };
    let result: String = result.chars().take(300).collect();
    let sql = "UPDATE cogwright__scheduled SET running = 0, due_ms = NULL, last_ms = ?2, last_result = ?3,
               failed = failed + ?4, missed = missed + ?5 WHERE id = ?1";
    connection.execute(sql, params![id, due_ms, result, failed, missed])?;
    Ok(())
}

/// Switches what comes again off, or on: what was due meanwhile is left out. Whether there is such an entry.
pub(in super::super) fn switch(
    connection: &Connection,
    now_ms: i64,
    plugin: &str,
    name: &str,
    id: u64,
    on: bool,
) -> Result<bool> {
    let coming = connection
        .query_row(
            "SELECT every_ms, cron, zone, anchor_ms FROM cogwright__scheduled WHERE id = ?3 AND plugin = ?1 AND name = ?2",
            params![plugin, name, id.cast_signed()],
            |row| Coming::of(row, 0),
        )
        .optional()?;
    let Some(Some(coming)) = coming else {
        return Ok(false);
    };
    let next_ms = coming.next(now_ms).unwrap_or(NEVER);
    let sql = "UPDATE cogwright__scheduled SET at_ms = iif(?2 AND paused AND running = 0, ?3, at_ms), paused = NOT ?2 WHERE id = ?1";
    connection.execute(sql, params![id.cast_signed(), on, next_ms])?;
    Ok(true)
}

/// Claims a run of an entry now, beside its plan; `None` while it runs, or where there is none.
pub(in super::super) fn claim_entry_now(
    connection: &Connection,
    now_ms: i64,
    plugin: &str,
    schedule: &Declared,
    id: u64,
) -> Result<Option<Run>> {
    connection
        .query_row(
            "UPDATE cogwright__scheduled SET running = 1, due_ms = ?4, runs = runs + 1
             WHERE id = ?3 AND plugin = ?1 AND name = ?2 AND running = 0 RETURNING guild_id, payload",
            params![plugin, schedule.name, id.cast_signed(), now_ms],
            |row| {
                let mut run = Run::new(plugin, schedule, now_ms);
                run.with.id = Some(id);
                run.with.guild_id = super::entries::given(row.get(0)?);
                let payload: String = row.get(1)?;
                run.with.payload = serde_json::from_str(&payload).unwrap_or_default();
                Ok(run)
            },
        )
        .optional()
}
