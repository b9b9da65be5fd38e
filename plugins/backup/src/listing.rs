//! Commands that show what there is: `backup show`, `list`, `view`, `stats` and `audit`.

use plugin_api::{
    prelude::*,
    text::{code, counted, lines, moment, or_none, plain, size, word},
};

use crate::{
    State, schedule,
    store::{Guild, Index, Snapshot},
    take,
};

/// The number of a snapshot as people type it: `3` or `#3`.
pub(crate) fn number(typed: String) -> Result<u64> {
    let number = typed.trim().trim_start_matches('#').parse::<u64>();
    let number = number
        .ok()
        .filter(|number| *number <= i64::MAX.unsigned_abs());
    number.ok_or_else(|| {
        Error::user(format!(
            "{} is no number of a snapshot. `backup list` shows the numbers.",
            code(&typed)
        ))
    })
}

/// The option that names one.
pub(crate) fn which(name: &str, words: &str) -> CommandOption {
    CommandOption::string(name, words).required().max(20)
}

/// Proposes the server's snapshots while one is typed.
pub(crate) async fn proposed(ctx: AutocompleteContext<State>) -> Result<Vec<Choice>> {
    let (host, guild) = (ctx.host(), ctx.guild()?);
    // Discord lets anybody ask that can name the command.
    let may = host.cache().guild_permissions(guild, ctx.user_id()).await?;
    if !may.is_some_and(|may| may.contains(Permissions::ADMINISTRATOR)) {
        return Ok(Vec::new());
    }
    let typed = ctx.typed().trim().trim_start_matches('#').to_lowercase();
    let all = Index::of(host, guild).all().await?;
    let fits = |it: &&Snapshot| {
        it.number.to_string().starts_with(&typed) || it.label.to_lowercase().contains(&typed)
    };
    let found = all.iter().filter(fits).take(25);
    Ok(found
        .map(|it| {
            Choice::new(
                format!("{} ({})", it.title(), it.source.word()),
                it.number.to_string(),
            )
        })
        .collect())
}

fn line(it: &Snapshot) -> String {
    let pin = if it.pinned { " 📌" } else { "" };
    format!(
        "**{}**{pin} · {} · {} · {}",
        it.title(),
        moment(it.taken_ms, 'f'),
        it.source.word(),
        size(it.bytes)
    )
}

pub(crate) async fn list(ctx: CommandContext<State>) -> Result {
    let all = Index::of(ctx.host(), ctx.guild()?).all().await?;
    let shown: Vec<String> = all.iter().map(line).collect();
    let text = match shown.is_empty() {
        true => "There are none yet. `backup create` takes the first.".to_owned(),
        false => lines(&shown, plugin_api::text::DESCRIPTION),
    };
    ctx.reply(embed("Snapshots").description(text).build())
        .await
}

pub(crate) async fn show(ctx: CommandContext<State>) -> Result {
    let (host, guild) = (ctx.host(), ctx.guild()?);
    let all = Index::of(host, guild).all().await?;
    let latest: Vec<String> = all.iter().take(3).map(line).collect();
    let newest = match latest.is_empty() {
        true => "none yet: `backup create` takes the first".to_owned(),
        false => latest.join("\n"),
    };
    let rules = take::rules(host, guild).await?;
    let kept = match rules.days {
        0 => "for ever".to_owned(),
        days => format!("for {}", counted(days, "day")),
    };
    let card = embed("Snapshots of this server")
        .field("Newest", newest, false)
        .field("All", format!("{} of {}", all.len(), rules.most), true)
        .field("Kept", kept, true)
        .field("Schedule", schedule::in_words(host, guild).await?, true)
        .field(
            "What you can do",
            "`backup create` · `list` · `view` · `diff` · `restore` · `undo` · `export` · `import` · `schedule`",
            false,
        );
    ctx.reply(card).await
}

pub(crate) async fn view(ctx: CommandContext<State>) -> Result {
    let (host, guild) = (ctx.host(), ctx.guild()?);
    let index = Index::of(host, guild);
    let it = index.get(number(ctx.option("snapshot")?)?).await?;
    let audits = index.audits(500).await?;
    let is_its = |action: &str| {
        let mut all = audits.iter();
        all.find(|audit| audit.snapshot == Some(it.number) && audit.action == action)
            .and_then(|audit| audit.user_id)
    };
    let by = is_its("create").or_else(|| is_its("import"));
    let card = embed(format!("Snapshot {}", it.title()))
        .field(
            "Taken",
            format!("{} ({})", moment(it.taken_ms, 'f'), it.source.word()),
            true,
        )
        .field(
            "By",
            by.map_or("nobody".to_owned(), |user| format!("<@{user}>")),
            true,
        )
        .field("Pinned", if it.pinned { "yes" } else { "no" }, true)
        .field("Holds", it.counts.words(), false)
        .field("Size", size(it.bytes), true)
        .field("SHA-256", code(&it.sha256), false)
        .field("Note", or_none(&plain(&it.note)), false);
    ctx.reply(card).await
}

pub(crate) async fn stats(ctx: CommandContext<State>) -> Result {
    let (host, guild) = (ctx.host(), ctx.guild()?);
    let all = Index::of(host, guild).all().await?;
    let bytes: u64 = all.iter().map(|it| it.bytes).sum();
    let pinned = all.iter().filter(|it| it.pinned).count();
    let ages = (
        all.iter().map(|it| it.taken_ms).min(),
        all.iter().map(|it| it.taken_ms).max(),
    );
    let at = |ms: Option<i64>| ms.map_or("–".to_owned(), |ms| moment(ms, 'R'));
    let card = embed("Snapshots in figures")
        .field("Snapshots", counted(all.len() as u64, "snapshot"), true)
        .field("Pinned", pinned.to_string(), true)
        .field("Size", size(bytes), true)
        .field("Oldest", at(ages.0), true)
        .field("Newest", at(ages.1), true)
        .field(
            "Largest",
            all.iter()
                .max_by_key(|it| it.bytes)
                .map_or("–".to_owned(), |it| it.title()),
            true,
        );
    ctx.reply(card).await
}

pub(crate) async fn audit(ctx: CommandContext<State>) -> Result {
    let audits = Index::of(ctx.host(), ctx.guild()?).audits(100).await?;
    let shown = audits.iter().map(|it| {
        let who = it
            .user_id
            .map_or("by itself".to_owned(), |user| format!("<@{user}>"));
        let which = it
            .snapshot
            .map(|number| format!(" #{number}"))
            .unwrap_or_default();
        let words = plain(&it.words);
        format!(
            "{} · {}{which} · {who} · {words}",
            moment(it.at_ms, 'f'),
            word(&it.action)
        )
    });
    let shown: Vec<String> = shown.collect();
    let text = match shown.is_empty() {
        true => "Nothing was done yet.".to_owned(),
        false => lines(&shown, plugin_api::text::DESCRIPTION),
    };
    ctx.reply(
        embed("What was done with snapshots")
            .description(text)
            .build(),
    )
    .await
}

/// All snapshots of a server; for those who change them.
pub(crate) async fn named(host: &Host, guild: Guild, typed: String) -> Result<Snapshot> {
    Index::of(host, guild).get(number(typed)?).await
}
