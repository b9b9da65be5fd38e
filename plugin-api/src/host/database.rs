//! All databases, whosever tables are in them: for owners who look after them.

use twilight_model::id::{Id, marker::GuildMarker};

use super::{
    Host,
    storage::{Rows, Value},
};
use crate::{
    abi::{
        DatabaseBackup, DatabaseBackups, DatabaseCall, DatabaseChanged, DatabaseCheck,
        DatabaseForgotten, DatabaseMigrated, DatabaseMigrations, DatabaseRows, DatabaseStats,
        DatabaseTables,
    },
    error::Result,
};

impl Host {
    /// All databases, the bot's and those of servers, with every plugin's tables. A plugin's own are in [`storage`](Self::storage),
    /// and need no power.
    ///
    /// | calls | power | who |
    /// | --- | --- | --- |
    /// | [`stats`](Databases::stats) | `bot.read` | anybody |
    /// | [`tables`](Databases::tables), [`query`](Databases::query) | `database.inspect` | the bot's owners |
    /// | [`execute`](Databases::execute) | `database.write` | the bot's owners |
    /// | all others | `database.manage` | the bot's owners |
    ///
    /// ```
    /// use plugin_api::{Power, abi::DatabaseCall, prelude::*};
    ///
    /// async fn state(ctx: CommandContext) -> Result {
    ///     let stats = ctx.host().databases().stats(&DatabaseCall::default()).await?;
    ///     let largest = stats.files.iter().max_by_key(|file| file.bytes);
    ///     let largest = largest.map_or("none", |file| &*file.name);
    ///     ctx.reply(format!("{} databases, {} kB; the largest here is {largest}", stats.databases, stats.bytes / 1000)).await
    /// }
    ///
    /// let plugin = Plugin::new()
    ///     .powers([Power::BotRead])
    ///     .command(Command::new("dbstats", "Shows how the databases are").run(state));
    /// ```
    #[must_use]
    pub fn databases(&self) -> Databases<'_> {
        Databases { host: self }
    }
}

/// All databases: what [`Host::databases`] gives.
#[derive(Debug, Clone, Copy)]
pub struct Databases<'a> {
    host: &'a Host,
}

impl Databases<'_> {
    /// What there is on the disk, what is open and what waits, and a page of 100 databases (`limit: Some(0)`: none of them).
    ///
    /// # Errors
    ///
    /// The power `bot.read` is not granted, or the data folder can't be read.
    pub async fn stats(&self, call: &DatabaseCall) -> Result<DatabaseStats> {
        self.host.query("database.stats", call).await
    }

    /// The tables of a database, of a `plugin` or of all, with their columns and indexes; 100 on a page.
    ///
    /// # Errors
    ///
    /// Nobody who may stands behind the call, or there is no such database. So for all functions here.
    pub async fn tables(&self, call: &DatabaseCall) -> Result<DatabaseTables> {
        self.host.query("database.tables", call).await
    }

    /// What a `SELECT` finds in the bot's database (`None`) or a server's, whosever tables it reads: so many rows, 1,000 at most, and
    /// 1 MiB. Whether there are more is told. Nothing can be changed by it.
    ///
    /// ```
    /// use plugin_api::{Power, prelude::*};
    ///
    /// async fn sql(ctx: CommandContext) -> Result {
    ///     let statement: String = ctx.option("statement")?;
    ///     let (rows, more) = ctx.host().databases().query(ctx.guild_id(), &statement, params![], 10).await?;
    ///     let lines: Vec<_> = rows.iter().map(|row| format!("{:?}", row.values())).collect();
    ///     ctx.reply(format!("{}\n{}", lines.join("\n"), if more { "…" } else { "" })).await
    /// }
    ///
    /// let plugin = Plugin::new().powers([Power::DatabaseInspect]).command(
    ///     Command::new("sql", "Looks into this server's database")
    ///         .owner_only()
    ///         .option(CommandOption::string("statement", "A SELECT").rest().required())
    ///         .run(sql),
    /// );
    /// ```
    ///
    /// # Errors
    ///
    /// The statement is wrong, does more than read, or takes longer than `storage.statement_timeout_ms`.
    pub async fn query(
        &self,
        guild: Option<Id<GuildMarker>>,
        sql: &str,
        params: Vec<Value>,
        rows: u32,
    ) -> Result<(Rows, bool)> {
        let mut body = Vec::new();
        let mut call = DatabaseCall {
            guild_id: guild.map(Id::get),
            sql: sql.to_owned(),
            limit: Some(rows),
            ..DatabaseCall::default()
        };
        let values = params.into_iter();
        call.params = values.map(|value| value.into_boundary(&mut body)).collect();
        let reply = self.host.ask("database.query", &call, body).await?;
        let found: DatabaseRows = serde_json::from_slice(&reply.head)?;
        let rows = Rows::new(call.sql, found.columns, found.rows, &reply.body)?;
        Ok((rows, found.more))
    }

    /// Changes rows in the bot's database (`None`) or a server's, whosever tables they are in: one statement, or several with `;` between
    /// them, all of them or none. `INSERT`, `UPDATE`, `DELETE` and `REPLACE` are what there may be; the host's own tables, full-text tables
    /// and the shapes of tables stay as they are. With `dry_run` it is told what would change, and nothing is changed. The audit journal has
    /// each change, with the rows of each table before and after.
    ///
    /// ```
    /// use plugin_api::{Power, prelude::*};
    ///
    /// async fn forget(ctx: CommandContext) -> Result {
    ///     let sql = "DELETE FROM shop__items WHERE price > 100";
    ///     let trial = ctx.host().databases().execute(ctx.guild_id(), sql, true).await?;
    ///     ctx.reply(format!("{} rows would go.", trial.changed)).await
    /// }
    ///
    /// let plugin = Plugin::new()
    ///     .powers([Power::DatabaseWrite])
    ///     .command(Command::new("forget", "Counts what would go").owner_only().run(forget));
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`query`](Self::query), a statement only reads or changes what it may not, or the plugin whose table it is may keep no more.
    pub async fn execute(
        &self,
        guild: Option<Id<GuildMarker>>,
        sql: &str,
        dry_run: bool,
    ) -> Result<DatabaseChanged> {
        let call = DatabaseCall {
            guild_id: guild.map(Id::get),
            sql: sql.to_owned(),
            dry_run,
            ..DatabaseCall::default()
        };
        self.host.query("database.execute", &call).await
    }

    /// Looks through a server's database, or through all of them, page by page: as many as there is time for within 5 s. It goes on
    /// at low priority while the bot runs.
    ///
    /// # Errors
    ///
    /// As for [`tables`](Self::tables). What is wrong with a database is in the answer.
    pub async fn check(&self, call: &DatabaseCall) -> Result<DatabaseCheck> {
        self.host.query("database.check", call).await
    }

    /// Which migrations are declared and which have run when, of a `plugin` or of all, in a server's database or in all; 200 on a
    /// page.
    ///
    /// # Errors
    ///
    /// As for [`tables`](Self::tables).
    pub async fn migrations(&self, call: &DatabaseCall) -> Result<DatabaseMigrations> {
        self.host.query("database.migrations", call).await
    }

    /// Runs what is missing of a plugin's migrations, or of all plugins', in every database. Each use is in the audit journal, as
    /// are those of the functions below.
    ///
    /// # Errors
    ///
    /// As for [`tables`](Self::tables). What has failed is in the answer.
    pub async fn migrate(&self, plugin: Option<&str>) -> Result<DatabaseMigrated> {
        let call = DatabaseCall {
            plugin: plugin.map(str::to_owned),
            ..DatabaseCall::default()
        };
        self.host.query("database.migrate", &call).await
    }

    /// Copies all databases (`None`), or a server's, and checks the copies. The oldest backups of the same kind make room
    /// (`storage.backups_kept`).
    ///
    /// # Errors
    ///
    /// As for [`tables`](Self::tables), or the backups can't be written.
    pub async fn backup(&self, guild: Option<Id<GuildMarker>>) -> Result<DatabaseBackup> {
        let call = DatabaseCall {
            guild_id: guild.map(Id::get),
            ..DatabaseCall::default()
        };
        self.host.query("database.backup", &call).await
    }

    /// The backups that there are, the latest first, of all databases and of single servers, or of one server; 50 on a page.
    ///
    /// # Errors
    ///
    /// As for [`tables`](Self::tables).
    pub async fn backups(&self, call: &DatabaseCall) -> Result<DatabaseBackups> {
        self.host.query("database.backups", call).await
    }

    /// Erases what is kept of a server that the bot has left: its database, the copies in backups, and runs of schedules that wait for
    /// it. It can't be undone. A server that the bot is in is refused, but for `force`; Discord is asked.
    ///
    /// # Errors
    ///
    /// As for [`tables`](Self::tables), the bot is in that server, or nothing is kept of it.
    pub async fn forget_guild(
        &self,
        guild: Id<GuildMarker>,
        force: bool,
    ) -> Result<DatabaseForgotten> {
        let call = DatabaseCall {
            guild_id: Some(guild.get()),
            force,
            ..DatabaseCall::default()
        };
        self.host.query("database.forget_guild", &call).await
    }
}
