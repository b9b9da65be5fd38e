//! Listing of schedules for people and plugins.

use rusqlite::{Connection, Result};

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

/// All schedules, by plugin and name.
pub(in super::super) fn views(connection: &Connection) -> Result<Vec<ScheduleView>> {
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
