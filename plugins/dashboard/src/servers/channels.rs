//! Channels of a server, as Discord shows them: by category and position, threads below theirs.

use std::collections::HashMap;

use maud::{Markup, html};
use plugin_api::{
    text::number,
    twilight_model::channel::{Channel, ChannelType},
};

use crate::ui;

/// Channels that are shown.
const SHOWN: usize = 400;

pub(super) fn drawn(channels: &[Channel]) -> Markup {
    let ordered = ordered(channels);
    let more = ordered.len().saturating_sub(SHOWN);
    html! {
        @if ordered.is_empty() { p.muted { "None that the bot knows of." } }
        div.scroll.tall tabindex="0" role="region" aria-label="Channels" {
            ul.channel-tree {
                @for (depth, channel) in ordered.iter().take(SHOWN) {
                    li.inner[*depth > 0].category[channel.kind == ChannelType::GuildCategory] {
                        span.muted aria-hidden="true" { (sign(channel.kind)) }
                        (ui::name(channel.name.as_deref().unwrap_or("without a name")))
                        span.hidden { (kind(channel.kind)) }
                        @if channel.nsfw == Some(true) { span.tag { "age-restricted" } }
                    }
                }
            }
        }
        @if more > 0 { p.muted { "and " (number(more as u64)) " more" } }
    }
}

/// In the order that they are shown in, with how deep each stands. What stands in nothing that is known stands at the end.
fn ordered(channels: &[Channel]) -> Vec<(usize, &Channel)> {
    let mut inside: HashMap<u64, Vec<&Channel>> = HashMap::new();
    let known = |id: u64| channels.iter().any(|it| it.id.get() == id);
    for channel in channels {
        let parent = channel.parent_id.map_or(0, |it| it.get());
        let parent = if known(parent) { parent } else { 0 };
        inside.entry(parent).or_default().push(channel);
    }
    for of_parent in inside.values_mut() {
        // Voice channels stand below text channels, categories below channels that are in none.
        of_parent.sort_by_key(|it| {
            let is_category = it.kind == ChannelType::GuildCategory;
            (
                is_category,
                is_voice(it.kind),
                it.position.unwrap_or_default(),
                it.id,
            )
        });
    }
    let mut all = Vec::with_capacity(channels.len());
    push(&mut all, &inside, 0, 0);
    all
}

/// A category has channels, a channel has threads: deeper than that nothing goes.
fn push<'a>(
    all: &mut Vec<(usize, &'a Channel)>,
    inside: &HashMap<u64, Vec<&'a Channel>>,
    parent: u64,
    depth: usize,
) {
    for channel in inside.get(&parent).into_iter().flatten().copied() {
        all.push((depth, channel));
        if depth < 2 {
            push(all, inside, channel.id.get(), depth + 1);
        }
    }
}

fn is_voice(kind: ChannelType) -> bool {
    matches!(kind, ChannelType::GuildVoice | ChannelType::GuildStageVoice)
}

fn sign(kind: ChannelType) -> &'static str {
    match kind {
        ChannelType::GuildVoice => "🔊",
        ChannelType::GuildStageVoice => "🎙",
        ChannelType::GuildCategory => "▾",
        ChannelType::GuildAnnouncement => "📣",
        ChannelType::GuildForum | ChannelType::GuildMedia => "🗂",
        ChannelType::PublicThread
        | ChannelType::PrivateThread
        | ChannelType::AnnouncementThread => "↳",
        _ => "#",
    }
}

fn kind(kind: ChannelType) -> &'static str {
    match kind {
        ChannelType::GuildVoice => "voice",
        ChannelType::GuildStageVoice => "stage",
        ChannelType::GuildCategory => "category",
        ChannelType::GuildAnnouncement => "announcements",
        ChannelType::GuildForum | ChannelType::GuildMedia => "forum",
        ChannelType::PublicThread
        | ChannelType::PrivateThread
        | ChannelType::AnnouncementThread => "thread",
        _ => "text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(id: u64, kind: u8, name: &str, parent: Option<u64>, position: i32) -> Channel {
        let json = serde_json::json!({
            "id": id.to_string(), "type": kind, "name": name, "position": position,
            "parent_id": parent.map(|it| it.to_string()),
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn channels_stand_below_their_categories_and_threads_below_their_channels() {
        let all = [
            channel(5, 2, "talk", Some(1), 0),
            channel(1, 4, "Tea", None, 0),
            channel(2, 0, "green", Some(1), 1),
            channel(3, 0, "rules", None, 9),
            channel(4, 11, "leaves", Some(2), 0),
            channel(6, 0, "lost", Some(99), 3),
        ];
        let shown: Vec<(usize, &str)> = ordered(&all)
            .into_iter()
            .map(|(depth, it)| (depth, it.name.as_deref().unwrap_or_default()))
            .collect();
        assert_eq!(
            shown,
            [
                (0, "lost"),
                (0, "rules"),
                (0, "Tea"),
                (1, "green"),
                (2, "leaves"),
                (1, "talk")
            ]
        );
    }
}
