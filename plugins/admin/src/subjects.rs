//! Commands `export-data` and `erase-data`: what is kept about a user.

use plugin_api::{
    prelude::*,
    text::{counted, or_none, plain},
};

/// What has to be written to erase.
const CONFIRMATION: &str = "erase";

pub(super) fn export(name: &str) -> Command {
    Command::new(name, "Gives all that is kept about a user as a file")
        .option(CommandOption::user("user", "User whom the data are about").required())
        .ephemeral()
        .run(hand_out)
}

pub(super) fn erase(name: &str) -> Command {
    Command::new(name, "Erases all that is kept about a user, for good")
        .help(
            "In every database, in the backups and in what plugins remember. It can't be undone, which is why the word `erase` has to \
             stand behind the user.",
        )
        .option(CommandOption::user("user", "User whom the data are about").required())
        .option(CommandOption::string("confirm", "The word erase"))
        .run(forget)
}

async fn hand_out(ctx: CommandContext) -> Result {
    ctx.defer().await?;
    let user: Id<marker::UserMarker> = ctx.option("user")?;
    let (exported, file) = ctx.host().export_subject(user).await?;
    let databases = counted(exported.databases, "database");
    let mut text = format!("What is kept about <@{user}>, from {databases}.");
    if exported.failed > 0 {
        text += &format!(
            "\n⚠ {} could not be read; the file says which.",
            counted(exported.failed, "database")
        );
    }
    ctx.reply(NewMessage::from(text).file(format!("user-{user}.json"), file))
        .await
}

async fn forget(ctx: CommandContext) -> Result {
    let user: Id<marker::UserMarker> = ctx.option("user")?;
    let confirmation: Option<String> = ctx.option("confirm")?;
    match confirmation.as_deref() {
        Some(CONFIRMATION) => {}
        None => {
            return Err(Error::user(format!(
                "Nothing was erased: the word `{CONFIRMATION}` is missing."
            )));
        }
        Some(other) => {
            return Err(Error::user(format!(
                "Nothing was erased: there is `{other}` in place of `{CONFIRMATION}`."
            )));
        }
    }
    ctx.defer().await?;
    let erased = ctx.host().erase_subject(user).await?;
    let mut text = format!(
        "What was kept about <@{user}>: {} in {}, and the copies of it in {} of backups and exports",
        counted(erased.rows, "entry"),
        counted(erased.databases, "database"),
        counted(erased.copies, "file"),
    );
    if erased.plugins > 0 {
        text += &format!(
            "; and what {} remembered",
            counted(erased.plugins, "plugin")
        );
    }
    // First what failed, then what can't be reached.
    let failed = usize::try_from(erased.failed).unwrap_or(usize::MAX);
    let reasons: Vec<String> = erased.reasons.iter().map(|why| plain(why)).collect();
    let (failed, left) = reasons.split_at(failed.min(reasons.len()));
    for left in left {
        text += &format!("\n⚠ {left}");
    }
    ctx.reply(with_failures("Erased", text, failed.to_vec()))
        .await
}

/// Green, or red with what failed.
fn with_failures(title: &str, text: String, failed: Vec<String>) -> NewMessage {
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
