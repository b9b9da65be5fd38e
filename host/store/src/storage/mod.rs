//! SQL databases for plugins: one of the bot's, one of each server's, opened on first use and closed again.
//!
//! | file | what it does |
//! | --- | --- |
//! | `queues.rs`, `job.rs`, `state.rs`, `opening.rs` | who works on which database when; at most `storage.max_open` are open |
//! | `fair_queue.rs`, `clock.rs`, `rounds.rs` | fair shares of a database, and of time; what does not stop is left behind |
//! | `meter.rs` | how many pages each plugin has |
//! | `limits.rs`, `weights.rs`, `functions.rs` | how large a statement is; SQL functions that take no longer than their texts are |
//! | `workers.rs` | the threads that serve the queues |
//! | `batch.rs` | calls that are carried out together: one transaction, one fsync |
//! | `command_uses.rs`, `deletions.rs` | how often commands were used; messages that are deleted later |
//! | `statement.rs`, `kv_store.rs` | one statement, one key-value call |
//! | `table_access.rs`, `authorizer.rs` | which tables a plugin may touch |
//! | `host_rights.rs` | what the host does in its own name: nothing in a plugin's tables |
//! | `virtual_table_modules.rs`, `virtual_tables.rs`, `searches.rs` | which virtual tables there are, what they may name, and when they are searched |
//! | `database.rs`, `connection.rs`, `link.rs`, `tables.rs` | an open database, its connections, the host's tables in it |
//! | `migrate.rs` | from one shape of a plugin's tables to the next |
//! | `settings.rs` | what servers have set for plugins |
//! | `personal.rs`, `subject.rs` | all that is kept about one user, everywhere and in one database |
//! | `admin.rs` | what the owner does with all of them |
//! | `inspect.rs`, `statistics.rs`, `integrity.rs` | what owners see of them: all tables, what there is on the disk, whether it is sound |
//! | `database_calls.rs` | the host calls about all of them |
//! | `forget.rs` | all that is kept of a server, taken away |
//! | `backup.rs`, `restore.rs`, `lock.rs` | copies, and one bot per folder |

mod admin;
mod authorizer;
mod backup;
mod batch;
mod clock;
mod command_uses;
mod connection;
mod database;
mod database_calls;
mod deletions;
mod error;
mod execute;
mod fair_queue;
mod forget;
mod functions;
mod host_rights;
mod inspect;
mod integrity;
mod job;
mod kv_store;
mod limits;
mod link;
mod lock;
mod meter;
mod migrate;
mod opening;
mod personal;
mod queues;
mod restore;
mod rounds;
mod searches;
mod settings;
mod state;
mod statement;
mod statistics;
mod subject;
mod table_access;
mod tables;
#[cfg(test)]
mod tests;
mod virtual_table_modules;
mod virtual_tables;
mod weights;
mod workers;

use std::{
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use host_base::{PluginName, names};
use host_capability::{CallRule, Capability, Failure, HostCall, Leaves, places};
use host_loader::{Caller, Completion, Places, Unserved, host_call};
use host_ops::config::{Config, Live};
use plugin_api::manifest::Manifest;
use serde_json::Value;
use tokio::sync::oneshot;

pub(crate) use self::backup::stamp;
pub use self::lock::is_in_use;
pub use self::{
    admin::MigrationState,
    backup::BackupReport,
    command_uses::DailyUses,
    database_calls::DATABASE_CALLS,
    deletions::Deletion,
    error::StorageError,
    migrate::Applied,
    personal::{Erased, Exported},
    restore::{Checked, Restored, backups, check_all, restore},
    state::Numbers,
};
use self::{
    database::{Connected, Database},
    job::{Job, Request},
    kv_store::Verb,
    lock::Lock,
    queues::WorkQueues,
    table_access::{Declared, HOST},
};
pub use crate::database_id::DatabaseId;
use crate::disk::Disk;

/// How long the statements of one piece of the host's own work may take, in one database.
const HOST_LIMIT: std::time::Duration = std::time::Duration::from_secs(120);

/// How many owners look into databases at once.
const LOOKS: usize = 2;

/// The databases.
#[derive(Debug)]
pub struct Storage {
    queues: Option<Arc<WorkQueues>>,
    lock: Mutex<Option<Lock>>,
    /// Backups, exports and the like: one at a time.
    admin: tokio::sync::Mutex<()>,
    /// Checks: one at a time, which holds up no backup.
    checks: tokio::sync::Mutex<()>,
    seen: Mutex<Option<Arc<statistics::Seen>>>,
    /// Owners who look into databases, on connections of their own.
    looks: tokio::sync::Semaphore,
    /// Who knows which servers the bot is in.
    members: OnceLock<Membership>,
    disk: Arc<Disk>,
    /// The thread that looks through all databases at the start.
    #[cfg(test)]
    looking: Mutex<Option<std::thread::JoinHandle<()>>>,
}

/// Membership check: whether the bot is in a server.
struct Membership(Box<dyn Fn(u64) -> bool + Send + Sync>);

impl std::fmt::Debug for Membership {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Membership")
    }
}

impl Storage {
    /// The databases of a data folder, none of them open yet.
    ///
    /// # Errors
    ///
    /// Another bot uses the folder, or it can't be written.
    pub fn open(config: impl Into<Live>) -> Result<Self, StorageError> {
        let config = config.into();
        let data = &config.now().data.folder;
        let lock = Lock::take(data)?;
        let disk = Arc::new(Disk::new(config.clone()));
        let queues = WorkQueues::new(
            data.clone(),
            config.clone(),
            Arc::clone(&disk),
            WorkQueues::serve,
        );
        let (looks, folder) = (Arc::clone(&disk), data.clone());
        let looking = std::thread::Builder::new()
            .name("storage-count".into())
            .spawn(move || meter::look_around(&looks, &folder));
        if let Err(error) = &looking {
            tracing::warn!("what plugins keep is counted as databases are opened: {error}");
        }
        Ok(Self {
            #[cfg(test)]
            looking: Mutex::new(looking.ok()),
            queues: Some(Arc::new(queues)),
            lock: Mutex::new(Some(lock)),
            admin: tokio::sync::Mutex::default(),
            checks: tokio::sync::Mutex::default(),
            seen: Mutex::default(),
            looks: tokio::sync::Semaphore::new(LOOKS),
            members: OnceLock::new(),
            disk,
        })
    }

    /// Asks this one from now on whether the bot is in a server, before a database is made for it.
    pub fn ask_for_guilds(&self, is_in: impl Fn(u64) -> bool + Send + Sync + 'static) {
        let _ = self.members.set(Membership(Box::new(is_in)));
    }

    /// No databases: for the probe.
    #[must_use]
    pub fn absent() -> Self {
        Self {
            #[cfg(test)]
            looking: Mutex::default(),
            queues: None,
            lock: Mutex::default(),
            admin: tokio::sync::Mutex::default(),
            checks: tokio::sync::Mutex::default(),
            seen: Mutex::default(),
            looks: tokio::sync::Semaphore::new(LOOKS),
            members: OnceLock::new(),
            disk: Arc::new(Disk::new(Live::new(Config::default()))),
        }
    }

    /// What plugins keep on the disk.
    #[must_use]
    pub fn disk(&self) -> &Arc<Disk> {
        &self.disk
    }

    /// Waits until all databases were looked through.
    #[cfg(test)]
    fn looked_around(&self) {
        let looking = self.looking.lock().unwrap().take();
        looking
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    }

    /// Whether there are none.
    pub fn is_absent(&self) -> bool {
        self.queues.is_none()
    }

    /// Serves a host call `storage.…`.
    ///
    /// # Errors
    ///
    /// Text of [`StorageError`].
    pub async fn serve(
        &self,
        caller: &Caller,
        call: &str,
        params: Value,
        body: Vec<u8>,
    ) -> Result<Completion, Failure> {
        let (guild_id, request) = read_request(call, params)?;
        let queues = self.queues()?;
        let declared = queues.table_access.of(caller).ok_or(StorageError::Ended)?;
        let is_in = self.members.get().is_none_or(|is_in| is_in.0(guild_id));
        // What was kept of a server that was left is still there.
        if guild_id != 0 && !is_in && !DatabaseId::of(guild_id).file(&queues.data).is_file() {
            return Err(StorageError::NoGuild { guild_id }.into());
        }
        let (done, result) = oneshot::channel();
        let job = Job::new(declared, request, body, done);
        queues.call(DatabaseId::of(guild_id), job);
        Ok(result.await.unwrap_or(Err(StorageError::Closed))?)
    }

    /// Enters a generation that is about to start: its tables are fenced, and the bot's database is migrated for it.
    ///
    /// # Errors
    ///
    /// A plugin whose name differs in case alone keeps something here. Or a migration failed, or the database can't be used: then
    /// the generation is still entered.
    pub async fn generation_starts(
        &self,
        caller: &Caller,
        manifest: &Manifest,
    ) -> Result<(), StorageError> {
        let Some(queues) = &self.queues else {
            return Ok(());
        };
        self.no_twin_is_left(&queues.data, &caller.plugin).await?;
        let declared = queues
            .table_access
            .enter(Declared::new(caller.clone(), manifest));
        if declared.migrations(DatabaseId::Bot).is_empty() {
            return Ok(());
        }
        self.migrate(DatabaseId::Bot, declared).await.map(drop)
    }

    /// Whether nothing is here of a plugin whose name differs in case alone, loaded or not. What is not known yet, while the
    /// databases are looked through after the start, is found by each database when it is used.
    async fn no_twin_is_left(&self, data: &Path, plugin: &str) -> Result<(), StorageError> {
        if let Some((other, kept)) = self.disk.twin(plugin) {
            return Err(StorageError::Left {
                plugin: plugin.to_owned(),
                other,
                bytes: kept.all(),
            });
        }
        let (folders, plugin) = (data.join("plugins"), plugin.to_owned());
        let looked = tokio::task::spawn_blocking(move || folder_of_twin(&folders, plugin));
        looked.await.unwrap_or(Ok(()))
    }

    /// Takes a generation out that is over. What it still has queued does not happen.
    pub fn generation_ended(&self, caller: &Caller) {
        if let Some(queues) = &self.queues {
            queues.table_access.leave(caller);
        }
    }

    /// How many generations are fenced in.
    #[must_use]
    pub fn fence_count(&self) -> usize {
        self.queues
            .as_ref()
            .map_or(0, |queues| queues.table_access.count())
    }

    /// Closes the database of a server that the bot has left. The file stays.
    pub fn guild_left(&self, guild_id: u64) {
        if let (Some(queues), true) = (&self.queues, guild_id != 0) {
            let queues = Arc::clone(queues);
            // Behind what is queued, and not on this thread: closing writes to the disk.
            tokio::task::spawn_blocking(move || queues.close(DatabaseId::Guild(guild_id)));
        }
    }

    /// How many databases are open.
    #[must_use]
    pub fn numbers(&self) -> Option<Numbers> {
        self.queues.as_ref().map(|queues| queues.numbers())
    }

    async fn migrate(
        &self,
        database_id: DatabaseId,
        declared: Arc<Declared>,
    ) -> Result<usize, StorageError> {
        let queues = Arc::clone(self.queues()?);
        self.with(database_id, move |database, connected| {
            database.migrate(connected, &declared, &queues.table_access, true)
        })
        .await
    }

    /// Runs the host's own work in the bot's database, in a transaction: when this returns, it is on the disk.
    ///
    /// # Errors
    ///
    /// There are no databases, or what the statement failed of.
    pub async fn in_bot<T: Send + 'static>(
        &self,
        work: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StorageError> {
        self.with(DatabaseId::Bot, move |database, connected| {
            let of = |error| StorageError::of(&database.at(), &error);
            let transaction = rusqlite::Transaction::new_unchecked(
                &connected.connection,
                rusqlite::TransactionBehavior::Immediate,
            )
            .map_err(of)?;
            let done = work(&transaction).map_err(of)?;
            transaction.commit().map_err(of)?;
            Ok(done)
        })
        .await
    }

    /// Whether the bot has a database yet.
    pub fn has_bot(&self) -> bool {
        self.data()
            .is_ok_and(|data| DatabaseId::Bot.file(data).is_file())
    }

    /// Runs the host's own work in a database, which nobody writes to meanwhile.
    async fn with<T: Send + 'static>(
        &self,
        database_id: DatabaseId,
        work: impl FnOnce(&Arc<Database>, &Connected) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let (done, result) = oneshot::channel();
        let caller_over = host_call::over();
        let host_job = move |open: Result<(&Arc<Database>, &Connected), StorageError>| {
            // It has waited in the queue: who asked for it may be gone by now.
            let over = caller_over.is_some_and(|over| over.is_cancelled());
            let open = if over { Err(StorageError::Ended) } else { open };
            let result = open.and_then(|(database, connected)| {
                connected.begin(table_access::Who::Host);
                connected
                    .unbound_pages()
                    .map_err(|error| StorageError::of(&database.at(), &error))?;
                let _until = connected.until(HOST_LIMIT);
                work(database, connected)
            });
            let _ = done.send(result);
        };
        self.queues()?.host_job(database_id, Box::new(host_job));
        result.await.unwrap_or(Err(StorageError::Closed))
    }

    fn queues(&self) -> Result<&Arc<WorkQueues>, StorageError> {
        self.queues.as_ref().ok_or(StorageError::Absent)
    }

    fn data(&self) -> Result<&Path, StorageError> {
        Ok(&self.queues()?.data)
    }

    fn release_lock(&self) {
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        drop(lock.take());
    }
}

/// Whether there is a folder of a plugin whose name differs in case alone, and none of the plugin's own.
fn folder_of_twin(folders: &Path, plugin: String) -> Result<(), StorageError> {
    if folders.join(&plugin).is_dir() {
        return Ok(());
    }
    let all: Vec<String> = std::fs::read_dir(folders)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    match names::twin(&plugin, all.iter().map(String::as_str)) {
        None => Ok(()),
        Some(other) => Err(StorageError::LeftFiles {
            folder: folders.join(other),
            other: other.to_owned(),
            plugin,
        }),
    }
}

/// The host calls, by name.
pub const CALLS: [CallRule; 7] = [
    CallRule::free("storage.delete"),
    CallRule::free("storage.execute"),
    CallRule::free("storage.get"),
    CallRule::free("storage.keys"),
    CallRule::free("storage.query"),
    CallRule::free("storage.set"),
    CallRule::free("storage.transaction"),
];

fn read_request(call: &str, params: Value) -> Result<(u64, Request), Failure> {
    let kv_store = match call {
        "storage.get" => Verb::Get,
        "storage.set" => Verb::Set,
        "storage.delete" => Verb::Delete,
        "storage.keys" => Verb::Keys,
        _ => {
            let call_params: plugin_api::abi::StorageCall = serde_json::from_value(params)?;
            let guild_id = call_params.guild_id.unwrap_or_default();
            let request = match call {
                "storage.query" => Request::Query(call_params),
                _ => Request::Run(call_params),
            };
            return Ok((guild_id, request));
        }
    };
    let call: plugin_api::abi::KvCall = serde_json::from_value(params)?;
    Ok((
        call.guild_id.unwrap_or_default(),
        Request::Kv(kv_store, call),
    ))
}

/// What is wrong with what a manifest declares about tables, for its plugin's name.
pub(crate) fn problems(plugin: &PluginName, manifest: &Manifest, problems: &mut Vec<String>) {
    let owner = plugin.to_ascii_lowercase();
    let uses_storage = !manifest.migrations.is_empty()
        || !manifest.shares.is_empty()
        || !manifest.subjects.is_empty();
    if owner == HOST || owner.contains("__") || owner.ends_with('_') || owner.starts_with('_') {
        problems.push(format!(
            "`{plugin}` can't be a plugin's name: tables begin with it and two underscores, so it has no two in a row, none at \
             its ends, and is not `{HOST}`"
        ));
    }
    if uses_storage && owner.starts_with("sqlite") {
        problems.push(format!(
            "the plugin `{plugin}` can't have tables: SQLite keeps names that begin with `sqlite` for itself"
        ));
    }
    let mut last = std::collections::HashMap::new();
    for migration in &manifest.migrations {
        let before = last.insert(migration.scope, migration.number).unwrap_or(0);
        if migration.number <= before {
            problems.push(format!(
                "migration {} stands behind migration {before}: numbers begin at 1 and rise, for the bot's database and for the \
                 servers' alike",
                migration.number
            ));
        }
    }
    let own = |table: &str| table_access::owner_of(&table.to_ascii_lowercase()) == Some(&*owner);
    let declared = manifest
        .shares
        .iter()
        .map(|shared| (&shared.table, "shares"));
    let subjects = manifest.subjects.iter().map(|of| (&of.table, "tags"));
    for (table, verb) in declared.chain(subjects) {
        if !own(table) {
            problems.push(format!(
                "it {verb} the table `{table}`, which is not its own: those begin with `{owner}__`"
            ));
        }
    }
    for used in &manifest.uses_tables {
        if table_access::owner_of(&used.table).is_none() || own(&used.table) {
            problems.push(format!(
                "it uses the table `{}`, which should be another plugin's, such as `shop__items`",
                used.table
            ));
        }
    }
}

impl<P: Sync> Capability<P> for Storage {
    const CALLS: &'static [CallRule] = &CALLS;
    const PLACES: Places = places("storage", 1_024);
    const LEAVES: Leaves = Leaves::Nothing;

    fn problems(plugin: &PluginName, manifest: &Manifest, problems: &mut Vec<String>) {
        self::problems(plugin, manifest, problems);
    }

    async fn generation_starts(
        &self,
        caller: &Caller,
        manifest: &Manifest,
    ) -> Result<(), Unserved> {
        let prepared = Self::generation_starts(self, caller, manifest).await;
        prepared.map_err(|error| Unserved {
            reason: error.to_string(),
            configured: false,
        })
    }

    async fn serve(&self, _: &P, caller: &Caller, call: HostCall) -> Result<Completion, Failure> {
        Self::serve(self, caller, &call.name, call.params, call.body).await
    }

    fn generation_ended(&self, caller: &Caller) {
        Self::generation_ended(self, caller);
    }

    fn registries(&self) -> Vec<(&'static str, usize)> {
        vec![
            ("databases, open", self.numbers().map_or(0, |it| it.open)),
            ("storage, fences", self.fence_count()),
        ]
    }
}
