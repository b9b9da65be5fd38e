//! Template `tickets`: a button that opens a channel for one member and the helpers.

use plugin_api::{prelude::*, twilight_model::channel::ChannelType};

use super::{Claim, Group, Template, WRITE, writes};
use crate::model::{Kind, Parameter};

pub(super) const TEMPLATE: Template = Template {
    name: "tickets",
    reference: "ticket_system",
    title: "Tickets",
    icon: "🎫",
    description: "A button that opens a private channel for a member and your helpers",
    trigger: "A member opens a ticket",
    groups: &[
        Group {
            title: "Button",
            parameters: &[
                Parameter::new(
                    "channel",
                    "Channel",
                    "Where the message with the button is put",
                    Kind::Channel(WRITE),
                )
                .required(),
                Parameter::new(
                    "message",
                    "Message",
                    "What stands above the button",
                    Kind::Text(1_500),
                )
                .required()
                .default("Do you need help? Open a ticket, and we will be with you."),
                Parameter::new("button", "Button", "What stands on it", Kind::Line(80))
                    .default("Open a ticket"),
            ],
        },
        Group {
            title: "Ticket",
            parameters: &[
                Parameter::new(
                    "helpers",
                    "Helpers",
                    "Who sees and answers tickets",
                    Kind::Role,
                )
                .required(),
                Parameter::new(
                    "category",
                    "Category",
                    "Where the channels are made",
                    Kind::Channel(&[ChannelType::GuildCategory]),
                ),
                Parameter::new(
                    "name",
                    "Name of the channel",
                    "{number} and {username} work",
                    Kind::Line(80),
                )
                .required()
                .default("ticket-{number}"),
                Parameter::new(
                    "greeting",
                    "Greeting",
                    "What is said in a new ticket",
                    Kind::Text(1_500),
                )
                .default("Hello {user}, tell us what it is about. Somebody will be with you soon."),
                Parameter::new(
                    "most",
                    "Open tickets of one member",
                    "How many at once",
                    Kind::Number(1, 5),
                )
                .default("1"),
            ],
        },
        Group {
            title: "Transcript",
            parameters: &[Parameter::new(
                "log",
                "Log",
                "Where the transcript of a closed ticket goes",
                Kind::Channel(WRITE),
            )],
        },
    ],
    variables: &["{number}", "{ticket}"],
    steps: |_| Vec::new(),
    check: |_| Ok(()),
    events: |_| &["CHANNEL_DELETE"],
    claims: |_, values| {
        let may = Claim::May(
            Permissions::MANAGE_CHANNELS | Permissions::MANAGE_ROLES,
            "manage channels and roles",
        );
        let channels = [values.channel("channel"), values.channel("log")]
            .map(writes)
            .into_iter()
            .flatten();
        let category = values.channel("category").map(Claim::Uses);
        [may].into_iter().chain(channels).chain(category).collect()
    },
};
