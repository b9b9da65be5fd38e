//! Commands `backup export` and `import`: a snapshot as a file.

use plugin_api::{
    prelude::*,
    text::{plain, size, word},
    twilight_model::channel::Attachment,
};

use crate::{
    State, archive, listing, pack, retention,
    store::{Counts, Guild, Index, Snapshot, Source},
    take,
};

/// What Discord takes as a file of a bot's, in bytes, with room for the message.
const MOST_SENT: u64 = 10 * 1024 * 1024 - 64 * 1024;

/// The largest file that is taken when it is unpacked, in bytes: a member has about 100.
const MOST_TAKEN: u64 = 256 * 1024 * 1024;

pub(crate) async fn export(ctx: CommandContext<State>) -> Result {
    let (host, guild) = (ctx.host(), ctx.guild()?);
    let it = listing::named(host, guild, ctx.option("snapshot")?).await?;
    let path = archive::path(guild, it.number);
    archive::sound(host, guild, it.number).await?;
    let Some(file) = pack::packed(host, &path, MOST_SENT).await? else {
        return Err(Error::user(format!(
            "It has {}, which are more than 10 MB when it is packed, and Discord takes no larger files. The bot's owner finds it as \
             `{path}` among the files of the plugin `backup`.",
            size(it.bytes)
        )));
    };
    Index::of(host, guild)
        .audit(Some(ctx.user().id), "export", Some(it.number), "")
        .await?;
    let words = format!(
        "Snapshot {}. Keep it to yourself: it has the names and roles of all members. `backup import` reads it.",
        it.title()
    );
    let name = format!("backup-{guild}-{}.jsonl.gz", it.number);
    ctx.reply(NewMessage::from(words).file(name, file).ephemeral())
        .await
}

pub(crate) async fn import(ctx: CommandContext<State>) -> Result {
    let (host, guild) = (ctx.host(), ctx.guild()?);
    let given: Attachment = ctx.option("file")?;
    let place = ctx.state().busy.enter(guild, "import")?;
    let index = Index::of(host, guild);
    let rules = take::rules(host, guild).await?;
    if !retention::has_place(&index.all().await?, rules) {
        return Err(Error::user(format!(
            "This server has {} snapshots, which is all it may have. `backup delete` makes room.",
            rules.most
        )));
    }
    let part = format!("{guild}/import.part");
    host.files().remove(&part).await?;
    host.web().get(&given.url).download(&part, None).await?;
    let whole = match unpacked(host, guild, &part).await? {
        Ok(()) => archive::whole(host, &part)
            .await?
            .map_err(|damage| damage.to_string()),
        Err(why) => Err(why),
    };
    let whole = match whole {
        Ok(whole) => whole,
        Err(why) => {
            host.files().remove(&part).await?;
            return Err(Error::user(format!(
                "{} is not taken. {} Nothing was changed.",
                plugin_api::text::code(&given.filename),
                plain(&why)
            )));
        }
    };
    let stat = host.files().stat(&part).await?;
    let number = index.next_number().await?;
    host.files()
        .rename(&part, &archive::path(guild, number))
        .await?;
    let snapshot = Snapshot {
        number,
        label: plain(&whole.head.label),
        note: String::new(),
        pinned: false,
        source: Source::Imported,
        taken_ms: whole.head.taken_ms,
        bytes: stat.map_or(0, |stat| stat.bytes),
        sha256: whole.end.sha256.clone(),
        counts: Counts::of(&whole.contents, whole.end.members),
    };
    index.add(&snapshot).await?;
    let by = Some(ctx.user().id);
    index
        .audit(by, "import", Some(number), &given.filename)
        .await?;
    drop(place);
    let whose = match whole.head.guild == guild.cast() {
        true => "It is of this server.".to_owned(),
        false => format!(
            "It is of another server, {}: a restore finds roles, channels and emojis by their names.",
            word(&whole.head.name)
        ),
    };
    let card = embed(format!("Snapshot {} is imported", snapshot.title()))
        .success()
        .description(whose)
        .field("Holds", snapshot.counts.words(), false);
    ctx.reply(card).await
}

/// Puts what a file is when it is unpacked in its place; the inner error says why it can't be.
async fn unpacked(
    host: &Host,
    guild: Guild,
    part: &str,
) -> Result<std::result::Result<(), String>> {
    let files = host.files();
    let start = files.read_part(part, 0, 2).await?;
    if !start.is_some_and(|(start, _)| pack::is_packed(&start)) {
        return Ok(Ok(()));
    }
    let larger = format!("{guild}/import.unpacked.part");
    if let Err(why) = pack::unpack(host, part, &larger, MOST_TAKEN).await? {
        files.remove(&larger).await?;
        return Ok(Err(why));
    }
    files.remove(part).await?;
    files.rename(&larger, part).await?;
    Ok(Ok(()))
}
