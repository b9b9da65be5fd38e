//! Command `fw_forget_server`: what is kept of a server that the bot has left, erased for good.

use plugin_api::{
    abi::{DatabaseCall, DatabaseFile},
    prelude::*,
    text::{ago, counted, plain, size, word},
};

use crate::with_failures;

pub(super) fn forget() -> Command {
    Command::new("fw_forget_server", "Erases what is kept of a server that the bot has left")
        .help(
            "Its database, the copies of it in backups, and runs of schedules that wait for it, after a question. It can't be undone. A \
             server that the bot is in is refused.",
        )
        .option(CommandOption::string("server", "The server's id").required())
        .autocomplete("server", left)
        .example("fw_forget_server 175928847299117063")
        .run(run)
}

/// The databases of servers that the bot has left.
async fn files(host: &Host) -> Result<Vec<DatabaseFile>> {
    let mut call = DatabaseCall::default();
    let mut found = Vec::new();
    loop {
        let page = host.databases().stats(&call).await?;
        found.extend(page.files.into_iter().filter(|file| file.left));
        match page.next {
            Some(next) => call.after = Some(next),
            None => return Ok(found),
        }
    }
}

async fn left(ctx: AutocompleteContext) -> Result<Vec<String>> {
    let typed = ctx.typed().to_owned();
    let files = files(ctx.host()).await?.into_iter();
    let ids = files.filter_map(|file| Some(file.guild_id?.to_string()));
    Ok(ids.filter(|id| id.contains(&typed)).take(25).collect())
}

async fn run(ctx: CommandContext) -> Result {
    let given: String = ctx.option("server")?;
    let id = given.trim().parse().ok().and_then(Id::new_checked);
    let id: Id<marker::GuildMarker> = id.ok_or_else(|| {
        Error::user(format!(
            "`{}` is no id of a server: it is a number of 17 to 20 digits, which `dbstats` has in the names of databases.",
            word(&given)
        ))
    })?;
    // Whether the bot is in it the host knows, and refuses; what is not seen here may be in backups still.
    let known = files(ctx.host()).await.unwrap_or_default();
    let what = match known.iter().find(|file| file.guild_id == Some(id.get())) {
        Some(file) => format!(
            "Its database has {} and was last written to {}. It goes, and so do its copies in backups and runs of schedules that wait for it.",
            size(file.bytes + file.log_bytes),
            ago(file.modified_ms)
        ),
        None => "No database of a server that was left has this id. What backups and schedules still have of it goes.".to_owned(),
    };
    let question = embed(format!("Erase what is kept of server {id}?"))
        .warning()
        .description(format!("{what} It can't be undone."));
    if !ctx.confirm(NewMessage::from(question)).await? {
        return ctx.reply("Nothing was erased.").await;
    }
    let gone = ctx.host().databases().forget_guild(id, false).await?;
    let text = format!(
        "Of server {id}: {} of its database, {} in backups, {} of schedules",
        size(gone.bytes),
        counted(gone.copies, "copy"),
        counted(gone.runs, "waiting run"),
    );
    let failed: Vec<String> = gone.failed.iter().map(|why| plain(why)).collect();
    ctx.reply(with_failures("Erased", text, &failed)).await
}
