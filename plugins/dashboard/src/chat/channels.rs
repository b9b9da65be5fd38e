//! A server's channels and threads, in the order of Discord's own list, and whether the bot reads and writes there.

use std::collections::HashMap;

use maud::{Markup, html};
use plugin_api::{
    RouteContext,
    prelude::*,
    twilight_model::{
        channel::{Channel, ChannelType},
        id::marker::{ChannelMarker, GuildMarker, UserMarker},
    },
};

use crate::{Dashboard, ui};

/// Channels that are listed at most: Discord's limit is 500, and threads come on top.
const MOST: usize = 1_000;

/// What it takes to read a channel.
const READ: Permissions = Permissions::VIEW_CHANNEL.union(Permissions::READ_MESSAGE_HISTORY);

/// A channel in the list.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) id: Id<ChannelMarker>,
    pub(super) name: String,
    kind: ChannelType,
    parent: Option<Id<ChannelMarker>>,
    position: i32,
    pub(super) age_restricted: bool,
    pub(super) reads: bool,
    pub(super) writes: bool,
}

impl Listed {
    fn is_thread(&self) -> bool {
        is_thread(self.kind)
    }

    /// Whether messages stand in it, and not in what is below it alone.
    fn has_messages(&self) -> bool {
        !matches!(
            self.kind,
            ChannelType::GuildCategory
                | ChannelType::GuildForum
                | ChannelType::GuildMedia
                | ChannelType::GuildDirectory
        )
    }

    /// What stands for the kind.
    fn sign(&self) -> &'static str {
        match self.kind {
            ChannelType::GuildVoice | ChannelType::GuildStageVoice => "🔊",
            ChannelType::GuildAnnouncement => "📣",
            ChannelType::GuildForum | ChannelType::GuildMedia => "🗂",
            _ if self.is_thread() => "↳",
            _ => "#",
        }
    }
}

/// The channel in the path.
pub(super) fn channel_id(ctx: &RouteContext<Dashboard>) -> Result<Id<ChannelMarker>> {
    let id = ctx.param("channel").parse().ok().and_then(Id::new_checked);
    id.ok_or_else(|| Error::user("That is no channel's id."))
}

fn is_thread(kind: ChannelType) -> bool {
    matches!(
        kind,
        ChannelType::PublicThread | ChannelType::PrivateThread | ChannelType::AnnouncementThread
    )
}

/// All of a server's that whoever looks sees, with what the bot may in each.
///
/// # Errors
///
/// The server is not known.
pub(super) async fn all(
    ctx: &RouteContext<Dashboard>,
    guild: Id<GuildMarker>,
) -> Result<Vec<Listed>> {
    let channels = ctx.host().cache().channels(guild).known().await?;
    let mut listed = Vec::new();
    for channel in channels.into_iter().take(MOST) {
        listed.extend(of(ctx, guild, channel).await);
    }
    Ok(listed)
}

/// A channel of that server.
///
/// # Errors
///
/// There is none, whoever looks does not see it, or it is another server's: what somebody may in one server, they may not in another.
pub(super) async fn one(
    ctx: &RouteContext<Dashboard>,
    guild: Id<GuildMarker>,
    channel: Id<ChannelMarker>,
) -> Result<Listed> {
    let absent = || {
        Error::user(
            "This server has no such channel, or it is not seen. Pick another one in the list.",
        )
    };
    let found = ctx.host().cache().channel(channel).or_fetch().await;
    let found = found.map_err(|error| match error.http_status() {
        Some(403 | 404) => absent(),
        _ => error,
    })?;
    match found.guild_id == Some(guild) {
        true => of(ctx, guild, found).await.ok_or_else(absent),
        false => Err(absent()),
    }
}

/// `None`: it is not for whoever looks.
async fn of(
    ctx: &RouteContext<Dashboard>,
    guild: Id<GuildMarker>,
    channel: Channel,
) -> Option<Listed> {
    // A role for all servers is the operator's word. One for servers of one's own shows nothing that Discord does not.
    let is_seen = match ctx.session().own_servers {
        true => {
            let visitor = Id::new_checked(ctx.session().user_id)?;
            seen_by(&channel, may(ctx.host(), guild, visitor, channel.id).await)
        }
        false => true,
    };
    if !is_seen {
        return None;
    }
    let send = match is_thread(channel.kind) {
        true => Permissions::SEND_MESSAGES_IN_THREADS,
        false => Permissions::SEND_MESSAGES,
    };
    let bot = match ctx.host().bot_id() {
        Some(bot) => may(ctx.host(), guild, bot, channel.id).await,
        None => Permissions::empty(),
    };
    Some(Listed {
        id: channel.id,
        name: channel.name.unwrap_or_default(),
        kind: channel.kind,
        parent: channel.parent_id,
        position: channel.position.unwrap_or_default(),
        age_restricted: channel.nsfw.unwrap_or_default(),
        reads: bot.contains(READ),
        writes: bot.contains(Permissions::VIEW_CHANNEL | send),
    })
}

/// Whether somebody with these permissions sees what is written there. Who is in a private thread is not known: who manages threads sees all.
fn seen_by(channel: &Channel, may: Permissions) -> bool {
    let wanted = match channel.kind {
        ChannelType::PrivateThread => READ | Permissions::MANAGE_THREADS,
        // A heading, which Discord shows with what is below it.
        ChannelType::GuildCategory => Permissions::empty(),
        _ => READ,
    };
    may.contains(wanted)
}

/// What somebody may in a channel: nothing, where it can't be known.
async fn may(
    host: &Host,
    guild: Id<GuildMarker>,
    who: Id<UserMarker>,
    channel: Id<ChannelMarker>,
) -> Permissions {
    let lookup = host.cache().permissions(guild, who, channel);
    lookup.or_fetch().await.unwrap_or(Permissions::empty())
}

/// The list, as Discord shows it: channels without a category, then each category with its own, threads below their channels.
pub(super) fn drawn(address: &str, channels: &[Listed], open: Option<Id<ChannelMarker>>) -> Markup {
    let mut below: HashMap<Option<Id<ChannelMarker>>, Vec<&Listed>> = HashMap::new();
    for channel in channels {
        below.entry(channel.parent).or_default().push(channel);
    }
    for of_one in below.values_mut() {
        of_one.sort_by_key(|it| (it.kind == ChannelType::GuildCategory, it.position, it.id));
    }
    let none = Vec::new();
    let of = |parent: Option<Id<ChannelMarker>>| below.get(&parent).unwrap_or(&none);
    html! {
        ul #channels.channels {
            @for top in of(None) {
                @if top.kind == ChannelType::GuildCategory {
                    @let shown = of(Some(top.id));
                    @if !shown.is_empty() {
                        li.channels-group { h2 { (ui::name(&top.name)) } }
                    }
                    @for channel in shown { (row(address, channel, open)) @for thread in of(Some(channel.id)) { (row(address, thread, open)) } }
                } @else {
                    (row(address, top, open))
                    @for thread in of(Some(top.id)) { (row(address, thread, open)) }
                }
            }
        }
    }
}

fn row(address: &str, channel: &Listed, open: Option<Id<ChannelMarker>>) -> Markup {
    let words = html! {
        span.channel-sign aria-hidden="true" { (channel.sign()) }
        (ui::name(&channel.name))
        @if channel.age_restricted { span.tag title="Age-restricted" { "18+" } }
        @if channel.has_messages() && channel.reads && !channel.writes { span.tag { "read only" } }
        @if channel.has_messages() && !channel.reads { span.tag { "not seen" } }
    };
    html! {
        li.thread[channel.is_thread()] data-key=(channel.id) {
            @if channel.has_messages() && channel.reads {
                a href={ (address) "/" (channel.id) } aria-current=[(open == Some(channel.id)).then_some("page")] { (words) }
            } @else {
                span.channel-closed { (words) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(id: u64, kind: ChannelType, parent: Option<u64>, position: i32) -> Listed {
        Listed {
            id: Id::new(id),
            name: format!("<c{id}>"),
            kind,
            parent: parent.map(Id::new),
            position,
            age_restricted: id == 4,
            reads: id != 5,
            writes: id == 3,
        }
    }

    #[test]
    fn a_private_thread_is_for_whoever_manages_threads() {
        let of = |kind: u8| -> Channel {
            serde_json::from_value(serde_json::json!({"id": "1", "type": kind})).unwrap()
        };
        assert!(seen_by(&of(0), READ));
        assert!(!seen_by(&of(0), Permissions::VIEW_CHANNEL));
        assert!(!seen_by(&of(12), READ));
        assert!(seen_by(&of(12), READ | Permissions::MANAGE_THREADS));
        assert!(seen_by(&of(4), Permissions::empty()));
    }

    #[test]
    fn channels_stand_below_their_categories_and_threads_below_their_channels() {
        let all = [
            channel(9, ChannelType::PublicThread, Some(4), 0),
            channel(2, ChannelType::GuildCategory, None, 0),
            channel(4, ChannelType::GuildText, Some(2), 1),
            channel(3, ChannelType::GuildText, None, 5),
            channel(5, ChannelType::GuildText, Some(2), 0),
        ];
        let shown = drawn("/p/d/chat/1", &all, Some(Id::new(4))).into_string();
        let place = |id: u64| shown.find(&format!("&lt;c{id}&gt;")).unwrap();
        assert!(
            place(3) < place(2)
                && place(2) < place(5)
                && place(5) < place(4)
                && place(4) < place(9)
        );
        assert!(
            shown.contains(r#"href="/p/d/chat/1/4" aria-current="page""#),
            "{shown}"
        );
        assert!(
            !shown.contains("/chat/1/5\"") && !shown.contains("/chat/1/2\""),
            "{shown}"
        );
        assert!(!shown.contains("<c"), "names are escaped: {shown}");
    }
}
