//! Schedules in the bot's database. Each function is one transaction's work.

use plugin_api::abi::{ScheduleEntry, ScheduleList};
use rusqlite::{Connection, OptionalExtension, Result, params};

use super::{Declared, Run, when::When};

/// Of what is scheduled at run time, so many run at once for one handler.
const AT_ONCE: i64 = 16;

/// Most entries in one list.
const LISTED: i64 = 1_000;

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS cogwright__schedules (
    plugin TEXT NOT NULL, name TEXT NOT NULL,
    spec TEXT NOT NULL, anchor_ms INTEGER NOT NULL, next_ms INTEGER,
    running_ms INTEGER, at_least_once INTEGER NOT NULL, paused INTEGER NOT NULL DEFAULT 0,
    last_ms INTEGER, last_result TEXT NOT NULL DEFAULT '',
    runs INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0,
    missed INTEGER NOT NULL DEFAULT 0, skipped INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (plugin, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cogwright__scheduled (
    id INTEGER PRIMARY KEY, plugin TEXT NOT NULL, name TEXT NOT NULL, at_ms INTEGER NOT NULL,
    guild_id INTEGER NOT NULL, user_id INTEGER NOT NULL, payload TEXT NOT NULL, running INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS cogwright__scheduled_due ON cogwright__scheduled (plugin, name, running, at_ms, id);
CREATE INDEX IF NOT EXISTS cogwright__scheduled_user ON cogwright__scheduled (user_id) WHERE user_id <> 0;
INSERT OR IGNORE INTO cogwright__subjects (plugin, table_name, column_name)
    VALUES ('cogwright', 'cogwright__scheduled', 'user_id');
";

/// How a run ended.
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

/// A schedule as the database knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScheduleView {
    /// Its plugin.
    pub plugin: String,
    /// Its name.
    pub name: String,
    /// When it is due, in words.
    pub when: String,
    /// The next due time, in milliseconds since 1970.
    pub next_ms: Option<i64>,
    /// Whether it runs at this moment.
    pub running: bool,
    /// Whether it is paused.
    pub paused: bool,
    /// The due time of the last run.
    pub last_ms: Option<i64>,
    /// How that ended.
    pub last_result: String,
    /// Runs that have ended, well or not.
    pub runs: u64,
    /// Of those, the ones that failed.
    pub failed: u64,
    /// Due times at which it could not run, and runs that were cut short.
    pub missed: u64,
    /// Due times that came while the last run was not over.
    pub skipped: u64,
    /// What was scheduled at run time and waits.
    pub waiting: u64,
}

/// What is due now, and when to look again.
#[derive(Debug, Default)]
pub(super) struct Claimed {
    pub(super) runs: Vec<Run>,
    pub(super) next_ms: Option<i64>,
}

/// A run that was cut short by the end of a process.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CutShort {
    pub(super) plugin: String,
    pub(super) name: String,
    pub(super) due_ms: i64,
    pub(super) again: bool,
}

/// Makes the tables, and looks for what ran when the last process ended.
pub(super) fn prepare(connection: &Connection) -> Result<Vec<CutShort>> {
    connection.execute_batch(TABLES)?;
    let cut_short = connection
        .prepare(
            "SELECT plugin, name, running_ms, at_least_once FROM cogwright__schedules WHERE running_ms IS NOT NULL
             UNION ALL
             SELECT w.plugin, w.name, w.at_ms, coalesce(s.at_least_once, 0) FROM cogwright__scheduled w
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
         DELETE FROM cogwright__scheduled WHERE running AND NOT EXISTS (SELECT 1 FROM cogwright__schedules s
            WHERE s.plugin = cogwright__scheduled.plugin AND s.name = cogwright__scheduled.name AND s.at_least_once);
         UPDATE cogwright__scheduled SET running = 0 WHERE running;",
    )?;
    Ok(cut_short)
}

/// Enters what a plugin declares, and takes out what it declares no more; what was scheduled at run time stays. Returns the
/// handlers that such entries wait for and that are gone, and how many wait.
pub(super) fn declare(
    connection: &Connection,
    now_ms: i64,
    plugin: &str,
    declared: &[Declared],
) -> Result<Vec<(String, u64)>> {
    for schedule in declared {
        let known: Option<String> = connection
            .prepare_cached(
                "SELECT spec FROM cogwright__schedules WHERE plugin = ?1 AND name = ?2",
            )?
            .query_row([plugin, &schedule.name], |row| row.get(0))
            .optional()?;
        if known.as_deref() == Some(&schedule.spec) {
            let sql = "UPDATE cogwright__schedules SET at_least_once = ?3
                       WHERE plugin = ?1 AND name = ?2 AND at_least_once <> ?3";
            connection.execute(sql, params![plugin, schedule.name, schedule.at_least_once])?;
            continue;
        }
        let sql = "INSERT INTO cogwright__schedules (plugin, name, spec, anchor_ms, next_ms, at_least_once)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                   ON CONFLICT DO UPDATE SET spec = excluded.spec, anchor_ms = excluded.anchor_ms,
                   next_ms = excluded.next_ms, at_least_once = excluded.at_least_once";
        let next = schedule.when.next(now_ms, now_ms);
        connection.execute(
            sql,
            params![
                plugin,
                schedule.name,
                schedule.spec,
                now_ms,
                next,
                schedule.at_least_once
            ],
        )?;
    }
    let names = |sql: &str| -> Result<Vec<String>> {
        let mut statement = connection.prepare_cached(sql)?;
        let names = statement.query_map([plugin], |row| row.get(0))?;
        names.collect()
    };
    let is_gone = |name: &String| declared.iter().all(|schedule| schedule.name != *name);
    for name in names("SELECT name FROM cogwright__schedules WHERE plugin = ?1")? {
        if is_gone(&name) {
            let sql = "DELETE FROM cogwright__schedules WHERE plugin = ?1 AND name = ?2";
            connection.execute(sql, [plugin, &name])?;
        }
    }
    let mut orphans = Vec::new();
    for name in names("SELECT DISTINCT name FROM cogwright__scheduled WHERE plugin = ?1")? {
        let handled = declared
            .iter()
            .any(|schedule| schedule.name == name && matches!(schedule.when, When::AtRunTime));
        if !handled {
            orphans.push((name.clone(), waiting(connection, plugin, Some(&name))?));
        }
    }
    Ok(orphans)
}

/// Claims what is due: from here on it counts as begun, whatever happens.
pub(super) fn claim(
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
        let desk = Desk {
            connection,
            now_ms,
            late_ms,
            plugin,
            schedule,
        };
        let wake = match &schedule.when {
            When::AtRunTime => desk.claim_entries(&mut claimed.runs)?,
            when => desk.claim_due(when, anchor_ms, next_ms, is_running, &mut claimed.runs)?,
        };
        claimed.next_ms = [claimed.next_ms, wake].into_iter().flatten().min();
    }
    Ok(())
}

/// Where one schedule is claimed.
struct Desk<'a> {
    connection: &'a Connection,
    now_ms: i64,
    late_ms: i64,
    plugin: &'a str,
    schedule: &'a Declared,
}

impl Desk<'_> {
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
        let running: i64 = self
            .connection
            .prepare_cached("SELECT count(*) FROM cogwright__scheduled WHERE plugin = ?1 AND name = ?2 AND running = 1")?
            .query_row(key, |row| row.get(0))?;
        let free = (AT_ONCE - running).max(0);
        let due = self
            .connection
            .prepare_cached(
                "SELECT id, at_ms, guild_id, payload FROM cogwright__scheduled
                 WHERE plugin = ?1 AND name = ?2 AND running = 0 AND at_ms <= ?3 ORDER BY at_ms, id LIMIT ?4",
            )?
            .query_map(
                params![self.plugin, self.schedule.name, self.now_ms, free],
                |row| {
                    let mut run = Run::new(self.plugin, self.schedule, row.get(1)?);
                    run.with.id = row.get::<_, i64>(0)?.cast_unsigned();
                    run.with.guild_id = row.get::<_, i64>(2)?.cast_unsigned();
                    let payload: String = row.get(3)?;
                    run.with.payload = serde_json::from_str(&payload).unwrap_or_default();
                    Ok(run)
                },
            )?
            .collect::<Result<Vec<_>>>()?;
        for mut run in due {
            run.with.caught_up = self.now_ms - run.with.due_ms > self.late_ms;
            let id = run.with.id.cast_signed();
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
                "SELECT min(at_ms) FROM cogwright__scheduled WHERE plugin = ?1 AND name = ?2 AND running = 0",
            )?
            .query_row(key, |row| row.get(0))
    }
}

/// Notes how a run ended.
pub(super) fn finish(connection: &Connection, run: &Run, outcome: &Outcome) -> Result<()> {
    let (plugin, name, due_ms) = (&*run.plugin, &*run.name, run.with.due_ms);
    let waits_on = match outcome {
        Outcome::NotBegun => true,
        Outcome::CutShort => run.at_least_once,
        Outcome::Done | Outcome::Failed(_) => false,
    };
    if run.with.id != 0 {
        let sql = if waits_on {
            "UPDATE cogwright__scheduled SET running = 0 WHERE id = ?1"
        } else {
            "DELETE FROM cogwright__scheduled WHERE id = ?1"
        };
        connection.execute(sql, [run.with.id.cast_signed()])?;
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

/// Keeps what is to run at an instant; its id, or how many wait already where that is too many.
pub(super) fn create(
    connection: &Connection,
    plugin: &str,
    name: &str,
    entry: &ScheduleEntry,
    most: u64,
) -> Result<std::result::Result<u64, u64>> {
    let there = waiting(connection, plugin, None)?;
    if there >= most {
        return Ok(Err(there));
    }
    // Not SQLite's row ids, which come again.
    let id: i64 = connection.query_row(
        "INSERT INTO cogwright__about (key, value) VALUES ('last_schedule', '1')
         ON CONFLICT DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) RETURNING CAST(value AS INTEGER)",
        [],
        |row| row.get(0),
    )?;
    connection
        .prepare_cached(
            "INSERT INTO cogwright__scheduled (id, plugin, name, at_ms, guild_id, user_id, payload)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            id,
            plugin,
            name,
            entry.at_ms,
            entry.guild_id.cast_signed(),
            entry.subject.cast_signed(),
            entry.payload.to_string()
        ])?;
    Ok(Ok(id.cast_unsigned()))
}

/// Takes something back that has not begun; whether it was there.
pub(super) fn cancel(connection: &Connection, plugin: &str, name: &str, id: u64) -> Result<bool> {
    let sql = "DELETE FROM cogwright__scheduled WHERE id = ?3 AND plugin = ?1 AND name = ?2 AND running = 0";
    Ok(connection.execute(sql, params![plugin, name, id.cast_signed()])? > 0)
}

/// What was scheduled at run time and has not begun.
pub(super) fn list(
    connection: &Connection,
    plugin: &str,
    wanted: &ScheduleList,
) -> Result<Vec<ScheduleEntry>> {
    connection
        .prepare_cached(
            "SELECT id, at_ms, guild_id, user_id, payload FROM cogwright__scheduled
             WHERE plugin = ?1 AND name = ?2 AND running = 0 AND guild_id = coalesce(?3, guild_id)
             AND user_id = coalesce(?4, user_id) ORDER BY at_ms, id LIMIT ?5",
        )?
        .query_map(
            params![
                plugin,
                wanted.name,
                wanted.guild_id.map(u64::cast_signed),
                wanted.subject.map(u64::cast_signed),
                LISTED
            ],
            |row| {
                let payload: String = row.get(4)?;
                Ok(ScheduleEntry {
                    id: row.get::<_, i64>(0)?.cast_unsigned(),
                    at_ms: row.get(1)?,
                    guild_id: row.get::<_, i64>(2)?.cast_unsigned(),
                    subject: row.get::<_, i64>(3)?.cast_unsigned(),
                    payload: serde_json::from_str(&payload).unwrap_or_default(),
                })
            },
        )?
        .collect()
}

/// All schedules, by plugin and name.
pub(super) fn views(connection: &Connection) -> Result<Vec<ScheduleView>> {
    let number = |value: i64| u64::try_from(value).unwrap_or_default();
    connection
        .prepare_cached(
            "SELECT plugin, name, spec, coalesce(next_ms, (SELECT min(at_ms) FROM cogwright__scheduled w
                WHERE w.plugin = s.plugin AND w.name = s.name AND w.running = 0)),
             running_ms IS NOT NULL OR EXISTS (SELECT 1 FROM cogwright__scheduled w
                WHERE w.plugin = s.plugin AND w.name = s.name AND w.running = 1),
             paused, last_ms, last_result, runs, failed, missed, skipped,
             (SELECT count(*) FROM cogwright__scheduled w WHERE w.plugin = s.plugin AND w.name = s.name AND w.running = 0)
             FROM (SELECT * FROM cogwright__schedules UNION ALL
                SELECT DISTINCT plugin, name, 'no handler', 0, NULL, NULL, 0, 0, NULL, '', 0, 0, 0, 0
                FROM cogwright__scheduled o WHERE NOT EXISTS
                (SELECT 1 FROM cogwright__schedules s WHERE s.plugin = o.plugin AND s.name = o.name)) s ORDER BY 1, 2",
        )?
        .query_map([], |row| {
            Ok(ScheduleView {
                plugin: row.get(0)?,
                name: row.get(1)?,
                when: row.get(2)?,
                next_ms: row.get(3)?,
                running: row.get(4)?,
                paused: row.get(5)?,
                last_ms: row.get(6)?,
                last_result: row.get(7)?,
                runs: number(row.get(8)?),
                failed: number(row.get(9)?),
                missed: number(row.get(10)?),
                skipped: number(row.get(11)?),
                waiting: number(row.get(12)?),
            })
        })?
        .collect()
}

/// Pauses a schedule, or lets it go on from now: what was due meanwhile is left out. Whether there is one.
pub(super) fn pause(
    connection: &Connection,
    now_ms: i64,
    plugin: &str,
    schedule: &Declared,
    paused: bool,
) -> Result<bool> {
    let anchor: Option<i64> = connection
        .query_row(
            "SELECT anchor_ms FROM cogwright__schedules WHERE plugin = ?1 AND name = ?2",
            [plugin, &schedule.name],
            |row| row.get(0),
        )
        .optional()?;
    let Some(anchor) = anchor else {
        return Ok(false);
    };
    let next = schedule.when.next(anchor, now_ms);
    let sql = "UPDATE cogwright__schedules SET paused = ?3, next_ms = iif(?3, next_ms, ?4) WHERE plugin = ?1 AND name = ?2";
    connection.execute(sql, params![plugin, schedule.name, paused, next])?;
    Ok(true)
}

/// Claims a run now, beside the plan; `None` while it runs.
pub(super) fn claim_now(
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

fn waiting(connection: &Connection, plugin: &str, name: Option<&str>) -> Result<u64> {
    connection
        .prepare_cached("SELECT count(*) FROM cogwright__scheduled WHERE plugin = ?1 AND name = coalesce(?2, name)")?
        .query_row(params![plugin, name], |row| row.get(0))
        .map(i64::cast_unsigned)
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
