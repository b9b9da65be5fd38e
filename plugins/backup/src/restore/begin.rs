//! Begin of a restore, as it was shown: a snapshot is taken before, and all that it needs is put on the disk.

use plugin_api::prelude::*;

use super::{
    choice::{Choice, Mode},
    job::Job,
    preview::{mark, planned, preview},
    run,
};
use crate::{
    State, archive,
    journal::{Entry, Journal},
    plan::Act,
    store::{Guild, Source},
    take::{self, Order},
};

pub(super) async fn begin(
    ctx: &ComponentContext<State>,
    guild: Guild,
    choice: &Choice,
    seen: &str,
) -> Result {
    let host = ctx.host();
    let place = ctx.state().busy.enter_soon(guild, "restore").await?;
    if Job::open(host, guild).await?.is_some() {
        return Err(Error::user(
            "Another restore is not over yet. `backup restore` goes on with it.",
        ));
    }
    // What was shown is done, and nothing else.
    let changed = "The server has changed since this was shown. Look at it once more.";
    let (plan, standing, _) = planned(ctx, guild, choice).await?;
    if mark(&plan)? != seen {
        drop(place);
        return ctx
            .update(preview(ctx, guild, choice, Some(changed)).await?)
            .await;
    }
    let by = ctx.user().id;
    let order = Order {
        label: format!("before restoring #{}", choice.number),
        source: Source::Before,
        by: Some(by),
    };
    let before = take::take(host, guild, order).await?;
    let told = NewMessage::from(embed("A restore begins").build());
    let sent = host.discord().send(ctx.channel_id(), told).await;
    let job = Job {
        snapshot: choice.number,
        before: before.snapshot.number,
        by,
        channel: ctx.channel_id(),
        message: sent.as_ref().ok().map(|message| message.id),
        below: standing.below.map(|rank| rank.1.0),
        is_undo: choice.mode == Mode::Undo,
        parts: choice.parts.iter().copied().collect(),
        plan,
    };
    job.begin(host, guild).await?;
    set_bot(ctx, guild, &job).await?;
    run::spawn(&ctx.state().host, guild, place);
    let where_it_is = match sent {
        Ok(_) => "The message below tells how far it is.",
        Err(_) => "I may not write here, so you get a direct message when it is over.",
    };
    let card = embed("It has begun")
        .success()
        .description(format!(
            "Snapshot #{} was taken before. {where_it_is} It goes on by itself after a restart of the bot.",
            job.before
        ));
    ctx.update(NewMessage::from(card.build()).without_components())
        .await
}

/// The bot's settings, while somebody acts who may.
async fn set_bot(ctx: &ComponentContext<State>, guild: Guild, job: &Job) -> Result {
    let Some(step) = job
        .plan
        .steps
        .iter()
        .find(|step| matches!(step.act, Act::Bot(_)))
    else {
        return Ok(());
    };
    let host = ctx.host();
    let bot = archive::sound(host, guild, job.snapshot)
        .await?
        .contents
        .bot;
    let prefix = bot
        .get("prefix")
        .and_then(|prefix| prefix.as_str())
        .unwrap_or_default();
    let mention = bot.get("mention_prefix").is_some_and(|on| *on == true);
    let commands = host.commands();
    let mut done = commands.set_prefix(guild, prefix).await;
    if done.is_ok() {
        done = commands.set_mention_prefix(guild, mention).await;
    }
    let key = step.key.clone();
    let entry = match done {
        Ok(_) => Entry::Done { key, made: None },
        Err(error) => Entry::Failed {
            key,
            why: error
                .user_message()
                .map_or_else(|| error.to_string(), str::to_owned),
        },
    };
    let mut journal = Journal::default();
    job.note(host, guild, &mut journal, entry).await
}
