//! Erasure of a user from the snapshots of all servers, and from those that wait in the inbox: each file that knows them is written anew without them.

use plugin_api::prelude::*;

use crate::{
    State,
    archive::{self, Draft, Members},
    format::{self, Record},
    inbox,
    store::{Counts, Guild, Index},
};

pub(crate) async fn forget(ctx: EraseContext<State>) -> Result {
    let host = ctx.host();
    inbox::forget(host, ctx.user_id()).await?;
    for folder in host
        .files()
        .list("")
        .await?
        .into_iter()
        .filter(|it| it.folder)
    {
        let Ok(guild) = folder.name.parse::<Guild>() else {
            continue;
        };
        let _place = ctx.state().busy.enter(guild, "change")?;
        for snapshot in Index::of(host, guild).all().await? {
            without(host, guild, snapshot.number, ctx.user_id().cast()).await?;
        }
    }
    Ok(())
}

async fn without(host: &Host, guild: Guild, number: u64, user: crate::model::Snowflake) -> Result {
    let path = archive::path(guild, number);
    let mut knows = false;
    let read = archive::read(host, &path, |record, _| match record {
        Record::Member(member) => knows |= member.id == user,
        Record::Channel(item) => knows |= item.overwrites.iter().any(|it| it.id == user),
        _ => {}
    });
    // What is damaged is not used, and goes by hand.
    if read.await?.is_err() || !knows {
        return Ok(());
    }
    let whole = archive::sound(host, guild, number).await?;
    let mut draft = Draft::new(host, path.clone()).await?;
    draft.push(&Record::Head(whole.head)).await?;
    let counts = whole.contents.clone();
    for mut record in format::records(whole.contents) {
        let line = match &record {
            Record::Server(server) => server.line,
            Record::Role(item) | Record::Emoji(item) | Record::Sticker(item) => item.line,
            _ => None,
        };
        if let Some(line) = line {
            record = archive::record_at(host, &path, line).await?;
        }
        if let Record::Channel(item) = &mut record {
            item.overwrites.retain(|it| it.id != user);
        }
        draft.push(&record).await?;
    }
    let mut members = Members::new(host, path.clone(), whole.first_member.unwrap_or(u64::MAX));
    while whole.first_member.is_some() {
        let some = members.next().await?;
        if some.is_empty() {
            break;
        }
        for member in some.into_iter().filter(|member| member.id != user) {
            draft.push(&Record::Member(member)).await?;
        }
    }
    let (bytes, end) = draft.finish().await?;
    let counts = Counts::of(&counts, end.members);
    let index = Index::of(host, guild);
    index.rewritten(number, bytes, &end.sha256, &counts).await
}
