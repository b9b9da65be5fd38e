//! Maintenance of the bot, for its owners: caches, files, databases, the log, and servers that it has left.
//!
//! | file | commands |
//! | --- | --- |
//! | `caches.rs` | `cachestats`, `cleanup` |
//! | `files.rs`, `trial.rs` | `atomicstats`; `atomictest` |
//! | `databases.rs` | `dbstats` |
//! | `backup.rs`, `migrations.rs` | `fw_backup`; `fw_migrations`, `fw_migrate` |
//! | `forget.rs` | `fw_forget_server` |
//! | `integrity.rs` | `integritycheck` |
//! | `log.rs`, `tail.rs` | `fw_log`; `fw_log tail`, `fw_log follow` |
//!
//! Each call needs a power, and an owner who acts: the host checks both.

mod backup;
mod caches;
mod databases;
mod files;
mod forget;
mod integrity;
mod log;
mod migrations;
mod tail;
mod trial;

use plugin_api::{Power, prelude::*, text::plain};

export_plugin!(|| {
    let commands = [
        caches::cachestats(),
        caches::cleanup(),
        files::atomicstats(),
        trial::atomictest(),
        databases::dbstats(),
        integrity::integritycheck(),
        backup::backup(),
        migrations::migrations(),
        migrations::migrate(),
        forget::forget(),
        log::command(),
    ];
    let plugin = Plugin::new()
        .category("Framework", "🔧")
        .powers([
            Power::BotRead,
            Power::BotControl,
            Power::PluginsRead,
            Power::SettingsRead,
            Power::DatabaseInspect,
            Power::DatabaseManage,
            Power::LogRead,
            Power::LogLevels,
        ])
        .pages(migrations::PAGES, migrations::page);
    commands.into_iter().fold(plugin, |plugin, command| {
        plugin.command(command.owner_only().ephemeral_by_slash())
    })
});

/// What a host call gave, or why it gave nothing: the answer shows the rest.
fn asked<T>(call: &str, answer: Result<T>) -> Result<T, String> {
    answer.map_err(|error| {
        tracing::debug!(call, "left out: {error}");
        let told = error.user_message().map(str::to_owned);
        plain(&told.unwrap_or_else(|| error.to_string()))
    })
}

/// Green, or red with what failed.
fn with_failures(title: &str, text: String, failed: &[String]) -> NewMessage {
    let shown = embed(title).description(text);
    if failed.is_empty() {
        return shown.success().build().into();
    }
    let words = plugin_api::text::lines(failed, plugin_api::text::FIELD);
    let title = format!("{} failed", failed.len());
    let message = NewMessage::from(shown.error().field(
        title,
        plugin_api::text::or_none(&words),
        false,
    ));
    match words == failed.join("\n") {
        true => message,
        false => message.file("failures.txt", failed.join("\n")),
    }
}
