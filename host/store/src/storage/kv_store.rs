//! Key-value stores, in a table of the host's.

use plugin_api::abi::{KvCall, KvReply};
use rusqlite::{OptionalExtension, params};

use super::{error::StorageError, statement::StatementRunner, table_access::Who};

/// Longest name of a key-value store and longest key, in bytes.
const KEY_BYTES: usize = 512;

/// Operation on a key-value store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Set,
    Delete,
    Keys,
}

/// Serves a key-value store's call; the reply, and the value where there is one.
pub(super) fn run(
    runner: &StatementRunner<'_>,
    verb: Verb,
    call: &KvCall,
    value: &[u8],
) -> Result<(KvReply, Vec<u8>), StorageError> {
    for (what, text) in [
        ("name of a key-value store", &call.store),
        ("key", &call.key),
    ] {
        if text.len() > KEY_BYTES {
            return Err(StorageError::Call(format!(
                "a {what} has {KEY_BYTES} bytes at most, and `{}` has {}",
                super::error::shorten(text),
                text.len()
            )));
        }
    }
    let Who::Plugin(declared, _) = &runner.who else {
        return Err(StorageError::Ended);
    };
    // The table is the host's; the plugin's name is bound below.
    runner.link.begin(Who::Host);
    let kv_store = OfPlugin {
        runner,
        plugin: &declared.caller.plugin,
        call,
        subject: call.subject.unwrap_or_default().cast_signed(),
    };
    match verb {
        Verb::Get => kv_store.get(),
        Verb::Set => kv_store.set(value),
        Verb::Delete => kv_store.delete(),
        Verb::Keys => kv_store.keys(),
    }
}

struct OfPlugin<'a> {
    runner: &'a StatementRunner<'a>,
    plugin: &'a str,
    call: &'a KvCall,
    subject: i64,
}

type KvAnswer = Result<(KvReply, Vec<u8>), StorageError>;

impl OfPlugin<'_> {
    fn get(&self) -> KvAnswer {
        let sql = "SELECT value, version FROM cogwright__shelf
                   WHERE plugin = ?1 AND shelf = ?2 AND subject = ?3 AND key = ?4";
        let found = self.prepared(sql, |statement| {
            statement
                .query_row(self.address(), |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
        })?;
        let (value, version): (Option<String>, i64) =
            found.map_or((None, 0), |(value, version)| (Some(value), version));
        let reply = KvReply {
            done: value.is_some(),
            version: version.cast_unsigned(),
            ..KvReply::default()
        };
        Ok((reply, value.unwrap_or_default().into_bytes()))
    }

    fn set(&self, value: &[u8]) -> KvAnswer {
        let limit = self.runner.settings.max_value_bytes;
        if value.len() as u64 > limit {
            return Err(StorageError::Call(format!(
                "the value for `{}` has {} bytes, and {limit} are the most (`storage.max_value_bytes`): keep it as a file, or in \
                 parts; in the key-value store `{}` of the plugin `{}`",
                self.call.key,
                value.len(),
                self.call.store,
                self.plugin
            )));
        }
        let text = std::str::from_utf8(value)
            .ok()
            .filter(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok())
            .ok_or_else(|| StorageError::Call("the value of a key-value store is JSON".into()))?;
        let (plugin, kv_store, subject, key) = self.address();
        // No version: whatever is there. 0: only where nothing is. Else: only where it is that one.
        let sql = "INSERT INTO cogwright__shelf (plugin, shelf, subject, key, value, version)
                   SELECT ?1, ?2, ?3, ?4, ?5, 1
                   WHERE coalesce(?6, 0) = 0 OR EXISTS (SELECT 1 FROM cogwright__shelf
                       WHERE plugin = ?1 AND shelf = ?2 AND subject = ?3 AND key = ?4)
                   ON CONFLICT DO UPDATE SET value = excluded.value, version = version + 1
                   WHERE ?6 IS NULL OR version = ?6
                   RETURNING version";
        let version = self.call.version.map(u64::cast_signed);
        let written: Option<i64> = self.prepared(sql, |statement| {
            statement
                .query_row(
                    params![plugin, kv_store, subject, key, text, version],
                    |row| row.get(0),
                )
                .optional()
        })?;
        let reply = KvReply {
            done: written.is_some(),
            version: written.unwrap_or_default().cast_unsigned(),
            ..KvReply::default()
        };
        Ok((reply, Vec::new()))
    }

    fn delete(&self) -> KvAnswer {
        let sql = "DELETE FROM cogwright__shelf WHERE plugin = ?1 AND shelf = ?2 AND subject = ?3 AND key = ?4";
        let deleted = self.prepared(sql, |statement| statement.execute(self.address()))?;
        let reply = KvReply {
            done: deleted > 0,
            ..KvReply::default()
        };
        Ok((reply, Vec::new()))
    }

    fn keys(&self) -> KvAnswer {
        let limit = self.runner.settings.max_rows;
        let sql = "SELECT key FROM cogwright__shelf
                   WHERE plugin = ?1 AND shelf = ?2 AND subject = ?3 AND key >= ?4 AND substr(key, 1, length(?4)) = ?4
                   ORDER BY key LIMIT ?5";
        let (plugin, kv_store, subject, prefix) = self.address();
        let most = i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1;
        let keys: Vec<String> = self.prepared(sql, |statement| {
            statement
                .query_map(params![plugin, kv_store, subject, prefix, most], |row| {
                    row.get(0)
                })?
                .collect()
        })?;
        if keys.len() as u64 > limit {
            return Err(StorageError::TooMuch {
                database_id: self.runner.at.database_id,
                who: self.runner.at.who(),
                sql: format!("the keys of the key-value store `{kv_store}`"),
                limit: format!("{limit} keys"),
                setting: "storage.max_rows",
            });
        }
        let reply = KvReply {
            done: true,
            keys,
            ..KvReply::default()
        };
        Ok((reply, Vec::new()))
    }

    fn address(&self) -> (&str, &str, i64, &str) {
        (self.plugin, &self.call.store, self.subject, &self.call.key)
    }

    fn prepared<T>(
        &self,
        sql: &str,
        run: impl FnOnce(&mut rusqlite::CachedStatement<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StorageError> {
        let done = self
            .runner
            .link
            .connection
            .prepare_cached(sql)
            .and_then(|mut statement| run(&mut statement));
        done.map_err(|error| {
            let what = format!(
                "{} of the key-value store `{}`",
                self.call.key, self.call.store
            );
            StorageError::of_sql(&self.runner.at, &what, &error)
        })
    }
}
