//! Claims of due runs, before they begin.

use rusqlite::{Connection, OptionalExtension, Result, params};

use super::{count, entries, recurring};
use crate::services::schedules::{Declared, Run, when::When};

/// Of what is scheduled at run time, so many run at once for one handler.
const AT_ONCE: i64 = 16;

/// Claimed runs that are due now, and when to look again.
#[derive(Debug, Default)]
pub(in super::super) struct Claimed {
    pub(in super::super) runs: Vec<Run>,
    pub(in super::super) next_ms: Option<i64>,
}

/// Claims what is due: from here on it counts as begun, whatever happens.
pub(in super::super) fn claim(
    connection: &Connection,
    now_ms: i64,
    late_ms: i64,
    plugin: &str,
    declared: &[Declared],
    claimed: &mut Claimed,
) -> Result<()> {
    for schedule in declared {
        let row = connection
            .prepare_cached(
                "SELECT anchor_ms, next_ms, running_ms IS NOT NULL FROM cogwright__schedules
                 WHERE plugin = ?1 AND name = ?2 AND NOT paused",
            )?
            .query_row([plugin, &schedule.name], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        let Some((anchor_ms, next_ms, is_running)) = row else {
            continue;
        };
        let claimer = Claimer {
            connection,
            now_ms,
            late_ms,
            plugin,
            schedule,
        };
        let wake = match &schedule.when {
            When::AtRunTime => claimer.claim_entries(&mut claimed.runs)?,
            when => claimer.claim_due(when, anchor_ms, next_ms, is_running, &mut claimed.runs)?,
        };
        claimed.next_ms = [claimed.next_ms, wake].into_iter().flatten().min();
    }
    Ok(())
}

/// Claim of one schedule, in its transaction.
struct Claimer<'a> {
    connection: &'a Connection,
    now_ms: i64,
    late_ms: i64,
    plugin: &'a str,
    schedule: &'a Declared,
}

impl Claimer<'_> {
    /// Claims the latest due time that has passed; the earlier ones were missed. The next one comes back.
    fn claim_due(
        &self,
        when: &When,
        anchor_ms: i64,
        next_ms: Option<i64>,
        is_running: bool,
        runs: &mut Vec<Run>,
    ) -> Result<Option<i64>> {
        let Some(first_ms) = next_ms.filter(|next| *next <= self.now_ms) else {
            return Ok(next_ms);
        };
        let (due_ms, passed) = when.passed(anchor_ms, first_ms, self.now_ms);
        let next_ms = when.next(anchor_ms, due_ms);
        let is_late = self.now_ms - due_ms > self.late_ms;
        let (missed, skipped, begins) = match (is_running, is_late && self.schedule.skip_missed) {
            (true, _) => (0, passed, false),
            (false, true) => (passed, 0, false),
            (false, false) => (passed - 1, 0, true),
        };
        self.connection
            .prepare_cached(
                "UPDATE cogwright__schedules SET next_ms = ?3, running_ms = coalesce(?4, running_ms),
                 missed = missed + ?5, skipped = skipped + ?6 WHERE plugin = ?1 AND name = ?2",
            )?
            .execute(params![
                self.plugin,
                self.schedule.name,
                next_ms,
                begins.then_some(due_ms),
                missed.cast_signed(),
                skipped.cast_signed()
            ])?;
        if begins {
            let mut run = Run::new(self.plugin, self.schedule, due_ms);
            (run.with.caught_up, run.with.missed) = (is_late, missed);
            runs.push(run);
        }
        Ok(next_ms)
    }

    /// Claims what was scheduled at run time and is due, as much of it as may run at once. When the next is due comes back.
    fn claim_entries(&self, runs: &mut Vec<Run>) -> Result<Option<i64>> {
        let key = params![self.plugin, self.schedule.name];
        recurring::skip(
            self.connection,
            self.now_ms,
            self.plugin,
            &self.schedule.name,
        )?;
        let running: i64 = self
            .connection
            .prepare_cached("SELECT count(*) FROM cogwright__scheduled WHERE plugin = ?1 AND name = ?2 AND running = 1")?
            .query_row(key, |row| row.get(0))?;
        let free = (AT_ONCE - running).max(0);
        let due = self
            .connection
            .prepare_cached(
                "SELECT id, at_ms, guild_id, payload, every_ms, cron, zone, anchor_ms FROM cogwright__scheduled
                 WHERE plugin = ?1 AND name = ?2 AND running = 0 AND at_ms <= ?3 AND NOT paused ORDER BY at_ms, id LIMIT ?4",
            )?
            .query_map(
                params![self.plugin, self.schedule.name, self.now_ms, free],
                |row| {
                    let mut run = Run::new(self.plugin, self.schedule, row.get(1)?);
                    run.with.id = Some(row.get::<_, i64>(0)?.cast_unsigned());
                    run.with.guild_id = entries::given(row.get(2)?);
                    let payload: String = row.get(3)?;
                    run.with.payload = serde_json::from_str(&payload).unwrap_or_default();
                    Ok((run, recurring::Coming::of(row, 4)?))
                },
            )?
            .collect::<Result<Vec<_>>>()?;
        for (mut run, coming) in due {
            if let Some(coming) = coming {
                runs.extend(self.claim_recurring(run, &coming)?);
                continue;
            }
            run.with.caught_up = self.now_ms - run.with.due_ms > self.late_ms;
            let id = run.with.id.unwrap_or_default().cast_signed();
            if run.with.caught_up && self.schedule.skip_missed {
                let sql = "DELETE FROM cogwright__scheduled WHERE id = ?1";
                self.connection.prepare_cached(sql)?.execute([id])?;
                count(
                    self.connection,
                    self.plugin,
                    &self.schedule.name,
                    "missed",
                    1,
                )?;
                continue;
            }
            let sql = "UPDATE cogwright__scheduled SET running = 1 WHERE id = ?1";
            self.connection.prepare_cached(sql)?.execute([id])?;
            runs.push(run);
        }
        if free == 0 {
            // Whoever ends makes room, and has the next looked for.
            return Ok(None);
        }
        self.connection
            .prepare_cached(
                "SELECT min(at_ms) FROM cogwright__scheduled WHERE plugin = ?1 AND name = ?2 AND NOT paused
                 AND (running = 0 OR due_ms IS NOT NULL AND at_ms < 9223372036854775807)",
            )?
            .query_row(key, |row| row.get(0))
    }

    /// Claims the latest due time that has passed of what comes again; nothing where that one is left out.
    fn claim_recurring(&self, mut run: Run, coming: &recurring::Coming) -> Result<Option<Run>> {
        let (due_ms, passed) = coming.passed(run.with.due_ms, self.now_ms);
        let is_late = self.now_ms - due_ms > self.late_ms;
        let begins = !(is_late && self.schedule.skip_missed);
        let missed = if begins { passed - 1 } else { passed };
        let id = run.with.id.unwrap_or_default().cast_signed();
        recurring::advance(
            self.connection,
            id,
            begins.then_some(due_ms),
            coming.next(due_ms),
            missed,
        )?;
        if missed > 0 {
            count(
                self.connection,
                self.plugin,
                &self.schedule.name,
                "missed",
                missed.cast_signed(),
            )?;
        }
        run.with.due_ms = due_ms;
        (run.with.caught_up, run.with.missed) = (is_late, missed);
        Ok(begins.then_some(run))
    }
}

/// Claims a run now, beside the plan; `None` while it runs.
pub(in super::super) fn claim_now(
    connection: &Connection,
    now_ms: i64,
    plugin: &str,
    schedule: &Declared,
) -> Result<Option<Run>> {
    let sql = "UPDATE cogwright__schedules SET running_ms = ?3
               WHERE plugin = ?1 AND name = ?2 AND running_ms IS NULL";
    let changed = connection.execute(sql, params![plugin, schedule.name, now_ms])?;
    Ok((changed == 1).then(|| Run::new(plugin, schedule, now_ms)))
}
