//! Snapshot of a server as it is now.

use plugin_api::{Json, prelude::*};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    Options,
    archive::{self, Draft},
    fields,
    format::{self, Head, Record},
    model::{Contents, Item, Kind, Server, Snowflake, text},
    pairs::{self, Pairs},
    pictures,
    retention::{self, Rules},
    store::{Counts, Guild, Index, Snapshot, Source, User, now_ms},
};

/// Members that Discord gives at a time, at most.
pub(crate) const PAGE: usize = 1_000;

/// A server as Discord tells it now, and who owns it.
pub(crate) async fn live(host: &Host, guild: Guild) -> Result<(Contents, Snowflake)> {
    let discord = host.discord();
    let get = |path: String| discord.request(Method::Get, path).send();
    let told: Json = get(format!("guilds/{guild}")).await?.json()?;
    let channels: Json = get(format!("guilds/{guild}/channels")).await?.json()?;
    let owner = told["owner_id"].as_str().and_then(|id| id.parse().ok());
    let read = fields::contents(&told, &channels).zip(owner);
    let (mut contents, owner) =
        read.ok_or(Error::new("Discord told of a server in an unknown way"))?;
    let prefix = host.commands().prefix(guild).await?;
    if prefix.own {
        contents.bot.insert("prefix".into(), prefix.prefix.into());
    }
    contents
        .bot
        .insert("mention_prefix".into(), prefix.mention_prefix.into());
    Ok((contents, owner))
}

/// A page of the members, behind this one, by their ids: as Discord tells of them.
///
/// # Errors
///
/// 403 where the application has not the privileged intent for members.
pub(crate) async fn page(host: &Host, guild: Guild, after: u64) -> Result<Vec<Value>> {
    let path = format!("guilds/{guild}/members?limit={PAGE}&after={after}");
    host.discord()
        .request(Method::Get, path)
        .send()
        .await?
        .json()
}

/// The id of the last one on a page.
pub(crate) fn last_of(page: &[Value]) -> Option<u64> {
    page.last()?["user"]["id"].as_str()?.parse().ok()
}

/// What is taken, and by whom.
pub(crate) struct Order {
    pub(crate) label: String,
    pub(crate) source: Source,
    pub(crate) by: Option<User>,
}

/// A snapshot that was taken, and what is not in it.
pub(crate) struct Taken {
    pub(crate) snapshot: Snapshot,
    pub(crate) missing: Vec<String>,
}

/// Takes a snapshot. Those that are over by the rules go behind it.
pub(crate) async fn take(host: &Host, guild: Guild, order: Order) -> Result<Taken> {
    let index = Index::of(host, guild);
    let rules = rules(host, guild).await?;
    let all = index.all().await?;
    if order.source == Source::Manual && !retention::has_place(&all, rules) {
        return Err(Error::user(format!(
            "This server has {} snapshots, which is all it may have. `backup delete` makes room.",
            rules.most
        )));
    }
    if order.source == Source::Scheduled {
        tidy(host, guild, &all, rules, true).await?;
        if !retention::has_place(&index.all().await?, rules) {
            return Err(Error::user(
                "There is no room for another snapshot, and none of the schedule's own that could go: all are pinned or were taken by hand.",
            ));
        }
    }
    let (contents, _) = live(host, guild).await?;
    let number = index.next_number().await?;
    let mut draft = Draft::new(host, archive::path(guild, number)).await?;
    let head = Head::new(
        guild.cast(),
        text(&contents.server.fields, "name"),
        now_ms(),
        &order.label,
    );
    let mut missing = Vec::new();
    let mut counts = Counts::of(&contents, 0);
    let written = write(host, guild, &mut draft, &head, contents, &mut missing).await;
    if let Err(error) = written {
        draft.discard().await?;
        return Err(error);
    }
    let (bytes, end) = draft.finish().await?;
    counts.members = end.members;
    let snapshot = Snapshot {
        number,
        label: order.label,
        note: String::new(),
        pinned: false,
        source: order.source,
        taken_ms: head.taken_ms,
        bytes,
        sha256: end.sha256,
        counts,
    };
    index.add(&snapshot).await?;
    let words = snapshot.counts.words();
    index
        .audit(order.by, "create", Some(number), &words)
        .await?;
    tidy(host, guild, &index.all().await?, rules, false).await?;
    Ok(Taken { snapshot, missing })
}

async fn write(
    host: &Host,
    guild: Guild,
    draft: &mut Draft,
    head: &Head,
    contents: Contents,
    missing: &mut Vec<String>,
) -> Result {
    draft.push(&Record::Head(head.clone())).await?;
    for mut record in format::records(contents) {
        match &mut record {
            Record::Server(server) => missing.extend(with_icon(host, server).await),
            Record::Role(item) => missing.extend(with_role_icon(host, item).await),
            Record::Emoji(item) if !item.managed => {
                let place = pictures::place(Kind::Emoji, item);
                match pictures::fetch(host, &place).await {
                    Ok(bytes) => item.picture = Some(pictures::to_uri(&bytes)),
                    Err(error) => missing.push(no_picture(&item.title(Kind::Emoji), &error)),
                }
            }
            Record::Sticker(item) => {
                let place = pictures::place(Kind::Sticker, item);
                match pictures::fetch(host, &place).await {
                    Ok(bytes) => item.picture = Some(pictures::to_uri(&bytes)),
                    Err(error) => missing.push(no_picture(&item.title(Kind::Sticker), &error)),
                }
            }
            _ => {}
        }
        draft.push(&record).await?;
    }
    let mut after = 0;
    loop {
        let page = match page(host, guild, after).await {
            Ok(page) => page,
            Err(error) if error.http_status() == Some(403) => {
                missing.push(
                    "the members' roles: Discord gives the list of members only to bots that have the Server Members Intent".into(),
                );
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        for member in page.iter().filter_map(fields::member) {
            draft.push(&Record::Member(member)).await?;
        }
        match last_of(&page) {
            Some(last) if page.len() == PAGE => after = last,
            _ => return Ok(()),
        }
    }
}

async fn with_icon(host: &Host, server: &mut Server) -> Option<String> {
    let hash = server.icon.as_deref()?;
    match pictures::fetch(host, &pictures::icon(server.id, hash)).await {
        Ok(bytes) => {
            server.icon_sha256 = Some(sha256(&bytes));
            server.picture = Some(pictures::to_uri(&bytes));
            None
        }
        Err(error) => Some(no_picture("the server's icon", &error)),
    }
}

async fn with_role_icon(host: &Host, role: &mut Item) -> Option<String> {
    let hash = role.icon.as_deref()?;
    match pictures::fetch(host, &pictures::role_icon(role.id, hash)).await {
        Ok(bytes) => {
            role.icon_sha256 = Some(sha256(&bytes));
            role.picture = Some(pictures::to_uri(&bytes));
            None
        }
        Err(error) => Some(no_picture(&role.title(Kind::Role), &error)),
    }
}

/// Learns whether icons that are there now are the same pictures as those of another picture of the server with other hashes.
pub(crate) async fn know_icons(host: &Host, live: &mut Contents, other: &Contents) {
    let pairs = pairs::find(other, live, &Pairs::new());
    let (server, then) = (&mut live.server, &other.server);
    if let Some(hash) = &server.icon
        && server.icon != then.icon
        && then.icon_sha256.is_some()
    {
        server.icon_sha256 = digest(host, &pictures::icon(server.id, hash)).await;
    }
    for then in other.roles.iter().filter(|it| it.icon_sha256.is_some()) {
        let here = pairs.get(&then.id);
        let mut roles = live.roles.iter_mut();
        if let Some(role) = roles.find(|role| Some(&role.id) == here)
            && let Some(hash) = &role.icon
            && role.icon != then.icon
        {
            role.icon_sha256 = digest(host, &pictures::role_icon(role.id, hash)).await;
        }
    }
}

async fn digest(host: &Host, place: &str) -> Option<String> {
    let bytes = pictures::fetch(host, place).await.ok()?;
    Some(sha256(&bytes))
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn no_picture(what: &str, error: &Error) -> String {
    format!("the picture of {what}: {error}")
}

pub(crate) async fn rules(host: &Host, guild: Guild) -> Result<Rules> {
    Ok(Rules {
        days: Options::of_guild(host, guild).await?.keep_days,
        most: Options::of(host)?.limit,
    })
}

/// Deletes those that are over.
pub(crate) async fn tidy(
    host: &Host,
    guild: Guild,
    all: &[Snapshot],
    rules: Rules,
    makes_place: bool,
) -> Result<u64> {
    let index = Index::of(host, guild);
    let over = retention::over(all, now_ms(), rules, makes_place);
    for number in &over {
        index.remove(*number).await?;
        host.files().remove(&archive::path(guild, *number)).await?;
        index
            .audit(None, "expire", Some(*number), "by the rules of retention")
            .await?;
    }
    Ok(over.len() as u64)
}
