//! Commands `backup restore`, `undo` and `stop`: the plan is shown, changed by select and buttons, and begun as it was shown.

use plugin_api::prelude::*;

use super::{
    begin::begin,
    choice::{Choice, Mode, parts},
    job::Job,
    preview::{all_lines, last, planned, preview},
    run,
};
use crate::{State, listing, store::Index};

pub(crate) async fn restore(ctx: CommandContext<State>) -> Result {
    let guild = ctx.guild()?;
    let host = ctx.host();
    if Job::open(host, guild).await?.is_some() {
        let place = ctx.state().busy.enter(guild, "restore")?;
        run::spawn(&ctx.state().host, guild, place);
        return ctx
            .reply("A restore was not over yet. It goes on now; its message tells how far it is.")
            .await;
    }
    let choice = Choice {
        number: listing::number(ctx.option("snapshot")?)?,
        parts: parts(ctx.option::<Option<String>>("parts")?.as_deref())?,
        mode: match ctx.option::<Option<bool>>("exact")? {
            Some(true) => Mode::Exact,
            _ => Mode::Add,
        },
    };
    Index::of(host, guild).get(choice.number).await?;
    let shown = preview(&ctx, guild, &choice, None).await?;
    ctx.reply(shown).await
}

pub(crate) async fn undo(ctx: CommandContext<State>) -> Result {
    let guild = ctx.guild()?;
    let last = last(ctx.host(), guild).await?;
    let choice = Choice {
        number: last.before,
        parts: last.parts.into_iter().collect(),
        mode: Mode::Undo,
    };
    let shown = preview(&ctx, guild, &choice, None).await?;
    ctx.reply(shown).await
}

pub(crate) async fn stop(ctx: CommandContext<State>) -> Result {
    let (host, guild) = (ctx.host(), ctx.guild()?);
    if ctx.state().busy.stop(guild) {
        return ctx
            .reply("It stops behind the step that it is at. What is done stays; `backup undo` takes it back.")
            .await;
    }
    if Job::open(host, guild).await?.is_none() {
        return Err(Error::user("No restore is under way in this server."));
    }
    // One that was interrupted, and that nobody wants to go on with.
    let _place = ctx.state().busy.enter(guild, "change")?;
    Job::close(host, guild).await?;
    Index::of(host, guild)
        .audit(Some(ctx.user().id), "give up", None, "")
        .await?;
    ctx.reply("The restore that was interrupted is given up. What it has done stays.")
        .await
}

/// The select, the switch and the buttons.
pub(crate) async fn chosen(ctx: ComponentContext<State>) -> Result {
    let guild = ctx.guild()?;
    let (verb, rest) = ctx.argument().split_once('.').unwrap_or_default();
    let (seen, rest) = rest.split_once('.').unwrap_or_default();
    let choice = Choice::read(rest).ok_or(Error::user(
        "This is of an older version. Use `backup restore` again.",
    ))?;
    // A message lives longer than a right.
    if !ctx
        .permissions()
        .await?
        .contains(Permissions::ADMINISTRATOR)
    {
        return Err(Error::user("Only administrators restore a server."));
    }
    match verb {
        "parts" => {
            let picked = ctx.values().join(" ");
            let parts = parts(Some(&picked))?;
            let shown = preview(&ctx, guild, &Choice { parts, ..choice }, None).await?;
            ctx.update(shown).await
        }
        "mode" => {
            let mode = match choice.mode {
                Mode::Add => Mode::Exact,
                Mode::Exact => Mode::Add,
                Mode::Undo => Mode::Undo,
            };
            let shown = preview(&ctx, guild, &Choice { mode, ..choice }, None).await?;
            ctx.update(shown).await
        }
        "all" => {
            let (plan, _, _) = planned(&ctx, guild, &choice).await?;
            let file = all_lines(&plan).join("\n");
            ctx.reply(
                NewMessage::from("All that would be done.")
                    .file("plan.txt", file)
                    .ephemeral(),
            )
            .await
        }
        "begin" => begin(&ctx, guild, &choice, seen).await,
        _ => {
            ctx.update(NewMessage::from("Nothing was changed.").without_components())
                .await
        }
    }
}
