//! Host calls about all databases, `database.…`: what there is, looks into them, checks, migrations, backups.

use std::{cmp::Reverse, fs, path::Path};

use host_capability::{CallRule, Failure, HostCall, Who};
use host_loader::Completion;
use plugin_api::{
    Power,
    abi::{
        BackupView, DatabaseBackup, DatabaseBackups, DatabaseCall, DatabaseFault, DatabaseMigrated,
        DatabaseMigrations, MigrationView, TableChange,
    },
};
use serde_json::json;

use super::{
    BackupReport, MigrationState, Storage, backup, error::StorageError, statistics::made_ms,
};
use crate::database_id::DatabaseId;

/// The host calls.
pub const DATABASE_CALLS: &[CallRule] = &[
    CallRule::changes("database.backup", Power::DatabaseManage, Who::Owner),
    CallRule::reads("database.backups", Power::DatabaseManage, Who::Owner),
    CallRule::reads("database.check", Power::DatabaseManage, Who::Owner),
    CallRule::changes("database.execute", Power::DatabaseWrite, Who::Owner),
    CallRule::changes("database.forget_guild", Power::DatabaseManage, Who::Owner),
    CallRule::changes("database.migrate", Power::DatabaseManage, Who::Owner),
    CallRule::reads("database.migrations", Power::DatabaseManage, Who::Owner),
    CallRule::reads("database.query", Power::DatabaseInspect, Who::Owner),
    CallRule::reads("database.stats", Power::BotRead, Who::Anybody),
    CallRule::reads("database.tables", Power::DatabaseInspect, Who::Owner),
];

/// Migrations on a page.
const MIGRATIONS: usize = 200;

/// Backups on a page: those of ten thousand servers are looked through for each.
const BACKUPS: usize = 50;

/// Reasons that are told of migrations that failed.
const REASONS: usize = 20;

impl Storage {
    /// Serves one of [`DATABASE_CALLS`].
    ///
    /// # Errors
    ///
    /// The parameters can't be read, or what was asked for can't be done.
    pub async fn serve_database(&self, call: HostCall) -> Result<Completion, Failure> {
        let about: DatabaseCall = serde_json::from_value(call.params)?;
        let done = match &*call.name {
            "database.stats" => Completion::json(&self.statistics(&about).await.map_err(told)?),
            "database.tables" => Completion::json(&self.tables(about).await.map_err(told)?),
            "database.query" => {
                let (rows, body) = self.inspect(about, call.body).await.map_err(told)?;
                Completion {
                    body,
                    ..Completion::json(&rows)
                }
            }
            "database.execute" => {
                let changed = self.execute(about, call.body).await.map_err(told)?;
                if !changed.dry_run {
                    self.unseen();
                    let rows = |of: fn(&TableChange) -> u64| {
                        let each = changed
                            .tables
                            .iter()
                            .map(|it| (it.name.clone(), of(it).into()));
                        serde_json::Value::Object(each.collect())
                    };
                    let after = json!({"rows": rows(|it| it.after), "changed": changed.changed, "beside": changed.beside});
                    call.effect
                        .changed(json!({"rows": rows(|it| it.before)}), after);
                }
                Completion::json(&changed)
            }
            "database.check" => Completion::json(&self.check(&about).await.map_err(told)?),
            "database.migrations" => {
                Completion::json(&self.migrations_page(&about).await.map_err(told)?)
            }
            "database.migrate" => {
                let migrated = self.migrated(&about).await.map_err(told)?;
                call.effect.changed((), json!(migrated));
                Completion::json(&migrated)
            }
            "database.backups" => Completion::json(&self.backups_page(&about).await.map_err(told)?),
            "database.backup" => {
                let report = match about.guild_id {
                    Some(guild) => self.backup_guild(guild).await,
                    None => self.backup().await,
                };
                self.unseen();
                let made = backed_up(&report.map_err(told)?);
                call.effect.changed((), &*made.name);
                Completion::json(&made)
            }
            _ => {
                let guild = about.guild_id.unwrap_or_default();
                let forgotten = self.forget_guild(guild, about.force).await.map_err(told)?;
                let before = json!({"bytes": forgotten.bytes, "copies": forgotten.copies, "runs": forgotten.runs});
                call.effect.changed(before, ());
                Completion::json(&forgotten)
            }
        };
        Ok(done)
    }

    async fn migrations_page(
        &self,
        call: &DatabaseCall,
    ) -> Result<DatabaseMigrations, StorageError> {
        let databases = match call.guild_id {
            Some(guild) => {
                self.reader(DatabaseId::of(guild))?;
                vec![DatabaseId::of(guild)]
            }
            None => self.databases()?,
        };
        let mut all = self.migrations_in(databases).await?;
        all.retain(|it| {
            let of_plugin = call
                .plugin
                .as_ref()
                .is_none_or(|plugin| it.plugin == *plugin);
            of_plugin && (call.guild_id.is_none() || it.for_guilds)
        });
        let begin = call
            .after
            .as_ref()
            .and_then(|after| all.iter().position(|it| key(it) == *after));
        let begin = begin.map_or(0, |at| at + 1);
        let limit = call
            .limit
            .map_or(MIGRATIONS, |limit| limit as usize)
            .clamp(1, MIGRATIONS);
        let mut reply = DatabaseMigrations::default();
        let page = all.iter().skip(begin).take(limit);
        if all.len() > begin + limit {
            reply.next = page.clone().next_back().map(key);
        }
        reply.migrations = page.map(view).collect();
        Ok(reply)
    }

    async fn migrated(&self, call: &DatabaseCall) -> Result<DatabaseMigrated, StorageError> {
        let (ran, failed) = match &call.plugin {
            None => self.migrate_all().await?,
            Some(plugin) => {
                let latest = self.queues()?.table_access.latest();
                if !latest.iter().any(|it| *it.caller.plugin == **plugin) {
                    return Err(StorageError::Call(format!(
                        "no plugin `{plugin}` is loaded"
                    )));
                }
                self.migrate_plugin(plugin).await?
            }
        };
        let mut migrated = DatabaseMigrated::default();
        (migrated.ran, migrated.failed) = (ran as u64, failed.len() as u64);
        migrated.reasons = failed
            .iter()
            .take(REASONS)
            .map(ToString::to_string)
            .collect();
        Ok(migrated)
    }

    async fn backups_page(&self, call: &DatabaseCall) -> Result<DatabaseBackups, StorageError> {
        let (data, call) = (self.data()?.to_owned(), call.clone());
        let read = tokio::task::spawn_blocking(move || {
            let mut all = match call.guild_id {
                Some(guild) => backup::all_of(&data, DatabaseId::of(guild)),
                None => [backup::all(&data), backup::all_of_guilds(&data)].concat(),
            };
            all.sort_by_cached_key(|it| Reverse((made_ms(it), it.clone())));
            let begin = call
                .after
                .as_ref()
                .and_then(|after| all.iter().position(|it| name(it) == *after));
            let begin = begin.map_or(0, |at| at + 1);
            let limit = call
                .limit
                .map_or(BACKUPS, |limit| limit as usize)
                .clamp(1, BACKUPS);
            let mut reply = DatabaseBackups::default();
            let page = all.iter().skip(begin).take(limit);
            if all.len() > begin + limit {
                reply.next = page.clone().next_back().map(|last| name(last));
            }
            reply.backups = page.map(|backup| backup_view(backup)).collect();
            reply
        });
        read.await.map_err(|_| StorageError::Closed)
    }
}

/// Owners may read what is wrong with what they asked for.
fn told(error: StorageError) -> Failure {
    match error {
        error @ (StorageError::Call(_)
        | StorageError::Sql { .. }
        | StorageError::Denied { .. }
        | StorageError::Slow { .. }
        | StorageError::DiskShare { .. }
        | StorageError::TooMuch { .. }) => Failure::Unfit(error.to_string()),
        error => error.into(),
    }
}

fn key(it: &MigrationState) -> String {
    format!("{}/{}/{}", it.plugin, u8::from(it.for_guilds), it.number)
}

fn view(it: &MigrationState) -> MigrationView {
    let mut view = MigrationView::default();
    view.plugin.clone_from(&it.plugin);
    (view.number, view.for_guilds, view.declared) = (it.number, it.for_guilds, it.declared);
    (view.applied, view.databases) = (it.applied as u64, it.databases as u64);
    (view.first_ms, view.last_ms) = (it.first_ms, it.last_ms);
    view
}

fn name(backup: &Path) -> String {
    let name = backup.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn backed_up(report: &BackupReport) -> DatabaseBackup {
    let mut made = DatabaseBackup::default();
    made.name = name(&report.folder);
    (made.copied, made.unchanged) = (report.copied as u64, report.unchanged as u64);
    made.failed = report
        .failed
        .iter()
        .map(|(database_id, reason)| {
            let mut fault = DatabaseFault::default();
            (fault.name, fault.reason) = (database_id.to_string(), reason.clone());
            fault
        })
        .collect();
    made
}

fn backup_view(backup: &Path) -> BackupView {
    let mut view = BackupView::default();
    view.name = name(backup);
    view.guild_id = match backup::guild_of(backup) {
        Some(DatabaseId::Guild(guild)) => Some(guild),
        _ => None,
    };
    view.made_ms = made_ms(backup).unwrap_or_default();
    for database_id in DatabaseId::all(backup).unwrap_or_default() {
        view.databases += 1;
        view.bytes += fs::metadata(database_id.file(backup)).map_or(0, |seen| seen.len());
    }
    view
}
