//! Transactions: statements with their conditions, and their results.

use super::{Rows, Value};
use crate::{
    abi::{StorageExpect, StorageResult, StorageStep},
    error::Result,
};

/// Statements that happen together, collected by [`Database::transaction`](super::Database::transaction).
#[derive(Debug, Default)]
pub struct Transaction(Vec<Statement>);

impl Transaction {
    /// Adds a statement. What it returns takes conditions.
    pub fn execute(&mut self, sql: &str, params: Vec<Value>) -> &mut Statement {
        let at = self.0.len();
        self.0.push(Statement::new(sql, params));
        &mut self.0[at]
    }

    /// Adds a condition: the first value of the query's first row has to be neither null nor zero.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn join(database: &Database, user: Id<marker::UserMarker>) -> Result {
    ///     database
    ///         .transaction(|t| {
    ///             t.require("SELECT count(*) < 8 FROM quiz__players", params![]).or_tell("the table is full");
    ///             t.execute("INSERT INTO quiz__players (user_id) VALUES (?1)", params![user]);
    ///         })
    ///         .await?;
    ///     Ok(())
    /// }
    /// ```
    pub fn require(&mut self, sql: &str, params: Vec<Value>) -> &mut Statement {
        let statement = self.execute(sql, params);
        statement.expect_mut().holds = Some(true);
        statement
    }

    pub(super) fn into_statements(self) -> Vec<Statement> {
        self.0
    }
}

/// A statement of a [`Transaction`].
#[derive(Debug)]
pub struct Statement {
    sql: String,
    params: Vec<Value>,
    expect: Option<StorageExpect>,
}

impl Statement {
    pub(super) fn new(sql: &str, params: Vec<Value>) -> Self {
        Self {
            sql: sql.to_owned(),
            params,
            expect: None,
        }
    }

    /// It has to change exactly this many rows; else nothing of the transaction happens.
    pub fn must_change(&mut self, rows: u64) -> &mut Self {
        self.expect_mut().changed = Some(rows);
        self
    }

    /// What the member reads when the condition does not hold.
    pub fn or_tell(&mut self, words: impl Into<String>) -> &mut Self {
        self.expect_mut().refusal = Some(words.into());
        self
    }

    fn expect_mut(&mut self) -> &mut StorageExpect {
        self.expect.get_or_insert_default()
    }

    /// As it crosses; blobs go to the end of `body`.
    pub(super) fn into_step(self, body: &mut Vec<u8>) -> StorageStep {
        StorageStep {
            params: self
                .params
                .into_iter()
                .map(|value| value.into_boundary(body))
                .collect(),
            sql: self.sql,
            expect: self.expect,
        }
    }
}

/// Result of a statement.
#[derive(Debug, Clone, Default)]
pub struct Done {
    rows: Rows,
    changed: u64,
    inserted_id: i64,
}

impl Done {
    pub(super) fn new(sql: String, result: StorageResult, body: &[u8]) -> Result<Self> {
        Ok(Self {
            changed: result.changed,
            inserted_id: result.inserted_id,
            rows: Rows::new(sql, result.columns, result.rows, body)?,
        })
    }

    /// How many rows it has changed: inserted, updated or deleted. Those that triggers and foreign keys changed don't count.
    #[must_use]
    pub const fn changed(&self) -> u64 {
        self.changed
    }

    /// The [row id](https://sqlite.org/lang_createtable.html#rowid) of the row that was inserted last; 0 when nothing was.
    #[must_use]
    pub const fn inserted_id(&self) -> i64 {
        self.inserted_id
    }

    /// The rows that it has returned.
    #[must_use]
    pub const fn rows(&self) -> &Rows {
        &self.rows
    }

    /// The rows that it has returned.
    #[must_use]
    pub fn into_rows(self) -> Rows {
        self.rows
    }
}
