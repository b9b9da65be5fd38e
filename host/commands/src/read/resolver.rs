//! Lookup of users, roles and channels by mention, id or name: what a slash command has picked from a list.

use host_base::invisible::trim;
use host_discord::{Cache, Discord, lenient::Fields};
use host_loader::EventRecord;
use plugin_api::{
    abi::OptionValue,
    manifest::{OptionKind, OptionManifest},
};
use serde_json::Value;
use twilight_model::id::{
    Id,
    marker::{ChannelMarker, GuildMarker, UserMarker},
};

use crate::pipeline::Pipeline;

/// Members whose names begin with what was typed, among whom the one of exactly this name is looked for: the most that
/// Discord lists.
const FOUND: usize = 1_000;

/// Who asks, and where.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Asker {
    pub(super) user: Option<Id<UserMarker>>,
    pub(super) channel: Option<Id<ChannelMarker>>,
}

impl Asker {
    fn of(event: &EventRecord) -> Self {
        Self {
            user: event.header.user(),
            channel: event.header.channel(),
        }
    }
}

/// Resolver of names, for where a command is used.
pub struct Resolver<'a> {
    pub(super) cache: &'a Cache,
    discord: &'a Discord,
    /// `None` in direct messages.
    pub(super) guild: Option<Id<GuildMarker>>,
    pub(super) asker: Asker,
    /// The message that the command is, where it is one.
    message: Message,
}

/// Resolved mentions of a message, and its files.
#[derive(Debug, Default)]
struct Message {
    mentions: Vec<Mentioned>,
    attachments: Vec<Value>,
}

#[derive(Debug)]
struct Mentioned {
    id: u64,
    /// Members of the server are marked as such.
    is_member: bool,
}

/// A role or a channel.
#[derive(Debug)]
struct Named {
    id: u64,
    name: String,
    /// Of a channel.
    kind: u8,
}

/// Reason for which nothing was found; `None` where "… is expected" says it all.
pub(super) type NotFound = Option<String>;

impl<'a> Resolver<'a> {
    /// Where a message was written.
    pub fn of_message(commands: &'a Pipeline, event: &EventRecord) -> Self {
        let (cache, discord) = (&commands.cache, &commands.discord);
        Self {
            asker: Asker::of(event),
            ..Self::new(cache, discord, event.header.guild(), &event.json)
        }
    }

    /// What members of a server call by mention, id or name.
    #[must_use]
    pub fn in_guild(commands: &'a Pipeline, guild: Id<GuildMarker>) -> Self {
        Self::new(&commands.cache, &commands.discord, Some(guild), "{}")
    }

    /// Who is looked up where: `guild` is `None` in a direct message; `message` is the JSON of what was written.
    pub fn new(
        cache: &'a Cache,
        discord: &'a Discord,
        guild: Option<Id<GuildMarker>>,
        message: &str,
    ) -> Self {
        Self {
            cache,
            discord,
            guild,
            asker: Asker::default(),
            message: Message::read(message),
        }
    }

    /// Where an interaction came from.
    pub fn of_interaction(commands: &'a Pipeline, event: &EventRecord) -> Self {
        Self {
            cache: &commands.cache,
            discord: &commands.discord,
            guild: event.header.guild(),
            asker: Asker::of(event),
            message: Message::default(),
        }
    }

    /// The message's files, in order.
    pub(super) fn files(&self) -> Vec<Value> {
        self.message.attachments.clone()
    }

    /// Finds what `word` means.
    pub(super) async fn find(
        &self,
        option: &OptionManifest,
        word: &str,
    ) -> Result<OptionValue, NotFound> {
        match option.kind {
            OptionKind::Role => self.role(word).await.map(OptionValue::Role),
            OptionKind::Channel => self.channel(option, word).await.map(OptionValue::Channel),
            OptionKind::Member => self.user(word, true).await.map(OptionValue::User),
            OptionKind::Message => {
                let found = self.message(word).await;
                found.map(|(channel, message)| OptionValue::MessageLink { channel, message })
            }
            OptionKind::Mentionable => match self.role(word).await {
                Ok(role) => Ok(OptionValue::Role(role)),
                Err(_) => self.user(word, false).await.map(OptionValue::User),
            },
            _ => self.user(word, false).await.map(OptionValue::User),
        }
    }

    async fn user(&self, word: &str, must_be_member: bool) -> Result<u64, NotFound> {
        match means(word, &["<@!", "<@"]) {
            Meaning::Mention(id) => self.user_with(id, must_be_member).await,
            // Names may be numbers as well: whoever has this id comes first.
            Meaning::Number(id) => match self.user_with(id, must_be_member).await {
                Ok(id) => Ok(id),
                Err(reason) => self.member_named(word).await.map_err(|_| reason),
            },
            Meaning::Name => self.member_named(word).await,
        }
    }

    /// What an id is of that is either a role's or a user's.
    pub(super) async fn role_or_user(&self, id: u64) -> OptionValue {
        match self.role(&format!("<@&{id}>")).await {
            Ok(role) => OptionValue::Role(role),
            Err(_) => OptionValue::User(id),
        }
    }

    /// The user with an id, a member of the server if there must be one; why not.
    pub(super) async fn user_with(&self, id: u64, must_be_member: bool) -> Result<u64, NotFound> {
        if let Some(mentioned) = self.mentioned(id)
            && (mentioned.is_member || !must_be_member)
        {
            return Ok(id);
        }
        if let (Some(guild), Some(user)) = (self.guild, Id::new_checked(id))
            && self.cache.member(guild, user).is_ok()
        {
            return Ok(id);
        }
        let (path, reason) = if must_be_member {
            let Some(guild) = self.guild else {
                return Err(Some("there are no members in direct messages".into()));
            };
            let path = format!("guilds/{guild}/members/{id}");
            (path, "no such member is in this server")
        } else {
            (format!("users/{id}"), "Discord knows no such user")
        };
        match self.get::<Value>(path).await {
            Some(_) => Ok(id),
            None => Err(Some(reason.into())),
        }
    }

    /// A member by name: the display name in the server, the global one, or the user name.
    ///
    /// Discord looks for user names and for names in the server alone
    /// ([reference](https://docs.discord.com/developers/resources/guild#search-guild-members)); global names are known of the
    /// members that the cache has.
    async fn member_named(&self, word: &str) -> Result<u64, NotFound> {
        let name = word.trim_start_matches('@');
        let Some(guild) = self.guild.filter(|_| !name.is_empty()) else {
            return Err(None);
        };
        let query = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
        let path = format!("guilds/{guild}/members/search?query={query}&limit={FOUND}");
        let found: Vec<Value> = self.get(path).await.unwrap_or_default();
        let wanted = name.to_lowercase();
        let is_called = |member: &&Value| {
            let names = [
                &member["nick"],
                &member["user"]["global_name"],
                &member["user"]["username"],
            ];
            names
                .iter()
                .filter_map(|name| name.as_str())
                .any(|name| trim(name).to_lowercase() == wanted)
        };
        let mut ids: Vec<u64> = found
            .iter()
            .filter(is_called)
            .filter_map(|member| member["user"]["id"].as_str()?.parse().ok())
            .collect();
        for id in self.cache.members_called(guild, &wanted) {
            // Whoever is known from the cache alone may have left since: bots without the intent are not told.
            let path = format!("guilds/{guild}/members/{id}");
            if !ids.contains(&id) && self.get::<Value>(path).await.is_some() {
                ids.push(id);
            }
        }
        ids.sort_unstable();
        ids.dedup();
        one(&ids, "members")
    }

    /// A channel, role or user of the server, by mention, id or name; and why it is not known.
    ///
    /// # Errors
    ///
    /// There is none, or several.
    pub async fn id(&self, kind: OptionKind, word: &str) -> Result<u64, String> {
        let mut option = OptionManifest::default();
        option.kind = kind;
        match self.find(&option, word).await {
            Ok(OptionValue::Role(id) | OptionValue::Channel(id) | OptionValue::User(id)) => Ok(id),
            Ok(_) => Err("it is something else".to_owned()),
            Err(Some(reason)) => Err(reason),
            Err(None) => Err("none is called so".to_owned()),
        }
    }

    /// A role by mention, id or name.
    ///
    /// # Errors
    ///
    /// There is none, or several.
    pub async fn role(&self, word: &str) -> Result<u64, NotFound> {
        let roles = self.roles().await?;
        let found = named(&roles, means(word, &["<@&"]), word.trim_start_matches('@'));
        let ids: Vec<u64> = found.into_iter().map(|it| it.id).collect();
        one(&ids, "roles")
    }

    async fn channel(&self, option: &OptionManifest, word: &str) -> Result<u64, NotFound> {
        let channels = self.channels().await?;
        let found = named(
            &channels,
            means(word, &["<#"]),
            word.trim_start_matches('#'),
        );
        let fitting: Vec<u64> = found
            .iter()
            .filter(|channel| {
                option.channel_kinds.is_empty() || option.channel_kinds.contains(&channel.kind)
            })
            .map(|channel| channel.id)
            .collect();
        match (found.first(), fitting.is_empty()) {
            (Some(other), true) => {
                let expected = option.channel_kinds.iter().copied();
                let expected = each_once(expected.map(a_channel_kind));
                Err(Some(format!(
                    "that is {}, and {} is expected",
                    a_channel_kind(other.kind),
                    expected.join(" or ")
                )))
            }
            _ => one(&fitting, "channels"),
        }
    }

    /// The server's roles: as the cache knows them, or else as Discord does.
    async fn roles(&self) -> Result<Vec<Named>, NotFound> {
        let Some(guild) = self.guild else {
            return Err(Some("there are no roles in direct messages".into()));
        };
        if let Ok(roles) = self.cache.role_names(guild) {
            let named = |(id, name)| Named { id, name, kind: 0 };
            return Ok(roles.into_iter().map(named).collect());
        }
        Ok(self.named(format!("guilds/{guild}/roles")).await)
    }

    /// The server's channels: as the cache knows them, or else as Discord does.
    async fn channels(&self) -> Result<Vec<Named>, NotFound> {
        let Some(guild) = self.guild else {
            return Err(Some("there are no channels in direct messages".into()));
        };
        if let Ok(channels) = self.cache.channel_names(guild) {
            let named = |(id, name, kind)| Named { id, name, kind };
            return Ok(channels.into_iter().map(named).collect());
        }
        Ok(self.named(format!("guilds/{guild}/channels")).await)
    }

    /// What Discord lists there. What has no id is none of it.
    async fn named(&self, path: String) -> Vec<Named> {
        let listed: Vec<Value> = self.get(path).await.unwrap_or_default();
        let named = listed.iter().filter_map(|it| {
            Some(Named {
                id: it["id"].as_str()?.parse().ok()?,
                name: it["name"].as_str().unwrap_or_default().to_owned(),
                kind: it["type"]
                    .as_u64()
                    .and_then(|kind| kind.try_into().ok())
                    .unwrap_or(u8::MAX),
            })
        });
        named.collect()
    }

    fn mentioned(&self, id: u64) -> Option<&Mentioned> {
        let mentions = &self.message.mentions;
        mentions.iter().find(|user| user.id == id)
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, path: String) -> Option<T> {
        let answer = self
            .discord
            .json("GET", path, &Value::Null, false)
            .await
            .ok()?;
        serde_json::from_value(answer).ok()
    }
}

impl Message {
    /// What of it can be read.
    fn read(json: &str) -> Self {
        let fields = Fields::read(json).unwrap_or_default();
        let list = |name| fields.list(name).known().unwrap_or_default();
        let mentioned = |user: &str| {
            let user = Fields::read(user)?;
            Some(Mentioned {
                id: user.id("id").known()?,
                is_member: user.raw("member").is_some(),
            })
        };
        let files = list("attachments").into_iter();
        Self {
            mentions: list("mentions").into_iter().filter_map(mentioned).collect(),
            attachments: files.filter_map(|json| super::file(None, json)).collect(),
        }
    }
}

fn one(ids: &[u64], what: &str) -> Result<u64, NotFound> {
    match ids {
        [id] => Ok(*id),
        [] => Err(None),
        several => Err(Some(format!(
            "{} {what} are called so; mention the one that you mean",
            several.len()
        ))),
    }
}

/// Reference to a user, role or channel, as a word makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// Whoever has this id.
    Mention(u64),
    /// Whoever has this id, or else whoever is called so.
    Number(u64),
    /// Whoever is called so.
    Name,
}

/// Reads a bare id, or a mention that begins with one of `opens`.
fn means(word: &str, opens: &[&str]) -> Meaning {
    let inside = opens
        .iter()
        .find_map(|open| word.strip_prefix(open)?.strip_suffix('>'));
    let id = |text: &str| -> Option<u64> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        // Snowflakes are in the billions, and fit a signed number.
        let ids = 1 << 22..=u64::MAX >> 1;
        text.parse().ok().filter(|id| digits && ids.contains(id))
    };
    match (inside.and_then(id), id(word)) {
        (Some(id), _) => Meaning::Mention(id),
        (None, Some(id)) => Meaning::Number(id),
        (None, None) => Meaning::Name,
    }
}

/// Whether a word names something of a kind by mention, or anything by its id.
pub(super) fn is_mention_or_id(kind: OptionKind, word: &str) -> bool {
    let opens: &[&str] = match kind {
        OptionKind::Role => &["<@&"],
        OptionKind::Channel => &["<#"],
        OptionKind::Mentionable => &["<@&", "<@!", "<@"],
        _ => &["<@!", "<@"],
    };
    means(word, opens) != Meaning::Name
}

/// Those that are meant: the one with this id, or else those of this name.
fn named<'n>(all: &'n [Named], means: Meaning, name: &str) -> Vec<&'n Named> {
    if let Meaning::Mention(id) | Meaning::Number(id) = means {
        let with_id: Vec<&Named> = all.iter().filter(|it| it.id == id).collect();
        if !with_id.is_empty() || matches!(means, Meaning::Mention(_)) {
            return with_id;
        }
    }
    let name = name.to_lowercase();
    let is_called = |it: &&Named| {
        let own = trim(&it.name);
        own.trim_start_matches('@').to_lowercase() == name
    };
    all.iter().filter(is_called).collect()
}

/// Kinds that members call by one name (Discord has three of threads) once.
pub(super) fn each_once<T: PartialEq>(kinds: impl Iterator<Item = T>) -> Vec<T> {
    let mut once = Vec::new();
    for kind in kinds {
        if !once.contains(&kind) {
            once.push(kind);
        }
    }
    once
}

/// "a text channel", "an announcement channel".
fn a_channel_kind(kind: u8) -> String {
    let name = names_channel_kind(kind);
    let article = if name.starts_with('a') { "an" } else { "a" };
    format!("{article} {name}")
}

/// What members call a [type](https://discord.com/developers/docs/resources/channel#channel-object-channel-types) of
/// channel.
pub fn names_channel_kind(kind: u8) -> &'static str {
    match kind {
        0 => "text channel",
        2 => "voice channel",
        4 => "category",
        5 => "announcement channel",
        10..=12 => "thread",
        13 => "stage channel",
        15 => "forum",
        16 => "media channel",
        _ => "channel",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_an_id_and_may_be_a_name_too() {
        for (word, expect) in [
            (
                "<@175928847299117063>",
                Meaning::Mention(175_928_847_299_117_063),
            ),
            (
                "<@!175928847299117063>",
                Meaning::Mention(175_928_847_299_117_063),
            ),
            (
                "175928847299117063",
                Meaning::Number(175_928_847_299_117_063),
            ),
            ("2024", Meaning::Name),
            ("9223372036854775807", Meaning::Number((1 << 63) - 1)),
            ("9223372036854775808", Meaning::Name),
            ("99999999999999999999", Meaning::Name),
            ("+175928847299117063", Meaning::Name),
            ("<@5", Meaning::Name),
        ] {
            assert_eq!(means(word, &["<@!", "<@"]), expect, "for {word}");
        }
        let it = |id: &str, name: &str| Named {
            id: id.parse().unwrap(),
            name: name.into(),
            kind: 0,
        };
        let all = [
            it("175928847299117063", "red"),
            it("175928847299117064", "12345678"),
            it("175928847299117065", "175928847299117063"),
        ];
        let found = |word: &str| -> Vec<u64> {
            let found = named(&all, means(word, &["<@&"]), word);
            found.into_iter().map(|it| it.id).collect()
        };
        assert_eq!(found("12345678"), [175_928_847_299_117_064]);
        assert_eq!(
            found("175928847299117063"),
            [175_928_847_299_117_063],
            "an id goes before a name"
        );
        assert_eq!(found("<@&12345678>"), Vec::<u64>::new());
        assert_eq!(found("Red"), [175_928_847_299_117_063]);
    }
}
