//! Commands `backup`, `migrations` and `migrate`: the databases.

use plugin_api::{
    abi::{DatabaseCall, MigrationView},
    prelude::*,
    text::{FIELDS, counted, moment, or_none, plain},
};

pub(super) fn backup(name: &str) -> Command {
    Command::new(name, "Copies all databases to the backups folder").run(back_up)
}

pub(super) fn migrations(name: &str) -> Command {
    Command::new(name, "Shows which migrations have run").run(show)
}

pub(super) fn migrate(name: &str) -> Command {
    Command::new(
        name,
        "Runs the migrations that are missing, in every database",
    )
    .option(CommandOption::string(
        "plugin",
        "One plugin's; left out: all",
    ))
    .run(run)
}

async fn back_up(ctx: CommandContext) -> Result {
    ctx.defer().await?;
    let made = ctx.host().databases().backup(None).await?;
    let text = format!(
        "{} copied and checked, {} unchanged since the last one\n`{}`",
        counted(made.copied, "database"),
        made.unchanged,
        made.name
    );
    let failed = made
        .failed
        .iter()
        .map(|fault| plain(&format!("{}: {}", fault.name, fault.reason)));
    ctx.reply(with_failures("Backed up", text, failed.collect()))
        .await
}

async fn show(ctx: CommandContext) -> Result {
    let mut call = DatabaseCall::default();
    let mut plugins: Vec<(String, Vec<String>)> = Vec::new();
    loop {
        let page = ctx.host().databases().migrations(&call).await?;
        for state in page.migrations {
            let line = line(&state);
            match plugins.last_mut() {
                Some((plugin, lines)) if *plugin == state.plugin => lines.push(line),
                _ => plugins.push((state.plugin, vec![line])),
            }
        }
        match page.next {
            Some(next) => call.after = Some(next),
            None => break,
        }
    }
    let mut shown = embed("Migrations").description(match plugins.is_empty() {
        true => "No plugin has declared any.",
        false => {
            "A server's database is migrated when it is first used. `migrate` does it for all."
        }
    });
    for (plugin, lines) in plugins.iter().take(FIELDS) {
        shown = shown.field(plugin, or_none(&lines.join("\n")), false);
    }
    ctx.reply(shown.build()).await
}

fn line(state: &MigrationView) -> String {
    let whose = if state.for_guilds {
        "servers"
    } else {
        "the bot"
    };
    let declared = if state.declared {
        ""
    } else {
        ", and no loaded plugin declares it"
    };
    let last = state.last_ms.map_or_else(String::new, |at| {
        format!(
            ", last {}",
            moment(i64::try_from(at).unwrap_or(i64::MAX), 'f')
        )
    });
    format!(
        "{} for {whose}: run in {} of {}{last}{declared}",
        state.number, state.applied, state.databases
    )
}

async fn run(ctx: CommandContext) -> Result {
    ctx.defer().await?;
    let plugin: Option<String> = ctx.option("plugin")?;
    let done = ctx.host().databases().migrate(plugin.as_deref()).await?;
    let text = format!("{} run", counted(done.ran, "migration"));
    let mut failed: Vec<String> = done.reasons.iter().map(|why| plain(why)).collect();
    let told = failed.len() as u64;
    if done.failed > told {
        failed.push(format!("and {} more; the log has them", done.failed - told));
    }
    ctx.reply(with_failures("Migrated", text, failed)).await
}

/// Green, or red with what failed.
pub(super) fn with_failures(title: &str, text: String, failed: Vec<String>) -> NewMessage {
    let shown = embed(title).description(text);
    if failed.is_empty() {
        return shown.success().build().into();
    }
    let title = format!("{} failed", failed.len());
    shown
        .error()
        .field(title, or_none(&failed.join("\n")), false)
        .build()
        .into()
}
