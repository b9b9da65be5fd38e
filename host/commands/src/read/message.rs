//! Lookup of messages by link or id: those of the server that who asks may read.

use twilight_model::{guild::Permissions, id::Id};

use super::resolver::{NotFound, Resolver};

/// What a link says.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    /// `None` where it does not say; 0 in direct messages.
    guild: Option<u64>,
    channel: Option<u64>,
    message: u64,
}

/// `https://discord.com/channels/1/2/3`, `2-3` (what Discord's menu copies), or `3`.
fn read(word: &str) -> Option<Place> {
    let word = word.trim_start_matches('<').trim_end_matches('>');
    let number = |text: &str| text.parse::<u64>().ok().filter(|number| *number != 0);
    if let Some(message) = number(word) {
        return Some(Place {
            guild: None,
            channel: None,
            message,
        });
    }
    if let Some((channel, message)) = word.split_once('-') {
        return Some(Place {
            guild: None,
            channel: Some(number(channel)?),
            message: number(message)?,
        });
    }
    let behind = word.strip_prefix("https://")?;
    let (host, path) = behind.split_once("/channels/")?;
    let hosts = [
        "discord.com",
        "ptb.discord.com",
        "canary.discord.com",
        "discordapp.com",
    ];
    if !hosts.contains(&host) {
        return None;
    }
    let mut parts = path.trim_end_matches('/').split('/');
    let guild = parts.next()?;
    let place = Place {
        guild: Some(if guild == "@me" { 0 } else { number(guild)? }),
        channel: Some(number(parts.next()?)?),
        message: number(parts.next()?)?,
    };
    parts.next().is_none().then_some(place)
}

/// Whether a word is a link to a message, wherever that is.
pub(super) fn is_link(word: &str) -> bool {
    word.contains("https://") && read(word).is_some()
}

impl Resolver<'_> {
    /// Channel and id of a message. Whether it is there is not asked.
    pub(super) async fn message(&self, word: &str) -> Result<(u64, u64), NotFound> {
        let place = read(word).ok_or(None)?;
        let here = self.asker.channel.map(Id::get);
        let channel = place.channel.or(here);
        let guild = self.guild.map_or(0, Id::get);
        if place.guild.is_some_and(|other| other != guild) {
            return Err(Some("that message is not of this server".into()));
        }
        let channel = channel.ok_or(None)?;
        if here != Some(channel) && !self.may_read(channel).await {
            return Err(Some(
                "you can read no channel of this server that has it".into(),
            ));
        }
        Ok((channel, place.message))
    }

    async fn may_read(&self, channel: u64) -> bool {
        let (Some(guild), Some(user)) = (self.guild, self.asker.user) else {
            return false;
        };
        let needed = Permissions::VIEW_CHANNEL | Permissions::READ_MESSAGE_HISTORY;
        let channel = Id::new_checked(channel);
        let has = self.cache.fetch_permissions(guild, user, channel).await;
        has.is_ok_and(|has| has.contains(Permissions::ADMINISTRATOR) || has.contains(needed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_ids_are_read() {
        let place = |guild, channel, message| {
            Some(Place {
                guild,
                channel,
                message,
            })
        };
        for (text, expect) in [
            ("3", place(None, None, 3)),
            ("2-3", place(None, Some(2), 3)),
            (
                "https://discord.com/channels/1/2/3",
                place(Some(1), Some(2), 3),
            ),
            (
                "<https://ptb.discord.com/channels/1/2/3/>",
                place(Some(1), Some(2), 3),
            ),
            (
                "https://discord.com/channels/@me/2/3",
                place(Some(0), Some(2), 3),
            ),
            ("https://discord.com.example.com/channels/1/2/3", None),
            ("http://discord.com/channels/1/2/3", None),
            ("https://discord.com/channels/1/2", None),
            ("https://discord.com/channels/1/2/3/4", None),
            ("https://discord.com/channels/0/2/3", None),
            ("0", None),
            ("2-x", None),
            ("that one", None),
        ] {
            assert_eq!(read(text), expect, "{text}");
        }
    }
}
