//! Stored entries that plugins schedule at run time.

use plugin_api::abi::{ScheduleEntry, ScheduleList};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

/// Most entries in one list.
const LISTED: i64 = 1_000;

/// Number and bytes of a plugin's entries that wait, or may wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in super::super) struct Waiting {
    pub(in super::super) runs: u64,
    /// Of their payloads.
    pub(in super::super) bytes: u64,
}

/// Keeps what is to run at an instant; its id, or how much waits already where that is too much.
pub(in super::super) fn create(
    connection: &Connection,
    plugin: &str,
    name: &str,
    entry: &ScheduleEntry,
    anchor_ms: i64,
    most: Waiting,
) -> Result<std::result::Result<u64, Waiting>> {
    let payload = entry.payload.to_string();
    // Kept by triggers: to count a hundred thousand for each that comes would take longer than to keep it.
    let there = connection
        .prepare_cached("SELECT count, bytes FROM cogwright__scheduled_counts WHERE plugin = ?1")?
        .query_row([plugin], |row| {
            let number = |at| row.get(at).map(i64::cast_unsigned);
            Ok(Waiting {
                runs: number(0)?,
                bytes: number(1)?,
            })
        })
        .optional()?
        .unwrap_or_default();
    if there.runs >= most.runs || there.bytes + payload.len() as u64 > most.bytes {
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
            "INSERT INTO cogwright__scheduled (id, plugin, name, at_ms, guild_id, user_id, payload,
                every_ms, cron, zone, anchor_ms, max_runs)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            id,
            plugin,
            name,
            entry.at_ms,
            entry.guild_id.unwrap_or_default().cast_signed(),
            entry.subject.unwrap_or_default().cast_signed(),
            payload,
            entry.every_ms.unwrap_or_default().cast_signed(),
            entry.cron.as_deref().unwrap_or_default(),
            entry.zone.as_deref().unwrap_or_default(),
            anchor_ms,
            entry.max_runs.unwrap_or_default().cast_signed()
        ])?;
    Ok(Ok(id.cast_unsigned()))
}

/// Takes something back that has not begun, or that comes again; whether it was there.
pub(in super::super) fn cancel(
    connection: &Connection,
    plugin: &str,
    name: &str,
    id: u64,
) -> Result<bool> {
    let sql = "DELETE FROM cogwright__scheduled WHERE id = ?3 AND plugin = ?1 AND name = ?2
               AND (running = 0 OR every_ms <> 0 OR cron <> '')";
    Ok(connection.execute(sql, params![plugin, name, id.cast_signed()])? > 0)
}

/// Columns of an entry, for [`entry`].
const COLUMNS: &str = "id, at_ms, guild_id, user_id, payload, name, every_ms, cron, zone, max_runs, paused, running, runs, failed,
    missed, skipped, last_ms, last_result, plugin";

fn entry(row: &Row<'_>) -> Result<ScheduleEntry> {
    let number = |at| row.get::<_, i64>(at).map(i64::cast_unsigned);
    let text = |at| -> Result<Option<String>> {
        let text: String = row.get(at)?;
        Ok(Some(text).filter(|text| !text.is_empty()))
    };
    let payload: String = row.get(4)?;
    Ok(ScheduleEntry {
        id: number(0)?,
        at_ms: row.get(1)?,
        guild_id: given(row.get(2)?),
        subject: given(row.get(3)?),
        payload: serde_json::from_str(&payload).unwrap_or_default(),
        name: row.get(5)?,
        every_ms: given(row.get(6)?),
        cron: text(7)?,
        zone: text(8)?,
        max_runs: given(row.get(9)?),
        off: row.get(10)?,
        running: row.get(11)?,
        runs: number(12)?,
        failed: number(13)?,
        missed: number(14)?,
        skipped: number(15)?,
        last_ms: row.get(16)?,
        last_result: row.get(17)?,
    })
}

/// What was scheduled at run time and has not begun, or comes again.
pub(in super::super) fn list(
    connection: &Connection,
    plugin: &str,
    wanted: &ScheduleList,
) -> Result<Vec<ScheduleEntry>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM cogwright__scheduled
             WHERE plugin = ?1 AND name = ?2 AND (running = 0 OR every_ms <> 0 OR cron <> '')
             AND guild_id = coalesce(?3, guild_id) AND user_id = coalesce(?4, user_id) ORDER BY at_ms, id LIMIT ?5",
        ))?
        .query_map(
            params![
                plugin,
                wanted.name,
                wanted.guild_id.map(u64::cast_signed),
                wanted.subject.map(u64::cast_signed),
                LISTED
            ],
            entry,
        )?
        .collect()
}

/// What comes again of all plugins' entries, with the plugin, behind that of the id `after`.
pub(in super::super) fn recurring_of_all(
    connection: &Connection,
    plugin: Option<&str>,
    guild_id: Option<u64>,
    after: u64,
    limit: u32,
) -> Result<Vec<(String, ScheduleEntry)>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM cogwright__scheduled WHERE (every_ms <> 0 OR cron <> '') AND id > ?1
             AND guild_id = coalesce(?2, guild_id) AND plugin = coalesce(?4, plugin) ORDER BY id LIMIT ?3",
        ))?
        .query_map(
            params![after.cast_signed(), guild_id.map(u64::cast_signed), limit, plugin],
            |row| Ok((row.get(18)?, entry(row)?)),
        )?
        .collect()
}

/// The server that an entry is for; `None` where it is for none, or not there.
pub(in super::super) fn guild_of(connection: &Connection, id: u64) -> Result<Option<u64>> {
    let guild = connection
        .prepare_cached("SELECT guild_id FROM cogwright__scheduled WHERE id = ?1")?
        .query_row([id.cast_signed()], |row| row.get(0))
        .optional()?;
    Ok(guild.and_then(given))
}

/// An id as the table keeps it, in which 0 is none.
pub(super) fn given(id: i64) -> Option<u64> {
    Some(id.cast_unsigned()).filter(|id| *id != 0)
}

/// How many wait for one of a plugin's handlers.
pub(super) fn waiting(connection: &Connection, plugin: &str, name: &str) -> Result<u64> {
    connection
        .prepare_cached(
            "SELECT count(*) FROM cogwright__scheduled WHERE plugin = ?1 AND name = ?2",
        )?
        .query_row([plugin, name], |row| row.get(0))
        .map(i64::cast_unsigned)
}
