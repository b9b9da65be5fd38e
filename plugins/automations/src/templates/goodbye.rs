//! Template `goodbye`: tells who has left.

use super::{Group, Template, WRITE, fine, message, nothing};
use crate::model::{Card, Kind, Parameter};

pub(super) const TEMPLATE: Template = Template {
    name: "goodbye",
    reference: "goodbye_system",
    title: "Goodbye",
    icon: "🚪",
    description: "Tells in a channel that somebody has left",
    trigger: "Somebody leaves the server, or is removed",
    groups: &[Group {
        title: "Message",
        parameters: &[
            Parameter::new(
                "channel",
                "Channel",
                "Where it is told",
                Kind::Channel(WRITE),
            )
            .required(),
            Parameter::new(
                "message",
                "Message",
                "What is said there; variables work",
                Kind::Text(2_000),
            )
            .required()
            .default("{username} has left {guild_name}."),
            Parameter::new(
                "card",
                "As a card",
                "Whether it is a card with their picture",
                Kind::Toggle,
            )
            .default("yes"),
        ],
    }],
    variables: &[],
    steps: |values| {
        let card = values.flag("card").then(|| Card {
            color: "#e0245e".into(),
            thumbnail: "{user_avatar}".into(),
            ..Card::default()
        });
        vec![message(
            values.channel("channel"),
            values.text("message"),
            card,
        )]
    },
    check: fine,
    events: |_| &["GUILD_MEMBER_REMOVE"],
    claims: nothing,
};
