//! Place of a message: a channel of the server, in which its maker and the bot may write; and whom it may notify.

use plugin_api::{
    prelude::*,
    twilight_model::channel::{
        Channel, ChannelType,
        message::{AllowedMentions, MentionType},
    },
};

/// Roles that one message may name.
const ROLES: usize = 100;

/// A channel in which somebody and the bot may write.
pub(crate) struct Place {
    guild: Id<marker::GuildMarker>,
    channel: Id<marker::ChannelMarker>,
    /// What the maker may do there.
    has: Permissions,
}

impl Place {
    /// Looks at what is known now: when a plan is made, and each time before it comes.
    ///
    /// # Errors
    ///
    /// A sentence of what is in the way; an error of another kind where Discord could not be asked.
    pub(crate) async fn of(
        host: &Host,
        guild: Id<marker::GuildMarker>,
        maker: Id<marker::UserMarker>,
        channel: Id<marker::ChannelMarker>,
    ) -> Result<Self> {
        let found = host.cache().channel(channel).or_fetch().await;
        let found = found.map_err(|error| match error.discord_code() {
            Some(10_003) => Error::user(format!("The channel {channel} is not there (any more).")),
            Some(50_001) => Error::user(format!("I can't see <#{channel}>.")),
            _ => error,
        })?;
        // As if it were not there: whoever asks learns nothing of other servers.
        if found.guild_id != Some(guild) {
            return Err(Error::user("That channel is not one of this server."));
        }
        let bot = host
            .bot_id()
            .ok_or(Error::new("the bot is not logged in yet"))?;
        let needed = writing(&found);
        if !permissions(host, guild, bot, channel)
            .await?
            .contains(needed)
        {
            return Err(Error::user(format!("I may not write in <#{channel}>.")));
        }
        let has = permissions(host, guild, maker, channel).await?;
        if !has.contains(needed) {
            return Err(Error::user(format!(
                "<@{maker}> may not write in <#{channel}>."
            )));
        }
        Ok(Self {
            guild,
            channel,
            has,
        })
    }

    /// Sends a text that notifies nobody whom its maker could not notify there.
    pub(crate) async fn send(&self, host: &Host, text: &str) -> Result {
        let message = NewMessage::from(text).allow_mentions(self.mentions(host, text).await?);
        let sent = host.discord().send(self.channel, message).await;
        sent.map(drop).map_err(|error| match error.discord_code() {
            Some(10_003) => Error::user("The channel is not there any more."),
            Some(50_001 | 50_013) => {
                Error::user(format!("I may not write in <#{}>.", self.channel))
            }
            _ => error,
        })
    }

    async fn mentions(&self, host: &Host, text: &str) -> Result<AllowedMentions> {
        let mut allowed = AllowedMentions {
            parse: vec![MentionType::Users],
            ..AllowedMentions::default()
        };
        if self.has.contains(Permissions::MENTION_EVERYONE) {
            allowed
                .parse
                .extend([MentionType::Roles, MentionType::Everyone]);
        } else if text.contains("<@&") {
            let roles = host.cache().roles(self.guild).await?.unwrap_or_default();
            let named = roles.iter().filter(|role| role.mentionable);
            let named = named.filter(|role| text.contains(&format!("<@&{}>", role.id)));
            allowed.roles = named.map(|role| role.id).take(ROLES).collect();
        }
        Ok(allowed)
    }
}

/// What one needs to write there.
fn writing(channel: &Channel) -> Permissions {
    use ChannelType::{AnnouncementThread, PrivateThread, PublicThread};
    let send = match channel.kind {
        AnnouncementThread | PrivateThread | PublicThread => Permissions::SEND_MESSAGES_IN_THREADS,
        _ => Permissions::SEND_MESSAGES,
    };
    Permissions::VIEW_CHANNEL | send
}

async fn permissions(
    host: &Host,
    guild: Id<marker::GuildMarker>,
    user: Id<marker::UserMarker>,
    channel: Id<marker::ChannelMarker>,
) -> Result<Permissions> {
    let known = host
        .cache()
        .permissions(guild, user, channel)
        .or_fetch()
        .await;
    known.map_err(|error| match error.discord_code() {
        Some(10_007 | 10_013) => Error::user(format!(
            "<@{user}>, whose schedule it is, is not in this server (any more)."
        )),
        _ => error,
    })
}
