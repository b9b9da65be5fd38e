//! Commands `fw_export_data` and `fw_erase_data`: what is kept about anybody, for the bot's owners.

use plugin_api::{prelude::*, text::counted};

use crate::kept;

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
    ctx.reply(kept::erased(&erased, &format!("<@{user}>")))
        .await
}
