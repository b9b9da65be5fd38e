//! Inbox: snapshots, and plans of snapshots, that `cogwright import` has laid among the plugin's files. They are kept as imported ones are,
//! by the same checks. What their source did not keep is as the server has it when they are taken up: the role of everybody, roles of
//! bots, fields that it does not know. Each waits until the bot is in its server.

use std::{collections::BTreeMap, time::Duration};

use plugin_api::{Inbox, Json, prelude::*, text::plain};
use serde::Deserialize;

use crate::{
    archive::{self, Draft, Members},
    busy::Busy,
    format::{Damage, Head, Record},
    model::{Contents, Fields, Item, Kind, Snowflake, sort},
    retention, schedule,
    store::{Counts, Guild, Index, Snapshot, Source, User},
    take,
};

const FOLDER: &str = "import";

/// What was laid there.
#[derive(Deserialize)]
#[serde(untagged)]
enum Laid {
    Snapshot(Box<About>),
    Plan { guild: Guild, every_hours: u64 },
}

/// A snapshot, which lies beside this.
#[derive(Deserialize)]
struct About {
    guild: Guild,
    label: String,
    note: String,
    pinned: bool,
    author: Option<User>,
    /// The fields that its source kept, by what they are of.
    knows: BTreeMap<String, Vec<String>>,
}

fn inbox(host: &Host) -> Inbox {
    host.files().inbox(FOLDER)
}

/// Where the records of a snapshot lie that is laid by this name.
fn lines_of(file: &str) -> String {
    format!("{FOLDER}/{file}.jsonl")
}

/// Empties the inbox in the background, for as long as something waits in it.
pub(crate) fn begin(host: &Host, busy: &Busy) {
    let (of_task, busy) = (host.clone(), busy.clone());
    inbox(host).empty(async move |file: &str, laid| match laid {
        Laid::Snapshot(about) => taken(&of_task, &busy, &about, &lines_of(file)).await,
        Laid::Plan { guild, every_hours } => planned(&of_task, guild, every_hours).await,
    });
}

/// Somebody is erased: snapshots that wait are written anew without them, as those are that are kept.
pub(crate) async fn forget(host: &Host, user: User) -> Result {
    let without = async |file: &str, mut laid: Json| {
        if laid["author"] == user.to_string() || laid["author"] == user.get() {
            laid["author"] = Json::Null;
        }
        let lines = lines_of(file);
        let is_sound = match host.files().stat(&lines).await? {
            Some(_) => rewritten(host, &lines, user).await?,
            // A plan has none.
            None => true,
        };
        // Of one that can't be read nobody knows who is in it, and it is of no use.
        Ok(is_sound.then_some(laid))
    };
    inbox(host).forget(user, without).await
}

/// Writes the records anew without somebody, if they are in them; `false`: they can't be read.
async fn rewritten(host: &Host, lines: &str, user: User) -> Result<bool> {
    let id = user.cast();
    let (mut records, mut first_member, mut knows) = (Vec::new(), None, false);
    let read = archive::read(host, lines, |record, line| match record {
        Record::Member(member) => {
            knows |= member.id == id;
            first_member.get_or_insert(line.offset);
        }
        Record::Channel(mut item) => {
            let before = item.overwrites.len();
            item.overwrites.retain(|it| it.id != id);
            knows |= item.overwrites.len() < before;
            records.push(Record::Channel(item));
        }
        record => records.push(record),
    });
    if read.await?.is_err() {
        return Ok(false);
    }
    if knows {
        copied(host, lines, records, (lines, first_member), Some(id)).await?;
    }
    Ok(true)
}

/// What has become of a plan; `None`: the bot is not in its server.
async fn planned(host: &Host, guild: Guild, hours: u64) -> Result<Option<String>> {
    if host.cache().guild(guild).await?.is_none() {
        return Ok(None);
    }
    if !(1..=168).contains(&hours) {
        return Ok(Some(
            "refused: its interval is not from 1 to 168 hours".into(),
        ));
    }
    let schedules = host.schedule(schedule::SNAPSHOT).guild(guild);
    let (period, nobody) = (Duration::from_secs(hours * 3_600), None::<User>);
    let told = format!("a snapshot is taken every {hours} h");
    if let Some(there) = schedules.list().await?.first() {
        // The process was killed as soon as it was planned, or somebody has planned the same.
        let is_it = there.period() == Some(period) && there.payload::<Option<User>>()? == nobody;
        return Ok(Some(match is_it {
            true => told,
            false => "refused: the server has a schedule for snapshots already".into(),
        }));
    }
    schedules.every(period).payload(&nobody).await?;
    let words = format!("every {hours} h, imported");
    Index::of(host, guild)
        .audit(None, "schedule on", None, &words)
        .await?;
    Ok(Some(told))
}

/// What has become of a snapshot; `None`: the bot is not in its server, or something else goes on there.
async fn taken(host: &Host, busy: &Busy, about: &About, lines: &str) -> Result<Option<String>> {
    let guild = about.guild;
    if host.cache().guild(guild).await?.is_none() {
        return Ok(None);
    }
    let Ok(_place) = busy.enter(guild, "import") else {
        return Ok(None);
    };
    let refused = |damage: Damage| Ok(Some(format!("refused: {damage}")));
    let (mut records, mut first_member) = (Vec::new(), None);
    let read = archive::read(host, lines, |record, line| match record {
        // They may be many, and are read once more below.
        Record::Member(_) => {
            first_member.get_or_insert(line.offset);
        }
        record => records.push(record),
    });
    if let Err(damage) = read.await? {
        return refused(damage);
    }
    let Some(Record::Head(head)) = records.first().cloned() else {
        return refused(Damage::Foreign);
    };
    if head.guild != guild.cast() {
        return refused(Damage::Content("it is of another server".into()));
    }
    let index = Index::of(host, guild);
    let all = index.all().await?;
    let twin = all
        .iter()
        .find(|it| it.source == Source::Imported && it.taken_ms == head.taken_ms);
    if let Some(twin) = twin {
        return Ok(Some(format!("it was there already, as {}", twin.title())));
    }
    let rules = take::rules(host, guild).await?;
    if !retention::has_place(&all, rules) {
        return Ok(Some(format!(
            "refused: the server has {} snapshots, which is all it may have",
            rules.most
        )));
    }
    let (now, _) = take::live(host, guild).await?;
    complete(&mut records, &now, &about.knows);
    if let Some(Record::Head(head)) = records.first_mut() {
        *head = Head::new(head.guild, &head.name, head.taken_ms, &about.label);
    }
    let number = index.next_number().await?;
    let path = archive::path(guild, number);
    let bytes = copied(host, &path, records, (lines, first_member), None).await?;
    let whole = match archive::whole(host, &path).await? {
        Ok(whole) => whole,
        Err(damage) => {
            host.files().remove(&path).await?;
            return refused(damage);
        }
    };
    let snapshot = Snapshot {
        number,
        label: plain(&about.label),
        note: plain(&about.note),
        pinned: about.pinned,
        source: Source::Imported,
        taken_ms: head.taken_ms,
        bytes,
        sha256: whole.end.sha256.clone(),
        counts: Counts::of(&whole.contents, whole.end.members),
    };
    index.add(&snapshot).await?;
    index
        .audit(about.author, "import", Some(number), "from another bot")
        .await?;
    Ok(Some(format!("it is snapshot {}", snapshot.title())))
}

/// Writes the snapshot in its place, with the members that are in `lines` from `first_member` on but for one; how many bytes it has.
async fn copied(
    host: &Host,
    path: &str,
    records: Vec<Record>,
    (lines, first_member): (&str, Option<u64>),
    without: Option<Snowflake>,
) -> Result<u64> {
    let mut draft = Draft::new(host, path.to_owned()).await?;
    for record in records {
        draft.push(&record).await?;
    }
    if let Some(offset) = first_member {
        let mut members = Members::new(host, lines.to_owned(), offset);
        loop {
            let page = members.next().await?;
            if page.is_empty() {
                break;
            }
            for member in page.into_iter().filter(|it| Some(it.id) != without) {
                draft.push(&Record::Member(member)).await?;
            }
        }
    }
    draft.finish().await.map(|(bytes, _)| bytes)
}

/// Adds what the source did not keep, as the server has it now.
fn complete(records: &mut Vec<Record>, now: &Contents, knows: &BTreeMap<String, Vec<String>>) {
    let known = |kind: &str| knows.get(kind).map(Vec::as_slice).unwrap_or_default();
    for record in &mut *records {
        match record {
            Record::Server(server) => {
                fill(&mut server.fields, &now.server.fields, known("server"));
                let channels = now.server.channels.iter();
                for (key, channel) in channels.filter(|(key, _)| !known("server").contains(key)) {
                    server.channels.entry(key.clone()).or_insert(*channel);
                }
                if server.features.is_empty() {
                    server.features.clone_from(&now.server.features);
                }
                if server.icon.is_none() {
                    server.icon.clone_from(&now.server.icon);
                }
            }
            Record::Role(item) => same(item, Kind::Role, now, known("role")),
            Record::Channel(item) => same(item, Kind::Channel, now, known("channel")),
            Record::Emoji(item) => same(item, Kind::Emoji, now, known("emoji")),
            Record::Sticker(item) => same(item, Kind::Sticker, now, known("sticker")),
            Record::Head(_) | Record::Setting { .. } | Record::Member(_) | Record::End(_) => {}
        }
    }
    let is_there = |role: &&Item| {
        records
            .iter()
            .any(|it| matches!(it, Record::Role(item) if item.id == role.id))
    };
    let of_others = now
        .roles
        .iter()
        .filter(|it| it.managed || it.id == now.server.id);
    let missing: Vec<_> = of_others
        .filter(|it| !is_there(it))
        .cloned()
        .map(Record::Role)
        .collect();
    let behind = records
        .iter()
        .position(|it| matches!(it, Record::Server(_)));
    let behind = behind.map_or(records.len(), |at| at + 1);
    records.splice(behind..behind, missing);
}

/// The same for an item that is still there.
fn same(item: &mut Item, kind: Kind, now: &Contents, known: &[String]) {
    let Some(is) = now.item(kind, item.id) else {
        return;
    };
    // An announcement channel was a text channel there.
    let is_alike = |a, b| {
        matches!(
            (a, b),
            (sort::TEXT, sort::ANNOUNCEMENT) | (sort::FORUM, sort::MEDIA)
        ) || kind == Kind::Sticker
    };
    if is_alike(item.sort, is.sort) {
        item.sort = is.sort;
    }
    fill(&mut item.fields, &is.fields, known);
    if kind == Kind::Emoji {
        item.roles.clone_from(&is.roles);
    }
    if item.icon.is_none() {
        item.icon.clone_from(&is.icon);
    }
}

fn fill(fields: &mut Fields, now: &Fields, known: &[String]) {
    for (key, value) in now.iter().filter(|(key, _)| !known.contains(key)) {
        fields.entry(key.clone()).or_insert_with(|| value.clone());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        diff::diff,
        format::records,
        pairs,
        testing::{fields, id, server},
    };

    fn knows() -> BTreeMap<String, Vec<String>> {
        let known = |fields: &[&str]| fields.iter().map(|it| (*it).to_owned()).collect();
        BTreeMap::from([
            (
                "server".to_owned(),
                known(&["name", "verification_level", "system_channel_id"]),
            ),
            ("role".to_owned(), known(&["name", "permissions"])),
            ("channel".to_owned(), known(&["name"])),
        ])
    }

    /// As another bot keeps it: without the role of everybody, those of bots, and some fields.
    fn poor(contents: Contents) -> Vec<Record> {
        let is_kept =
            |it: &Record| !matches!(it, Record::Role(role) if role.managed || role.id == id(1));
        records(contents).filter(is_kept).collect()
    }

    #[test]
    fn what_the_source_did_not_keep_is_as_it_is_now() {
        let mut now = server();
        now.server
            .fields
            .insert("description".to_owned(), json!("Ahoy"));
        now.server.icon = Some("a1".to_owned());
        now.channels[3].sort = sort::ANNOUNCEMENT;
        now.channels[3]
            .fields
            .insert("topic".to_owned(), json!("Come in"));
        let mut then = server();
        then.server.fields = fields(json!({"name": "Boat"}));
        then.emojis[0].roles.clear();
        let mut all = poor(then);
        complete(&mut all, &now, &knows());
        assert!(
            matches!(&all[0], Record::Server(it) if it.fields == fields(json!({"name": "Boat", "description": "Ahoy"}))
            && it.icon.as_deref() == Some("a1"))
        );
        let roles = all.iter().filter_map(|it| match it {
            Record::Role(role) => Some(role.id),
            _ => None,
        });
        let roles = roles.collect::<Vec<_>>();
        assert_eq!(roles, [1, 22, 20, 21, 23].map(id));
        assert!(all.iter().any(|it| matches!(it, Record::Channel(item)
            if item.id == id(33) && item.sort == sort::ANNOUNCEMENT && item.fields["topic"] == "Come in")));
        assert!(
            all.iter()
                .any(|it| matches!(it, Record::Emoji(item) if item.roles == [id(21)]))
        );
    }

    #[test]
    fn a_server_that_has_not_changed_is_no_other() {
        let mut all = poor(server());
        complete(&mut all, &server(), &knows());
        let mut gathered = crate::format::Gathered::default();
        let line = crate::model::Line {
            offset: 0,
            length: 1,
        };
        gathered.take(Record::Head(Head::new(id(1), "Ship", 5, "")), line);
        all.into_iter()
            .for_each(|record| gathered.take(record, line));
        let (_, contents) = gathered.finish().unwrap();
        let now = server();
        let pairs = pairs::find(&contents, &now, &pairs::Pairs::new());
        assert!(diff(&now, &contents, &pairs).is_empty());
    }
}
