//! Template `welcome`: greets who joins, gives a role, writes a direct message.

use super::{Group, Template, WRITE, message, nothing};
use crate::model::{Card, Kind, Parameter, Parameters, Step};

pub(super) const TEMPLATE: Template = Template {
    name: "welcome",
    reference: "mega_welcome",
    title: "Welcome",
    icon: "👋",
    description: "Greets new members in a channel, gives them a role, writes them a direct message",
    trigger: "Somebody joins the server",
    groups: &[
        Group {
            title: "Greeting",
            parameters: &[
                Parameter::new(
                    "channel",
                    "Channel",
                    "Where new members are greeted",
                    Kind::Channel(WRITE),
                ),
                Parameter::new(
                    "message",
                    "Greeting",
                    "What is said there; variables work",
                    Kind::Text(2_000),
                )
                .default("Welcome to {guild_name}, {user}! You are member number {member_count}."),
                Parameter::new(
                    "card",
                    "As a card",
                    "Whether it is a card with their picture",
                    Kind::Toggle,
                )
                .default("yes"),
                Parameter::new(
                    "title",
                    "Title of the card",
                    "Empty: a card without a title",
                    Kind::Line(200),
                )
                .default("Welcome!"),
                Parameter::new(
                    "color",
                    "Colour of the card",
                    "Such as #7c3aed",
                    Kind::Color,
                )
                .default("#7c3aed"),
            ],
        },
        Group {
            title: "Role and direct message",
            parameters: &[
                Parameter::new("role", "Role", "What new members are given", Kind::Role),
                Parameter::new(
                    "direct",
                    "Direct message",
                    "What is written to them alone; empty: nothing",
                    Kind::Text(2_000),
                ),
            ],
        },
    ],
    variables: &[],
    steps,
    check: |values| {
        let greets =
            values.channel("channel").is_some() && !values.text("message").trim().is_empty();
        match greets || values.role("role").is_some() || !values.text("direct").trim().is_empty() {
            true => Ok(()),
            false => Err("it does nothing yet: choose a **Channel** and a **Greeting**, a **Role** or a **Direct message**".into()),
        }
    },
    events: |_| &["GUILD_MEMBER_ADD"],
    claims: nothing,
};

fn steps(values: &Parameters) -> Vec<Step> {
    let mut steps = Vec::new();
    // First, so that who can't be given it is not greeted in vain.
    steps.extend(values.role("role").map(|role| Step::AddRole { role }));
    let text = values.text("message");
    if let (Some(channel), false) = (values.channel("channel"), text.trim().is_empty()) {
        let card = values.flag("card").then(|| Card {
            title: values.text("title").to_owned(),
            color: values.text("color").to_owned(),
            thumbnail: "{user_avatar}".into(),
            ..Card::default()
        });
        steps.push(message(Some(channel), text, card));
    }
    let direct = values.text("direct");
    if !direct.trim().is_empty() {
        steps.push(Step::Dm {
            text: direct.to_owned(),
            embed: None,
        });
    }
    steps
}
