//! Storage: the automations of each server in its own database, and in the bot's which servers have any and what they listen to.

use std::collections::{BTreeMap, BTreeSet};

use plugin_api::{prelude::*, text::clip};
use serde::Deserialize;

use crate::{
    automation::{Automation, Definition, Made},
    model::{Channel, Guild, User, hosts_only},
};

/// Automations, which go with the server's database.
const AUTOMATIONS: &str = "
    CREATE TABLE automations__automations (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        definition TEXT NOT NULL,
        maker INTEGER NOT NULL,
        is_on INTEGER NOT NULL DEFAULT 1,
        runs INTEGER NOT NULL DEFAULT 0,
        failures INTEGER NOT NULL DEFAULT 0,
        last_error TEXT,
        last_run_ms INTEGER,
        made TEXT NOT NULL DEFAULT '{}'
    );
    CREATE TABLE automations__levels (
        automation INTEGER NOT NULL,
        user_id INTEGER NOT NULL,
        points INTEGER NOT NULL,
        last_ms INTEGER NOT NULL,
        PRIMARY KEY (automation, user_id)
    ) WITHOUT ROWID;
    CREATE INDEX automations__levels_of ON automations__levels (automation, points);
    CREATE TABLE automations__messages (user_id INTEGER PRIMARY KEY, count INTEGER NOT NULL);
    CREATE TABLE automations__tickets (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        automation INTEGER NOT NULL,
        user_id INTEGER NOT NULL,
        channel_id INTEGER,
        claimed_by INTEGER,
        is_open INTEGER NOT NULL DEFAULT 1
    );
    CREATE INDEX automations__tickets_at ON automations__tickets (channel_id);
    CREATE TABLE automations__rooms (
        channel_id INTEGER PRIMARY KEY,
        automation INTEGER NOT NULL,
        user_id INTEGER NOT NULL
    );";

/// The files of the inbox that automations were made of, which may be gone by now.
const LAID: &str = "
    CREATE TABLE automations__laid (file TEXT PRIMARY KEY, automation INTEGER NOT NULL) WITHOUT ROWID";

/// Servers with automations that are on, and the events that those need, with blanks between.
const SERVERS: &str =
    "CREATE TABLE automations__servers (guild_id INTEGER PRIMARY KEY, events TEXT NOT NULL)";

/// Tells the host of the tables, and in which of their columns a user stands.
pub(crate) fn tables<S: 'static>(plugin: Plugin<S>) -> Plugin<S> {
    plugin
        .migration(1, Scope::Guild, AUTOMATIONS)
        .migration(2, Scope::Guild, LAID)
        .migration(1, Scope::Bot, SERVERS)
        .subject("automations__automations", "maker")
        .subject("automations__levels", "user_id")
        .subject("automations__messages", "user_id")
        .subject("automations__tickets", "user_id")
        .subject("automations__rooms", "user_id")
}

#[derive(Deserialize)]
struct Row {
    id: i64,
    definition: String,
    maker: User,
    is_on: bool,
    runs: i64,
    failures: i64,
    last_error: Option<String>,
    last_run_ms: Option<i64>,
    made: String,
}

/// A ticket of a server.
#[derive(Deserialize)]
pub(crate) struct Ticket {
    pub(crate) number: i64,
    pub(crate) user_id: User,
    pub(crate) channel_id: Option<Channel>,
    pub(crate) claimed_by: Option<User>,
    pub(crate) is_open: bool,
}

/// The newest tickets of a server, the open ones first.
pub(crate) async fn tickets(host: &Host, guild: Guild, limit: usize) -> Result<Vec<Ticket>> {
    let sql = "SELECT number, user_id, channel_id, claimed_by, is_open FROM automations__tickets ORDER BY is_open DESC, number DESC LIMIT ?1";
    let limit = i64::try_from(limit)?;
    database(host, guild)
        .query(sql, params![limit])
        .await?
        .read()
}

fn database(host: &Host, guild: Guild) -> Database {
    host.storage().guild(guild)
}

/// A server's automations, by their numbers. What a newer version has written, and this one can't read, is left as it is.
pub(crate) async fn all(host: &Host, guild: Guild) -> Result<Vec<Automation>> {
    let rows = database(host, guild)
        .query(
            "SELECT * FROM automations__automations ORDER BY id",
            params![],
        )
        .await?;
    let read = |row: Row| match serde_json::from_str::<Definition>(&row.definition) {
        Ok(definition) => Some(Automation {
            id: row.id,
            definition,
            maker: row.maker,
            is_on: row.is_on,
            runs: row.runs,
            failures: row.failures,
            last_error: row.last_error,
            last_run_ms: row.last_run_ms,
            made: serde_json::from_str(&row.made).unwrap_or_default(),
        }),
        Err(error) => {
            // It may quote an address.
            let why = hosts_only(&error.to_string());
            tracing::warn!(
                guild = guild.get(),
                id = row.id,
                "an automation is left out: {why}"
            );
            None
        }
    };
    Ok(rows.read::<Row>()?.into_iter().filter_map(read).collect())
}

/// Keeps a new one, and gives its number.
///
/// # Errors
///
/// The server has as many as it may have, or one of that name.
pub(crate) async fn insert(
    host: &Host,
    guild: Guild,
    definition: &Definition,
    maker: User,
    limit: u64,
) -> Result<i64> {
    let new = New::of(definition, maker, limit, true)?;
    let done = database(host, guild).transaction(|t| new.insert(t)).await?;
    inserted(&done)
}

/// The same of a file of the inbox, on or off, and notes in the same transaction that it was taken up.
///
/// # Errors
///
/// As for [`insert`].
pub(crate) async fn insert_laid(
    host: &Host,
    guild: Guild,
    definition: &Definition,
    maker: User,
    limit: u64,
    (file, on): (&str, bool),
) -> Result<i64> {
    let new = New::of(definition, maker, limit, on)?;
    let sql =
        "INSERT INTO automations__laid SELECT ?1, id FROM automations__automations WHERE name = ?2";
    let done = database(host, guild)
        .transaction(|t| {
            new.insert(t);
            t.execute(sql, params![file, definition.name])
                .must_change(1);
        })
        .await?;
    inserted(&done)
}

/// The number of the automation that was made of a file of the inbox.
pub(crate) async fn laid(host: &Host, guild: Guild, file: &str) -> Result<Option<i64>> {
    let sql = "SELECT automation FROM automations__laid WHERE file = ?1";
    let rows = database(host, guild).query(sql, params![file]).await?;
    rows.first()
}

/// A new automation on its way into the database.
struct New<'a> {
    definition: &'a Definition,
    json: String,
    maker: User,
    limit: i64,
    on: bool,
}

impl<'a> New<'a> {
    fn of(definition: &'a Definition, maker: User, limit: u64, on: bool) -> Result<Self> {
        Ok(Self {
            definition,
            json: serde_json::to_string(definition)?,
            maker,
            limit: i64::try_from(limit)?,
            on,
        })
    }

    /// Its statements, of which the third inserts it.
    fn insert(&self, t: &mut plugin_api::Transaction) {
        let (limit, name) = (self.limit, &self.definition.name);
        t.require("SELECT count(*) < ?1 FROM automations__automations", params![limit]).or_tell(format!(
            "This server has {limit} automations, which is all it may have. `automations delete` makes room."
        ));
        let called = "SELECT NOT EXISTS (SELECT 1 FROM automations__automations WHERE name = ?1)";
        t.require(called, params![name])
            .or_tell(format!("Another automation is called `{name}` already."));
        t.execute(
            "INSERT INTO automations__automations (name, definition, maker, is_on) VALUES (?1, ?2, ?3, ?4)",
            params![name, self.json, self.maker, self.on],
        );
    }
}

/// The number that [`New::insert`] has given.
fn inserted(done: &[plugin_api::Done]) -> Result<i64> {
    let told = done.get(2).map(plugin_api::Done::inserted_id);
    told.ok_or(Error::new("a transaction told nothing of a statement"))
}

/// Keeps a changed one. Whoever has changed it is its maker from then on.
///
/// # Errors
///
/// It is gone, or another one has the name.
pub(crate) async fn update(
    host: &Host,
    guild: Guild,
    id: i64,
    definition: &Definition,
    maker: User,
) -> Result {
    let json = serde_json::to_string(definition)?;
    database(host, guild)
        .transaction(|t| {
            let called = "SELECT NOT EXISTS (SELECT 1 FROM automations__automations WHERE name = ?1 AND id != ?2)";
            t.require(called, params![definition.name, id])
                .or_tell(format!("Another automation is called `{}` already.", definition.name));
            t.execute(
                "UPDATE automations__automations SET name = ?1, definition = ?2, maker = ?3, failures = 0, last_error = NULL WHERE id = ?4",
                params![definition.name, json, maker, id],
            )
            .must_change(1)
            .or_tell("The automation was deleted meanwhile. What you have written is still in the form.");
        })
        .await
        .map(drop)
}

pub(crate) async fn keep_made(host: &Host, guild: Guild, id: i64, made: &Made) -> Result {
    let sql = "UPDATE automations__automations SET made = ?1 WHERE id = ?2";
    database(host, guild)
        .execute(sql, params![serde_json::to_string(made)?, id])
        .await
        .map(drop)
}

/// Deletes one with all that it has kept, but for the numbers of tickets, which are never given again.
pub(crate) async fn delete(host: &Host, guild: Guild, id: i64) -> Result<bool> {
    let done = database(host, guild)
        .transaction(|t| {
            t.execute(
                "DELETE FROM automations__automations WHERE id = ?1",
                params![id],
            );
            t.execute(
                "DELETE FROM automations__levels WHERE automation = ?1",
                params![id],
            );
            t.execute(
                "DELETE FROM automations__rooms WHERE automation = ?1",
                params![id],
            );
        })
        .await?;
    Ok(done.first().is_some_and(|it| it.changed() > 0))
}

/// Switches one on, with its failures forgotten, or off.
pub(crate) async fn switch(host: &Host, guild: Guild, id: i64, on: bool) -> Result<bool> {
    let sql = "UPDATE automations__automations SET is_on = ?1, failures = 0 WHERE id = ?2";
    Ok(database(host, guild)
        .execute(sql, params![on, id])
        .await?
        .changed()
        > 0)
}

/// It has gone well.
pub(crate) async fn succeeded(host: &Host, guild: Guild, id: i64, now_ms: i64) -> Result {
    let sql = "UPDATE automations__automations SET runs = runs + 1, failures = 0, last_run_ms = ?1 WHERE id = ?2";
    database(host, guild)
        .execute(sql, params![now_ms, id])
        .await
        .map(drop)
}

/// It has begun a run that waits: that counts from now on.
pub(crate) async fn began(host: &Host, guild: Guild, id: i64, now_ms: i64) -> Result {
    let sql = "UPDATE automations__automations SET runs = runs + 1, last_run_ms = ?1 WHERE id = ?2";
    database(host, guild)
        .execute(sql, params![now_ms, id])
        .await
        .map(drop)
}

/// A run that was counted when it began has gone well to its end.
pub(crate) async fn ended(host: &Host, guild: Guild, id: i64, now_ms: i64) -> Result {
    let sql = "UPDATE automations__automations SET failures = 0, last_run_ms = ?1 WHERE id = ?2";
    database(host, guild)
        .execute(sql, params![now_ms, id])
        .await
        .map(drop)
}

/// It has failed: how often in a row by now.
pub(crate) async fn failed(
    host: &Host,
    guild: Guild,
    id: i64,
    why: &str,
    counts: bool,
) -> Result<i64> {
    let sql = "UPDATE automations__automations SET failures = failures + ?1, last_error = ?2 WHERE id = ?3 RETURNING failures";
    let rows = database(host, guild)
        .query(sql, params![counts, clip(why, 1_000), id])
        .await?;
    Ok(rows.read::<i64>()?.first().copied().unwrap_or(0))
}

/// What the servers with automations need to hear.
pub(crate) async fn servers(host: &Host) -> Result<BTreeMap<Guild, BTreeSet<String>>> {
    let rows = host
        .storage()
        .bot()
        .query(
            "SELECT guild_id, events FROM automations__servers",
            params![],
        )
        .await?;
    let rows = rows.read::<(Guild, String)>()?.into_iter();
    Ok(rows
        .map(|(guild, events)| {
            (
                guild,
                events.split_whitespace().map(str::to_owned).collect(),
            )
        })
        .collect())
}

/// Keeps what a server's automations need to hear; `None` where none is on.
pub(crate) async fn keep_server(
    host: &Host,
    guild: Guild,
    events: Option<&BTreeSet<String>>,
) -> Result {
    let bot = host.storage().bot();
    let done = match events {
        Some(events) => {
            let events: Vec<_> = events.iter().map(String::as_str).collect();
            let sql = "INSERT INTO automations__servers VALUES (?1, ?2) ON CONFLICT DO UPDATE SET events = excluded.events";
            bot.execute(sql, params![guild, events.join(" ")]).await
        }
        None => {
            bot.execute(
                "DELETE FROM automations__servers WHERE guild_id = ?1",
                params![guild],
            )
            .await
        }
    };
    done.map(drop)
}
