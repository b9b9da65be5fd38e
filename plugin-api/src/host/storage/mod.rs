//! SQL databases: one of the bot's, one of each server's, and key-value stores for what needs no tables.

mod kv_store;
mod rows;
mod transaction;
mod value;

use serde::{Serialize, de::DeserializeOwned};
use twilight_model::id::{Id, marker::GuildMarker};

pub use self::{
    kv_store::KvStore,
    rows::{Row, Rows},
    transaction::{Done, Statement, Transaction},
    value::{ToValue, Value},
};
use super::Host;
use crate::{
    abi::{StorageCall, StorageReply},
    error::{Error, Result},
};

impl Host {
    /// The databases. The host opens and closes them, and keeps them whole when the process is killed: what a call has
    /// been told is done is on the disk.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn price(ctx: CommandContext) -> Result {
    ///     let database = ctx.database()?;
    ///     let name: String = ctx.option("item")?;
    ///     let rows = database.query("SELECT price FROM shop__items WHERE name = ?1", params![name]).await?;
    ///     let price: i64 = rows.first()?.ok_or(Error::user("the shop has none"))?;
    ///     ctx.reply(format!("It costs {price} coins.")).await
    /// }
    /// ```
    #[must_use]
    pub fn storage(&self) -> Storage {
        Storage(self.clone())
    }
}

/// The databases, made by [`Host::storage`].
#[derive(Debug, Clone)]
pub struct Storage(Host);

impl Storage {
    /// The bot's one database: what belongs to no server.
    #[must_use]
    pub fn bot(&self) -> Database {
        Database {
            host: self.0.clone(),
            guild_id: None,
        }
    }

    /// The database of a server. It is made when it is first used.
    #[must_use]
    pub fn guild(&self, id: Id<GuildMarker>) -> Database {
        Database {
            host: self.0.clone(),
            guild_id: Some(id.get()),
        }
    }
}

/// A database: SQLite's SQL, in which a plugin's tables begin with its name and two underscores (`shop__items`). Others are
/// out of reach, unless their owner shares them ([`Plugin::shares`](crate::Plugin::shares)).
///
/// Tables are made by migrations ([`Plugin::migration`](crate::Plugin::migration)); a [`kv_store`](Self::kv_store) needs none.
/// Values are bound to `?1`, `?2`…, never written into the SQL.
///
/// ```
/// use plugin_api::prelude::*;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Score { user_id: Id<marker::UserMarker>, points: i64 }
///
/// async fn ranking(database: &Database) -> Result<String> {
///     let sql = "SELECT user_id, points FROM quiz__scores ORDER BY points DESC LIMIT 10";
///     let lines = database.query(sql, params![]).await?.read::<Score>()?;
///     Ok(lines.iter().map(|score| format!("<@{}> {}\n", score.user_id, score.points)).collect())
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Database {
    host: Host,
    guild_id: Option<u64>,
}

impl Database {
    /// Runs a statement and returns its rows: a `SELECT`, or one with `RETURNING`.
    ///
    /// # Errors
    ///
    /// The SQL is wrong, reaches for what is not the plugin's, took too long (`storage.statement_timeout_ms`), or found more
    /// than `storage.max_rows`; or the database can't be used. The error names the SQL, the database and the next step.
    pub async fn query(&self, sql: &str, params: Vec<Value>) -> Result<Rows> {
        let statement = Statement::new(sql, params);
        let done = self.run("storage.query", vec![statement]).await?;
        Ok(done.into_iter().next().unwrap_or_default().into_rows())
    }

    /// Runs a statement that changes something. When this returns, the change is on the disk.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn note(database: &Database, user: Id<marker::UserMarker>, text: &str) -> Result<i64> {
    ///     let sql = "INSERT INTO notes__notes (user_id, text) VALUES (?1, ?2)";
    ///     Ok(database.execute(sql, params![user, text]).await?.inserted_id())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`query`](Self::query).
    pub async fn execute(&self, sql: &str, params: Vec<Value>) -> Result<Done> {
        let statement = Statement::new(sql, params);
        let done = self.run("storage.execute", vec![statement]).await?;
        Ok(done.into_iter().next().unwrap_or_default())
    }

    /// Runs several statements as a unit: all of them happen, or none. They are collected first and sent as one call, so no
    /// transaction is open while a plugin thinks; what one has to rely on is said by a condition.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// type User = Id<marker::UserMarker>;
    ///
    /// async fn transfer(database: &Database, from: User, to: User, coins: i64) -> Result {
    ///     database
    ///         .transaction(|t| {
    ///             t.execute(
    ///                 "UPDATE bank__accounts SET coins = coins - ?2 WHERE user_id = ?1 AND coins >= ?2",
    ///                 params![from, coins],
    ///             )
    ///             .must_change(1)
    ///             .or_tell("you don't have that many coins");
    ///             t.execute("UPDATE bank__accounts SET coins = coins + ?2 WHERE user_id = ?1", params![to, coins])
    ///                 .must_change(1)
    ///                 .or_tell("they have no account");
    ///         })
    ///         .await?;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`query`](Self::query), or a condition does not hold: then with the words of [`Statement::or_tell`], if there
    /// are any, which [`Error::user_message`] returns.
    pub async fn transaction(&self, collect: impl FnOnce(&mut Transaction)) -> Result<Vec<Done>> {
        let mut transaction = Transaction::default();
        collect(&mut transaction);
        self.run("storage.transaction", transaction.into_statements())
            .await
    }

    /// A key-value store: values by key, for what needs no tables. It is made when it is first used, and belongs to this plugin.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn greet(database: &Database) -> Result<u64> {
    ///     database.kv_store("counters").update("greetings", |count: Option<u64>| count.unwrap_or(0) + 1).await
    /// }
    /// ```
    #[must_use]
    pub fn kv_store(&self, name: impl Into<String>) -> KvStore {
        KvStore::new(self.clone(), name.into())
    }

    async fn run(&self, call: &str, statements: Vec<Statement>) -> Result<Vec<Done>> {
        let mut body = Vec::new();
        let (sqls, steps): (Vec<_>, Vec<_>) = statements
            .into_iter()
            .map(|statement| {
                let step = statement.into_step(&mut body);
                (step.sql.clone(), step)
            })
            .unzip();
        let params = StorageCall {
            guild_id: self.guild_id,
            steps,
        };
        let (reply, body): (StorageReply, _) = self.ask(call, &params, body).await?;
        if reply.results.len() != sqls.len() {
            return Err(Error::new(format!(
                "`{call}`: the host answered {} of {} statements",
                reply.results.len(),
                sqls.len()
            )));
        }
        sqls.into_iter()
            .zip(reply.results)
            .map(|(sql, result)| Done::new(sql, result, &body))
            .collect()
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        call: &str,
        params: &impl Serialize,
        body: Vec<u8>,
    ) -> Result<(T, Vec<u8>)> {
        let reply = self.host.ask(call, params, body).await?;
        Ok((serde_json::from_slice(&reply.head)?, reply.body))
    }
}
