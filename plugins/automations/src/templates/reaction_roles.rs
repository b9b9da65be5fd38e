//! Template `reaction_roles`: a message by which members take roles and put them down, by buttons, a menu or reactions.

use super::{Claim, Group, Template, WRITE, gives, writes};
use crate::model::{Kind, Parameter, Parameters};

/// How members choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// A button for each role.
    Buttons,
    /// One menu.
    Menu,
    /// Reactions to the message.
    Reactions,
}

pub(crate) fn style(values: &Parameters) -> Style {
    match values.text("style") {
        "menu" => Style::Menu,
        "reactions" => Style::Reactions,
        _ => Style::Buttons,
    }
}

pub(super) const TEMPLATE: Template = Template {
    name: "reaction_roles",
    reference: "auto_role_on_reaction",
    title: "Roles to choose",
    icon: "🎭",
    description: "A message by which members take roles themselves: by buttons, a menu or reactions",
    trigger: "A member chooses on the message",
    groups: &[
        Group {
            title: "Message and roles",
            parameters: &[
                Parameter::new(
                    "channel",
                    "Channel",
                    "Where the message is put",
                    Kind::Channel(WRITE),
                )
                .required(),
                Parameter::new(
                    "message",
                    "Message",
                    "What stands above the choice",
                    Kind::Text(1_500),
                )
                .required()
                .default("Choose your roles:"),
                Parameter::new(
                    "roles",
                    "Roles",
                    "One a line, with an emoji in front: 🎉 @Party",
                    Kind::EmojiRoles,
                )
                .required(),
            ],
        },
        Group {
            title: "How",
            parameters: &[
                Parameter::new(
                    "style",
                    "How members choose",
                    "By buttons, by a menu, or by reactions",
                    Kind::Choice(&[
                        ("buttons", "Buttons"),
                        ("menu", "A menu"),
                        ("reactions", "Reactions"),
                    ]),
                )
                .default("buttons"),
                Parameter::new(
                    "single",
                    "Only one at a time",
                    "Whether a new choice takes the one before away",
                    Kind::Toggle,
                )
                .default("no"),
                Parameter::new(
                    "undo",
                    "Can be put down",
                    "Whether the same choice again takes the role away",
                    Kind::Toggle,
                )
                .default("yes"),
            ],
        },
    ],
    variables: &["{role}"],
    steps: |_| Vec::new(),
    check: |values| {
        let without = values
            .keyed("roles")
            .into_iter()
            .any(|it| it.key.is_empty());
        match style(values) == Style::Reactions && without {
            true => Err("**Roles**: for reactions each line needs an emoji".into()),
            false => Ok(()),
        }
    },
    events: |values| match style(values) {
        Style::Reactions => &["MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE"],
        _ => &[],
    },
    claims: |_, values| {
        let roles = values.keyed("roles").into_iter().map(|it| gives(it.role));
        let panel: Option<Claim> = writes(values.channel("channel"));
        panel.into_iter().chain(roles).collect()
    },
};
