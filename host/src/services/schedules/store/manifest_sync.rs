//! Stored schedules that plugins declare in their manifests.

use rusqlite::{Connection, OptionalExtension, Result, params};

use super::entries::waiting;
use crate::services::schedules::{Declared, when::When};

/// Enters what a plugin declares, and takes out what it declares no more; what was scheduled at run time stays. Returns the
/// handlers that such entries wait for and that are gone, and how many wait.
pub(in super::super) fn declare(
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
            orphans.push((name.clone(), waiting(connection, plugin, &name)?));
        }
    }
    Ok(orphans)
}

/// Pauses a schedule, or lets it go on from now: what was due meanwhile is left out. Whether there is one.
pub(in super::super) fn pause(
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
