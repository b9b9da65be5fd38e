//! Template `webhook_bridge`: what is written here is posted elsewhere.

use super::{Claim, Group, Template, WRITE, fine};
use crate::model::{Kind, Parameter, Step};

pub(super) const TEMPLATE: Template = Template {
    name: "webhook_bridge",
    reference: "webhook_bridge",
    title: "Bridge to a webhook",
    icon: "🌉",
    description: "Posts what is written in chosen channels to a webhook, which the bot's operator has granted",
    trigger: "A message is written",
    groups: &[Group {
        title: "Bridge",
        parameters: &[
            Parameter::new(
                "url",
                "Address",
                "Of the webhook; who knows it can post there",
                Kind::Url,
            )
            .required(),
            Parameter::new(
                "channels",
                "Channels",
                "From which messages are posted",
                Kind::Channels(WRITE),
            )
            .required(),
            Parameter::new(
                "payload",
                "JSON",
                "What is posted; empty: as Discord's webhooks take it",
                Kind::Text(1_500),
            ),
            Parameter::new(
                "bots",
                "Bots, too",
                "Whether messages of other bots are posted",
                Kind::Toggle,
            )
            .default("no"),
        ],
    }],
    variables: &["{message}", "{channel_name}", "{guild_id}"],
    steps: |values| {
        vec![Step::Webhook {
            url: values.text("url").to_owned(),
            payload: values.text("payload").to_owned(),
        }]
    },
    check: fine,
    // The second for its intent alone: without it there is no text in the first.
    events: |_| &["MESSAGE_CREATE", "MESSAGE_UPDATE"],
    claims: |_, values| {
        let channels = values.channels("channels").into_iter();
        channels.map(Claim::Hears).collect()
    },
};
