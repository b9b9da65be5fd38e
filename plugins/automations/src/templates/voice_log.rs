//! Template `voice_log`: who comes to voice channels, goes, and moves.

use super::{Group, Template, WRITE, message, nothing};
use crate::model::{Card, Kind, Parameter};

pub(super) const TEMPLATE: Template = Template {
    name: "voice_log",
    reference: "voice_activity_tracker",
    title: "Voice log",
    icon: "🎙️",
    description: "Tells who joins, leaves and changes voice channels",
    trigger: "A member joins, leaves or changes a voice channel, or mutes",
    groups: &[Group {
        title: "Log",
        parameters: &[
            Parameter::new(
                "channel",
                "Channel",
                "Where it is told",
                Kind::Channel(WRITE),
            )
            .required(),
            Parameter::new("joins", "Who joins", "Whether it is told", Kind::Toggle).default("yes"),
            Parameter::new("leaves", "Who leaves", "Whether it is told", Kind::Toggle)
                .default("yes"),
            Parameter::new(
                "moves",
                "Who changes the channel",
                "Whether it is told",
                Kind::Toggle,
            )
            .default("yes"),
            Parameter::new("mutes", "Who mutes", "Whether it is told", Kind::Toggle).default("no"),
        ],
    }],
    variables: &["{what}", "{voice}"],
    steps: |values| {
        let card = Card {
            footer: "{username} ({user_id})".into(),
            ..Card::default()
        };
        vec![message(
            values.channel("channel"),
            "{user} {what}",
            Some(card),
        )]
    },
    check: |values| match ["joins", "leaves", "moves", "mutes"]
        .iter()
        .any(|it| values.flag(it))
    {
        true => Ok(()),
        false => Err("it would tell nothing: switch one of the four on".into()),
    },
    events: |_| &["VOICE_STATE_UPDATE"],
    claims: nothing,
};
