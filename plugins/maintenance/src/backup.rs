//! Command `fw_backup`: a copy of all databases.

use plugin_api::{
    prelude::*,
    text::{counted, plain},
};

use crate::with_failures;

pub(super) fn backup() -> Command {
    Command::new("fw_backup", "Copies all databases to the backups folder")
        .example("fw_backup")
        .run(run)
}

async fn run(ctx: CommandContext) -> Result {
    ctx.defer().await?;
    let made = ctx.host().databases().backup(None).await?;
    let text = format!(
        "{} copied and checked, {} unchanged since the last one\n`{}`",
        counted(made.copied, "database"),
        made.unchanged,
        made.name
    );
    let failed: Vec<String> = made
        .failed
        .iter()
        .map(|fault| plain(&format!("{}: {}", fault.name, fault.reason)))
        .collect();
    ctx.reply(with_failures("Backed up", text, &failed)).await
}
