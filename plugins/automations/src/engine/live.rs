//! The world as it is: how things stand at Discord, and what is done there.

use std::time::Duration;

use plugin_api::{
    Json,
    prelude::*,
    text::clip,
    twilight_model::channel::{
        ChannelType,
        message::{AllowedMentions, Embed, MentionType},
    },
};

use super::{facts, people};
use crate::{
    core::{Action, Callee, ChannelSeen, Occasion, RoleSeen, Standing, Target, World},
    model::{Card, Channel, Guild, User, color, host_of, hosts_only},
    state::State,
};

/// Roles that one message may name.
const ROLES: usize = 100;

/// The world of one server.
pub(crate) struct Live<'a> {
    pub(crate) state: &'a State,
    pub(crate) guild: Guild,
}

impl World for Live<'_> {
    async fn standing(&self, maker: User, action: &Action, _: &Occasion) -> Result<Standing> {
        let host = &self.state.host;
        let bot = host
            .bot_id()
            .ok_or(Error::new("the bot is not logged in yet"))?;
        let server = host.cache().guild(self.guild).or_fetch().await?;
        let roles = people::roles(host, self.guild).await?;
        let gone = |error: Error| match error.discord_code() {
            Some(10_007 | 10_013) => Error::user(format!(
                "<@{maker}>, whose automation it is, is not in this server (any more)."
            )),
            _ => error,
        };
        let cache = host.cache();
        let of_maker = cache
            .member(self.guild, maker)
            .or_fetch()
            .await
            .map_err(gone)?;
        let of_bot = cache.member(self.guild, bot).or_fetch().await?;
        let channel = match action {
            Action::Send { channel, .. } | Action::Delete { channel, .. } => {
                self.channel(*channel, maker, bot).await?
            }
            _ => None,
        };
        let role = match action {
            Action::GiveRole { role, .. } | Action::TakeRole { role, .. } => {
                roles.iter().find(|it| it.id == *role)
            }
            Action::CreateRole { name, .. } => roles.iter().find(|it| it.name == *name),
            _ => None,
        };
        let target = match action {
            Action::TimeOut { user, .. } => {
                match cache.member(self.guild, *user).or_fetch().await {
                    Ok(member) => {
                        let may = cache
                            .guild_permissions(self.guild, *user)
                            .or_fetch()
                            .await?;
                        Some(Target {
                            top: people::top(&roles, &member.roles),
                            above_all: *user == server.owner_id
                                || may.contains(Permissions::ADMINISTRATOR),
                        })
                    }
                    Err(error) if error.discord_code() == Some(10_007) => None,
                    Err(error) => return Err(error),
                }
            }
            _ => None,
        };
        Ok(Standing {
            maker: cache
                .guild_permissions(self.guild, maker)
                .or_fetch()
                .await
                .map_err(gone)?,
            bot: cache.guild_permissions(self.guild, bot).or_fetch().await?,
            maker_is_owner: maker == server.owner_id,
            maker_top: people::top(&roles, &of_maker.roles),
            bot_top: people::top(&roles, &of_bot.roles),
            channel,
            role: role.map(|it| RoleSeen {
                id: it.id,
                name: it.name.clone(),
                rank: it.rank,
                managed: it.managed,
                permissions: it.permissions,
            }),
            target,
        })
    }

    async fn perform(&self, action: &Action, standing: &Standing, _: &Occasion) -> Result {
        let (host, guild) = (&self.state.host, self.guild);
        let discord = host.discord();
        let done = match action {
            Action::Send {
                channel,
                text,
                embed,
            } => {
                let Some(message) = message(text, embed.as_ref()) else {
                    return Ok(());
                };
                let allowed = self.mentions(text, standing).await?;
                discord
                    .send(*channel, message.allow_mentions(allowed))
                    .await
                    .map(drop)
            }
            Action::GiveRole { user, role } => {
                discord
                    .add_role(guild, *user, *role)
                    .reason("an automation")
                    .await
            }
            Action::TakeRole { user, role } => {
                discord
                    .remove_role(guild, *user, *role)
                    .reason("an automation")
                    .await
            }
            Action::TimeOut { user, seconds } => {
                let time = Duration::from_secs(*seconds);
                discord
                    .time_out(guild, *user, time)
                    .reason("an automation")
                    .await
            }
            Action::Dm { user, text, embed } => match message(text, embed.as_ref()) {
                Some(message) => discord.dm(*user, message).await.map(drop),
                None => Ok(()),
            },
            Action::Webhook { url, payload } => return self.post(url, payload).await,
            Action::CreateRole {
                name,
                color: wanted,
                give,
            } => {
                let role = match &standing.role {
                    Some(role) => Ok(role.id),
                    None => self.create_role(name, wanted.as_deref()).await,
                };
                match (role, give) {
                    (Ok(role), Some(user)) => {
                        discord
                            .add_role(guild, *user, role)
                            .reason("an automation")
                            .await
                    }
                    (role, _) => role.map(drop),
                }
            }
            Action::Delete { channel, message } => discord.delete(*channel, *message).await,
        };
        done.or_else(|error| softened(action, error))
    }

    async fn callee(&self, named: &str, occasion: &Occasion) -> Result<Callee> {
        let all = crate::store::all(&self.state.host, self.guild).await?;
        let Some(found) = crate::automation::find(&all, named) else {
            return Ok(Callee::Missing);
        };
        match found.is_on && facts::hold(self.state, &found.definition.conditions, occasion).await?
        {
            true => Ok(Callee::Ready(found.frame())),
            false => Ok(Callee::Rests),
        }
    }

    fn dice(&self, low: i64, high: i64) -> i64 {
        let width = high.abs_diff(low).saturating_add(1);
        // Without random numbers of the system's there is no choice.
        let random = getrandom::u64().unwrap_or(0) % width;
        low.saturating_add_unsigned(random)
    }
}

impl Live<'_> {
    /// A channel, as far as it is one of this server.
    pub(super) async fn channel(
        &self,
        channel: Channel,
        maker: User,
        bot: User,
    ) -> Result<Option<ChannelSeen>> {
        let cache = self.state.host.cache();
        let found = match cache.channel(channel).or_fetch().await {
            Ok(found) => found,
            Err(error) if matches!(error.discord_code(), Some(10_003 | 50_001)) => return Ok(None),
            Err(error) => return Err(error),
        };
        if found.guild_id != Some(self.guild) {
            return Ok(None);
        }
        use ChannelType::{AnnouncementThread, PrivateThread, PublicThread};
        Ok(Some(ChannelSeen {
            guild: found.guild_id,
            maker: cache
                .permissions(self.guild, maker, channel)
                .or_fetch()
                .await?,
            bot: cache
                .permissions(self.guild, bot, channel)
                .or_fetch()
                .await?,
            is_thread: matches!(
                found.kind,
                AnnouncementThread | PrivateThread | PublicThread
            ),
        }))
    }

    /// Whom a text may notify: nobody whom its maker could not notify there.
    async fn mentions(&self, text: &str, standing: &Standing) -> Result<AllowedMentions> {
        let mut allowed = AllowedMentions {
            parse: vec![MentionType::Users],
            ..AllowedMentions::default()
        };
        let may = standing
            .channel
            .as_ref()
            .is_some_and(|it| it.maker.contains(Permissions::MENTION_EVERYONE));
        if may {
            allowed
                .parse
                .extend([MentionType::Roles, MentionType::Everyone]);
        } else if text.contains("<@&") {
            let roles = self
                .state
                .host
                .cache()
                .roles(self.guild)
                .await?
                .unwrap_or_default();
            let named = roles
                .iter()
                .filter(|role| role.mentionable && text.contains(&format!("<@&{}>", role.id)));
            allowed.roles = named.map(|role| role.id).take(ROLES).collect();
        }
        Ok(allowed)
    }

    async fn create_role(
        &self,
        name: &str,
        wanted: Option<&str>,
    ) -> Result<Id<marker::RoleMarker>> {
        let color = wanted.and_then(color).unwrap_or(0);
        let request = self
            .state
            .host
            .discord()
            .request(Method::Post, format!("guilds/{}/roles", self.guild));
        // No permissions of its own: Discord would give those of everyone.
        let body = serde_json::json!({"name": name, "color": color, "permissions": "0"});
        let made: Json = request
            .json(&body)?
            .reason("an automation")
            .send()
            .await?
            .json()?;
        let id = made["id"].as_str().and_then(|it| it.parse().ok());
        id.ok_or(Error::new("Discord answers with a role that has no id"))
    }

    async fn post(&self, url: &str, payload: &str) -> Result {
        let request = self
            .state
            .host
            .web()
            .post(url)
            .header("content-type", "application/json");
        let place = host_of(url);
        // What the host says may have the address in it, and not as it was typed.
        let said = |error: Error| match error.is_denied() || error.to_string().contains("grant") {
            true => Error::user(format!(
                "The bot's operator has not granted `{place}` to automations."
            )),
            false => {
                Error::new(hosts_only(&error.to_string())).context(format!("posting to {place}"))
            }
        };
        let answer = request
            .body(payload)
            .timeout(Duration::from_secs(10))
            .send()
            .await
            .map_err(said)?;
        match answer.status() {
            200..=299 => Ok(()),
            // Out of order, or in haste: not the automation's fault.
            status @ (429 | 500..) => {
                Err(Error::new(format!("{place} answers with status {status}")))
            }
            status => Err(Error::user(format!(
                "`{place}` answers with status {status}: is the webhook still there?"
            ))),
        }
    }
}

/// What Discord refuses and is nobody's fault is no failure; what it says of the rest is put in words.
fn softened(action: &Action, error: Error) -> Result {
    match (action, error.discord_code()) {
        // They take no messages, or have left, or somebody was faster.
        (Action::Dm { .. }, Some(50_007 | 50_278 | 10_013)) | (_, Some(10_007 | 10_008)) => Ok(()),
        (_, Some(50_013)) => Err(Error::user("Discord says that I lack a permission for it.")),
        (_, Some(50_001)) => Err(Error::user("Discord says that I don't see the channel.")),
        (_, Some(10_003)) => Err(Error::user("The channel is not there any more.")),
        (_, Some(10_011)) => Err(Error::user("The role is not there any more.")),
        (_, Some(30_005)) => Err(Error::user(
            "The server has as many roles as Discord allows.",
        )),
        _ => Err(error),
    }
}

/// A message; `None` where nothing would be in it, as when a variable is empty.
pub(super) fn message(text: &str, embed: Option<&Card>) -> Option<NewMessage> {
    let embed = embed.map(card);
    match (text.trim().is_empty(), embed) {
        (true, None) => None,
        (true, Some(embed)) => Some(NewMessage::from(embed)),
        (false, None) => Some(NewMessage::from(text)),
        (false, Some(embed)) => Some(NewMessage::from(text).embed(embed)),
    }
}

/// A card as Discord takes it: cut where variables have made it too long.
pub(crate) fn card(card: &Card) -> Embed {
    let mut builder = embed(clip(&card.title, 256)).description(clip(&card.description, 4_000));
    for (name, text) in card.fields.iter().take(25) {
        builder = builder.field(clip(name, 256), plugin_api::text::or_none(text), true);
    }
    if let Some(color) = color(&card.color) {
        builder = builder.colour(color);
    }
    for (url, is_large) in [(&card.thumbnail, false), (&card.image, true)] {
        // Of one that is no address Discord refuses the whole message.
        let is_one = url.starts_with("https://") || url.starts_with("http://");
        if is_one && !url.contains(char::is_whitespace) {
            builder = if is_large {
                builder.image(url)
            } else {
                builder.thumbnail(url)
            };
        }
    }
    if !card.footer.is_empty() {
        builder = builder.footer(clip(&card.footer, 2_000));
    }
    let mut built = builder.build();
    let none_of = |text: &Option<String>| text.as_deref().is_none_or(|it| it.trim().is_empty());
    if none_of(&built.title) {
        built.title = None;
    }
    if none_of(&built.description) {
        built.description = None;
    }
    built
}

/// Whether an error is Discord's being out of order, or the way there: that is no automation's fault.
pub(super) fn is_outage(error: &Error) -> bool {
    let out_of_order = |status: u16| status >= 500 || status == 429;
    error.user_message().is_none() && error.http_status().is_none_or(out_of_order)
}
