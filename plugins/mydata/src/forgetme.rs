//! Command `forgetme`: what would go, a button for whoever asks, and what went.

use plugin_api::{
    prelude::*,
    text::{FIELD, lines},
};

use crate::kept::{self, Kept};

/// The component that answers: it is served after a reload, too.
pub(crate) const BUTTON: &str = "forget";

/// What stays, and is said before and after.
const STAYS: &str = "A line in the bot's journal stays, which says that you have asked for this.";

pub(super) fn forgetme() -> Command {
    Command::new("forgetme", "Erases all that this bot keeps about you, once you have confirmed it")
        .help(
            "In every server that you share with the bot, in its backups, and in what plugins remember. It can't be undone. `mydata` gives \
             you a copy before. Bans and the like are Discord's, and stay.",
        )
        .example("forgetme")
        .run(ask)
}

async fn ask(ctx: CommandContext) -> Result {
    ctx.defer().await?;
    let (_, export) = ctx.host().export_subject(ctx.user().id).await?;
    let kept = Kept::read(&export)?;
    let mut card = embed("Forget you?").warning();
    card = if kept.is_empty() {
        card.description(format!(
            "Nothing is kept about you in the databases. What plugins remember besides can't be looked into: that would be erased. {STAYS}"
        ))
    } else {
        card.description(format!(
            "{} would be erased for good, and the copies in backups; and what plugins remember. What they do for you, such as points, \
             reminders and schedules, ends with it. {STAYS}",
            kept.total()
        ))
        .field("Entries", lines(&kept.lines(), FIELD), false)
    };
    let yes = danger_button("Erase it, for good", ctx.custom_id(BUTTON, "yes")?);
    let no = button("Keep it", ctx.custom_id(BUTTON, "no")?).secondary();
    ctx.reply(NewMessage::from(card).row([yes, no])).await
}

pub(super) async fn answered(ctx: ComponentContext) -> Result {
    if ctx.argument() != "yes" {
        let kept = embed("Kept").description("Nothing was erased.");
        return ctx
            .update(NewMessage::from(kept).without_components())
            .await;
    }
    // The question is over, before it can be answered again.
    let over = embed("Forget you?")
        .warning()
        .description("It is being erased…");
    if let Err(error) = ctx
        .update(NewMessage::from(over).without_components())
        .await
    {
        tracing::debug!("the question can't be changed any more: {error}");
    }
    // Of whoever has clicked, which is whoever was asked: the host lets nobody else, and this asks for nobody else's.
    let erased = ctx.host().erase_subject(ctx.user().id).await?;
    let card = kept::erased(&erased, "you").footer(STAYS);
    ctx.reply(NewMessage::from(card).ephemeral()).await
}
