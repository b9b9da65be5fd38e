//! Templates: each is data, with functions of its parameters that say what it does, listens to and needs.

mod announcement;
mod goodbye;
mod levels;
mod reaction_roles;
mod rooms;
mod tickets;
mod voice_log;
mod webhook_bridge;
mod welcome;
mod word_filter;

use plugin_api::{prelude::*, twilight_model::channel::ChannelType};

use crate::{
    core::Action,
    model::{Card, Channel, Guild, Parameter, Parameters, Place, Role, Step},
};

pub(crate) use announcement::{When, read as read_when};
pub(crate) use levels::{level, points_for};
pub(crate) use reaction_roles::{Style, style};
pub(crate) use word_filter::matches as filter_matches;

/// Channels that messages can be sent to.
const WRITE: &[ChannelType] = &[
    ChannelType::GuildText,
    ChannelType::GuildAnnouncement,
    ChannelType::GuildVoice,
    ChannelType::PublicThread,
    ChannelType::PrivateThread,
    ChannelType::AnnouncementThread,
];

/// A kind of automation.
#[derive(Debug)]
pub(crate) struct Template {
    /// Its key; never changed.
    pub(crate) name: &'static str,
    /// How the reference calls it: what is taken over from there is found by it.
    pub(crate) reference: &'static str,
    pub(crate) title: &'static str,
    pub(crate) icon: &'static str,
    /// What it is for: 100 characters at most.
    pub(crate) description: &'static str,
    /// When it does something, in words.
    pub(crate) trigger: &'static str,
    /// Parts of its form, with five parameters each at most: what Discord's forms hold.
    pub(crate) groups: &'static [Group],
    /// Variables of its own, beside those that there always are.
    pub(crate) variables: &'static [&'static str],
    /// What it does at each occasion.
    pub(crate) steps: fn(&Parameters) -> Vec<Step>,
    /// What parameters have to be beside what each is by itself.
    pub(crate) check: fn(&Parameters) -> Result<(), String>,
    /// The gateway's events that it needs.
    pub(crate) events: fn(&Parameters) -> &'static [&'static str],
    /// What it does beside its steps.
    pub(crate) claims: fn(Guild, &Parameters) -> Vec<Claim>,
}

/// A part of a form.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) title: &'static str,
    pub(crate) parameters: &'static [Parameter],
}

/// What a template does or uses beside its steps: its maker and the bot have to be allowed it.
#[derive(Debug, PartialEq)]
pub(crate) enum Claim {
    /// It does this.
    Does(Action),
    /// It needs these permissions in the server, which are called so.
    May(Permissions, &'static str),
    /// It uses this channel, which has to be one of the server.
    Uses(Channel),
    /// It tells what is written in this channel, which has to be one of the server that both see.
    Hears(Channel),
}

/// All that there are, in the order in which they are shown.
pub(crate) const ALL: &[&Template] = &[
    &welcome::TEMPLATE,
    &goodbye::TEMPLATE,
    &reaction_roles::TEMPLATE,
    &word_filter::TEMPLATE,
    &levels::TEMPLATE,
    &announcement::TEMPLATE,
    &tickets::TEMPLATE,
    &voice_log::TEMPLATE,
    &webhook_bridge::TEMPLATE,
    &rooms::TEMPLATE,
];

/// The template of this name, or of this name in the reference.
pub(crate) fn named(name: &str) -> Option<&'static Template> {
    let name = name.trim().to_lowercase().replace([' ', '-'], "_");
    ALL.iter()
        .copied()
        .find(|it| it.name == name || it.reference == name)
}

impl Template {
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &'static Parameter> + use<> {
        self.groups.iter().flat_map(|it| it.parameters)
    }

    /// The values that are filled in at first.
    pub(crate) fn defaults(&self) -> Parameters {
        let mut values = Parameters::default();
        for parameter in self.parameters().filter(|it| !it.default.is_empty()) {
            let read = parameter
                .kind
                .read(&[parameter.default.to_owned()], &|_| None);
            // Invariant: each default is one that could be typed; a test reads all of them.
            if let Ok(Some(value)) = read {
                values.0.insert(parameter.id.to_owned(), value);
            }
        }
        values
    }
}

/// What a template does beside its steps, in words, for a preview.
pub(crate) fn own_words(template: &Template, values: &Parameters) -> Vec<String> {
    let text = |id: &str| plugin_api::text::code(values.text(id));
    match template.name {
        "reaction_roles" => vec!["gives or takes the role that was chosen".into()],
        "levels" => {
            let reward = |it: crate::model::Keyed| {
                format!("gives the role <@&{}> from level {} on", it.role, it.key)
            };
            values.keyed("rewards").into_iter().map(reward).collect()
        }
        "tickets" => vec![
            format!(
                "makes the channel {} for the member and <@&{}>",
                text("name"),
                values.text("helpers")
            ),
            format!("says there: {}", text("greeting")),
        ],
        "rooms" => vec![format!(
            "makes the voice channel {} and moves the member there",
            text("name")
        )],
        _ => Vec::new(),
    }
}

/// A template that needs nothing beside its parameters.
fn fine(_: &Parameters) -> Result<(), String> {
    Ok(())
}

/// A template that does nothing beside its steps.
fn nothing(_: Guild, _: &Parameters) -> Vec<Claim> {
    Vec::new()
}

/// A message to a channel, as a card where that is wanted.
fn message(to: Option<Channel>, text: &str, card: Option<Card>) -> Step {
    let to = to.map_or(Place::Here, Place::Channel);
    match card {
        Some(card) => {
            let description = text.to_owned();
            Step::Send {
                to,
                text: String::new(),
                embed: Some(Card {
                    description,
                    ..card
                }),
            }
        }
        None => Step::Send {
            to,
            text: text.to_owned(),
            embed: None,
        },
    }
}

/// That the bot writes into a channel.
fn writes(channel: Option<Channel>) -> Option<Claim> {
    let channel = channel?;
    Some(Claim::Does(Action::Send {
        channel,
        text: String::new(),
        embed: None,
    }))
}

/// That a role is given, to whomever.
fn gives(role: Role) -> Claim {
    Claim::Does(Action::GiveRole {
        user: Id::new(1),
        role,
    })
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
