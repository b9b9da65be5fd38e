//! JSON heads of the `storage.…` host calls. Blobs and values of key-value stores are bytes of the call's body.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Parameters of `storage.query`, `storage.execute` and `storage.transaction`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct StorageCall {
    /// The server whose database it is; absent: the bot's.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub guild_id: Option<u64>,
    /// The statements, in order: all of them happen, or none.
    pub steps: Vec<StorageStep>,
}

/// One statement.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StorageStep {
    /// The SQL.
    pub sql: String,
    /// Values of its parameters, in order.
    #[serde(default)]
    pub params: Vec<StorageValue>,
    /// What has to be true after it; else nothing of the call happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<StorageExpect>,
}

/// Condition that has to hold after a statement.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StorageExpect {
    /// How many rows it has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<u64>,
    /// Whether it has returned a first row whose first value is neither null nor zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds: Option<bool>,
    /// The words for the member when it is not true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
}

/// A value of SQLite's, as it crosses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum StorageValue {
    /// No value.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes: where they begin in the body, and how many they are.
    Blob {
        /// Offset and length.
        blob: (u64, u64),
    },
    /// A number that JSON has no words for: `inf` or `-inf`.
    Infinite {
        /// Which.
        real: String,
    },
    /// What a later version has, and this one does not know: as it came.
    Unknown(Value),
}

/// Result of a [`StorageCall`]: one for each step.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct StorageReply {
    /// In the order of the steps.
    pub results: Vec<StorageResult>,
}

/// Result of one statement.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StorageResult {
    /// Names of the columns; empty for a statement that returns no rows.
    #[serde(default)]
    pub columns: Vec<String>,
    /// The rows.
    #[serde(default)]
    pub rows: Vec<Vec<StorageValue>>,
    /// How many rows were changed.
    #[serde(default)]
    pub changed: u64,
    /// The row id of the last row that this database connection has inserted; 0 when this statement has changed nothing.
    #[serde(default)]
    pub inserted_id: i64,
}

/// Parameters of `storage.get`, `storage.set`, `storage.delete` and `storage.keys`. The value, JSON, is the body.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct KvCall {
    /// The server whose database it is; absent: the bot's.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub guild_id: Option<u64>,
    /// The key-value store's name; `shelf` on the wire, from before it was called so.
    #[serde(rename = "shelf")]
    pub store: String,
    /// The user whom the entry is about, if about one.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub subject: Option<u64>,
    /// The key; for `storage.keys` what the keys begin with.
    #[serde(default)]
    pub key: String,
    /// Change it only while its version is this one; 0: only while there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

/// Result of a [`KvCall`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct KvReply {
    /// Whether the key is there (get), was there (delete), or was written (set).
    #[serde(default)]
    pub done: bool,
    /// The entry's version: counts up from 1 with each change.
    #[serde(default)]
    pub version: u64,
    /// The keys.
    #[serde(default)]
    pub keys: Vec<String>,
}

/// Argument of an [`EntryKind::Erase`](super::EntryKind) entry.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EraseCall {
    /// Who is to be erased.
    #[serde(with = "super::snowflake")]
    pub user_id: u64,
}
