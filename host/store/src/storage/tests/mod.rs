//! Tests of the databases as plugins and owners meet them, without a bot around them.

mod admin;
mod calls;
mod disk;
mod execute;
mod inspect;
mod keeping;
mod migrations;
mod queues;
mod rights;
mod rounds;
mod shares;
mod slow;
mod table_access;
mod trouble;
mod worst;

use std::{path::PathBuf, time::Duration};

use host_loader::Caller;
use host_ops::config::Config;
use plugin_api::{
    abi::{
        KvCall, KvReply, StorageCall, StorageExpect, StorageReply, StorageResult, StorageStep,
        StorageValue,
    },
    manifest::Manifest,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{DatabaseId, Failure, Storage};

/// Storage in a folder of its own.
struct Kit {
    folder: TempDir,
    storage: Storage,
}

/// One plugin on it.
struct Plugin<'a> {
    storage: &'a Storage,
    caller: Caller,
}

impl Kit {
    fn new() -> Self {
        Self::configured("")
    }

    fn configured(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let storage = open(&folder, config);
        Self { folder, storage }
    }

    async fn restart(self, config: &str) -> Self {
        self.close().await;
        let storage = open(&self.folder, config);
        Self { storage, ..self }
    }

    async fn close(&self) {
        self.storage.shut_down(Duration::from_secs(20)).await;
    }

    /// A loaded plugin with this manifest.
    async fn plugin(&self, name: &str, manifest: Value) -> Plugin<'_> {
        self.generation(name, 1, manifest).await.unwrap()
    }

    async fn generation(
        &self,
        name: &str,
        number: u64,
        manifest: Value,
    ) -> Result<Plugin<'_>, super::StorageError> {
        let caller = Caller::new(name, number);
        let manifest: Manifest = serde_json::from_value(manifest).unwrap();
        self.storage.generation_starts(&caller, &manifest).await?;
        Ok(Plugin {
            storage: &self.storage,
            caller,
        })
    }

    fn file(&self, database_id: DatabaseId) -> PathBuf {
        database_id.file(self.folder.path())
    }
}

fn open(folder: &TempDir, config: &str) -> Storage {
    let mut config = Config::parse(config, "test").unwrap();
    config.data.folder = folder.path().to_owned();
    Storage::open(&config).unwrap()
}

impl Plugin<'_> {
    async fn call<T: serde::de::DeserializeOwned>(
        &self,
        name: &str,
        params: impl serde::Serialize,
        body: &[u8],
    ) -> Result<(T, Vec<u8>), String> {
        let params = serde_json::to_value(params).unwrap();
        let done = self
            .storage
            .serve(&self.caller, name, params, body.to_vec());
        let done = done.await.map_err(|failure: Failure| failure.to_string())?;
        Ok((serde_json::from_slice(&done.head).unwrap(), done.body))
    }

    async fn run(
        &self,
        guild_id: u64,
        steps: Vec<StorageStep>,
    ) -> Result<Vec<StorageResult>, String> {
        let call = StorageCall {
            guild_id: some(guild_id),
            steps,
        };
        let (reply, _): (StorageReply, _) = self.call("storage.transaction", call, b"").await?;
        Ok(reply.results)
    }

    async fn execute(
        &self,
        guild_id: u64,
        sql: &str,
        params: Value,
    ) -> Result<StorageResult, String> {
        let steps = vec![step(sql, params)];
        let call = StorageCall {
            guild_id: some(guild_id),
            steps,
        };
        let (mut reply, _): (StorageReply, _) = self.call("storage.execute", call, b"").await?;
        Ok(reply.results.remove(0))
    }

    /// The rows as JSON.
    async fn query(&self, guild_id: u64, sql: &str) -> Result<Value, String> {
        let steps = vec![step(sql, json!([]))];
        let call = StorageCall {
            guild_id: some(guild_id),
            steps,
        };
        let (reply, _): (StorageReply, _) = self.call("storage.query", call, b"").await?;
        Ok(serde_json::to_value(&reply.results[0].rows).unwrap())
    }

    async fn kv_store(
        &self,
        verb: &str,
        call: &KvCall,
        value: &[u8],
    ) -> Result<(KvReply, Vec<u8>), String> {
        self.call(&format!("storage.{verb}"), call, value).await
    }
}

fn step(sql: &str, params: Value) -> StorageStep {
    StorageStep {
        sql: sql.into(),
        params: serde_json::from_value(params).unwrap(),
        expect: None,
    }
}

fn migration(number: u32, scope: &str, sql: &str) -> Value {
    json!({"number": number, "scope": scope, "sql": sql})
}

/// A plugin `shop` with a table in every database.
fn shop() -> Value {
    let sql = "CREATE TABLE shop__items (name TEXT PRIMARY KEY, price INTEGER NOT NULL CHECK (price > 0));
               CREATE INDEX shop__items_price ON shop__items (price)";
    json!({"migrations": [migration(1, "bot", sql), migration(1, "guild", sql)]})
}

/// Fails unless the error says all of it.
#[track_caller]
fn says<T: std::fmt::Debug>(result: Result<T, String>, expect: &[&str]) {
    let error = result.unwrap_err();
    for expect in expect {
        assert!(error.contains(expect), "{error}\ndoes not say\n{expect}");
    }
}

/// A server; 0: the bot as a whole.
fn some(guild_id: u64) -> Option<u64> {
    (guild_id != 0).then_some(guild_id)
}
