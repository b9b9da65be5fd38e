//! Template `rooms`: voice channels that are made for who comes, and go when all have left.

use plugin_api::{prelude::*, twilight_model::channel::ChannelType};

use super::{Claim, Group, Template};
use crate::model::{Kind, Parameter};

const VOICE: &[ChannelType] = &[ChannelType::GuildVoice];

pub(super) const TEMPLATE: Template = Template {
    name: "rooms",
    reference: "dynamic_voice_channels",
    title: "Voice rooms",
    icon: "🚧",
    description: "Makes a voice channel for who enters a certain one, and deletes it when all have left",
    trigger: "A member enters the voice channel",
    groups: &[Group {
        title: "Rooms",
        parameters: &[
            Parameter::new(
                "entrance",
                "Entrance",
                "Voice channel that makes a room for who enters it",
                Kind::Channel(VOICE),
            )
            .required(),
            Parameter::new(
                "category",
                "Category",
                "Where rooms are made",
                Kind::Channel(&[ChannelType::GuildCategory]),
            ),
            Parameter::new(
                "name",
                "Name of a room",
                "{display_name} and {username} work",
                Kind::Line(90),
            )
            .required()
            .default("{display_name}'s room"),
            Parameter::new(
                "places",
                "Places",
                "How many members have room; 0: any number",
                Kind::Number(0, 99),
            )
            .default("0"),
            Parameter::new(
                "delete",
                "Delete when empty",
                "Whether it goes when all have left",
                Kind::Toggle,
            )
            .default("yes"),
        ],
    }],
    variables: &["{room}"],
    steps: |_| Vec::new(),
    check: |_| Ok(()),
    events: |_| &["VOICE_STATE_UPDATE", "CHANNEL_DELETE"],
    claims: |_, values| {
        let may = Claim::May(
            Permissions::MANAGE_CHANNELS | Permissions::MOVE_MEMBERS,
            "manage channels and move members",
        );
        let uses = [values.channel("entrance"), values.channel("category")];
        [may]
            .into_iter()
            .chain(uses.into_iter().flatten().map(Claim::Uses))
            .collect()
    },
};
