//! Commands that make, change and take away snapshots: `backup create`, `delete`, `pin`, `note` and `verify`.

use plugin_api::{
    prelude::*,
    text::{counted, lines, plain, size},
};

use crate::{
    State, archive, listing,
    store::{Index, Source},
    take::{self, Order},
};

pub(crate) async fn create(ctx: CommandContext<State>) -> Result {
    let (host, guild) = (ctx.host(), ctx.guild()?);
    let place = ctx.state().busy.enter(guild, "snapshot")?;
    let label = ctx.option::<Option<String>>("label")?.unwrap_or_default();
    let order = Order {
        label: plain(label.trim()).trim().to_owned(),
        source: Source::Manual,
        by: Some(ctx.user().id),
    };
    let taken = take::take(host, guild, order).await?;
    drop(place);
    let it = &taken.snapshot;
    let mut card = embed(format!("Snapshot {} is taken", it.title()))
        .success()
        .field("Holds", it.counts.words(), false)
        .field("Size", size(it.bytes), true);
    if !taken.missing.is_empty() {
        let missing: Vec<_> = taken.missing.iter().map(|it| plain(it)).collect();
        card = card.field("Could not be had", lines(&missing, 1_000), false);
    }
    ctx.reply(card).await
}

pub(crate) async fn delete(ctx: CommandContext<State>) -> Result {
    let (host, guild) = (ctx.host(), ctx.guild()?);
    let it = listing::named(host, guild, ctx.option("snapshot")?).await?;
    if it.pinned {
        return Err(Error::user(format!(
            "{} is pinned. `backup pin {}` takes the pin away; then it can be deleted.",
            it.title(),
            it.number
        )));
    }
    if !ctx
        .confirm(format!("Delete snapshot {} for ever?", it.title()))
        .await?
    {
        return ctx.reply("It stays.").await;
    }
    let place = ctx.state().busy.enter(guild, "change")?;
    let index = Index::of(host, guild);
    // First out of the list: a file that nobody names harms nobody.
    index.remove(it.number).await?;
    host.files()
        .remove(&archive::path(guild, it.number))
        .await?;
    index
        .audit(Some(ctx.user().id), "delete", Some(it.number), &it.label)
        .await?;
    drop(place);
    ctx.reply(format!("Snapshot {} is deleted.", it.title()))
        .await
}

pub(crate) async fn pin(ctx: CommandContext<State>) -> Result {
    let (host, guild) = (ctx.host(), ctx.guild()?);
    let it = listing::named(host, guild, ctx.option("snapshot")?).await?;
    let index = Index::of(host, guild);
    index.pin(it.number, !it.pinned).await?;
    let action = if it.pinned { "unpin" } else { "pin" };
    index
        .audit(Some(ctx.user().id), action, Some(it.number), "")
        .await?;
    let text = match it.pinned {
        true => "is not pinned any more. It goes when it is too old.",
        false => "is pinned: it stays until somebody takes the pin away. The same command does.",
    };
    ctx.reply(format!("Snapshot {} {text}", it.title())).await
}

pub(crate) async fn note(ctx: CommandContext<State>) -> Result {
    let (host, guild) = (ctx.host(), ctx.guild()?);
    let it = listing::named(host, guild, ctx.option("snapshot")?).await?;
    let note = ctx.option::<Option<String>>("note")?.unwrap_or_default();
    let index = Index::of(host, guild);
    index.annotate(it.number, note.trim()).await?;
    index
        .audit(Some(ctx.user().id), "note", Some(it.number), "")
        .await?;
    let text = match note.trim().is_empty() {
        true => "has no note any more.",
        false => "has its note. `backup view` shows it.",
    };
    ctx.reply(format!("Snapshot {} {text}", it.title())).await
}

pub(crate) async fn verify(ctx: CommandContext<State>) -> Result {
    let (host, guild) = (ctx.host(), ctx.guild()?);
    let it = listing::named(host, guild, ctx.option("snapshot")?).await?;
    let whole = archive::whole(host, &archive::path(guild, it.number)).await?;
    let card = match whole {
        // Whole, but not the file that was written then.
        Ok(whole) if whole.end.sha256 != it.sha256 => embed(format!("Snapshot {} is another one", it.title()))
            .error()
            .description("Its file is whole, but it is not the one that was written: somebody has put another in its place."),
        Ok(whole) => embed(format!("Snapshot {} is sound", it.title()))
            .success()
            .description(format!(
                "All {} have their checksum and fit together.",
                counted(whole.end.records, "record")
            )),
        Err(damage) => embed(format!("Snapshot {} is damaged", it.title())).error().description(format!(
            "{}\nIt can't be restored. If you have exported it, `backup import` brings it back.",
            plain(&damage.to_string())
        )),
    };
    Index::of(host, guild)
        .audit(Some(ctx.user().id), "verify", Some(it.number), "")
        .await?;
    ctx.reply(card).await
}
