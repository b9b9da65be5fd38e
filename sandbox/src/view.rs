//! Views of messages and interactions as people see them: what tests and transcripts are written in.

use serde::{Serialize, Serializer};
use serde_json::Value;

/// A message as it looked at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MessageView {
    /// The message's id.
    #[serde(serialize_with = "as_text")]
    pub id: u64,
    /// The channel's id.
    #[serde(serialize_with = "as_text")]
    pub channel_id: u64,
    /// The channel's name; `dm` for direct messages.
    pub channel: String,
    /// The author's id.
    #[serde(serialize_with = "as_text")]
    pub author_id: u64,
    /// The author's name.
    pub author: String,
    /// The text.
    pub content: String,
    /// The embeds, as Discord's JSON.
    pub embeds: Vec<Value>,
    /// The components, as Discord's JSON.
    pub components: Vec<Value>,
    /// The names of attached files.
    pub attachments: Vec<String>,
    /// Emoji and how many have reacted with it.
    pub reactions: Vec<(String, usize)>,
    /// Whether only one user can see it.
    pub ephemeral: bool,
    /// Whether it still says "is thinking…".
    pub loading: bool,
    /// Whether it was edited.
    pub edited: bool,
    /// Whether it is pinned.
    pub pinned: bool,
    /// The message that it replies to.
    #[serde(serialize_with = "as_optional_text")]
    pub reply_to: Option<u64>,
    /// The interaction that it answers or follows up.
    #[serde(serialize_with = "as_optional_text")]
    pub interaction: Option<u64>,
}

impl MessageView {
    /// All that can be read in the message: content, embeds (title, description, fields, footer, author)
    /// and text displays, one per line.
    #[must_use]
    pub fn text(&self) -> String {
        let mut lines = Vec::new();
        if !self.content.is_empty() {
            lines.push(self.content.clone());
        }
        for embed in &self.embeds {
            lines.extend(embed_lines(embed));
        }
        for component in walk(&self.components) {
            if component["type"] == 10 {
                lines.extend(component["content"].as_str().map(str::to_owned));
            }
        }
        lines.join("\n")
    }

    /// What the buttons say, in order; a button without a label counts by its emoji.
    #[must_use]
    pub fn buttons(&self) -> Vec<String> {
        walk(&self.components)
            .filter(|component| component["type"] == 2)
            .map(button_label)
            .collect()
    }

    /// All components, rows and containers before what they hold.
    pub(crate) fn walk_components(&self) -> impl Iterator<Item = &Value> {
        walk(&self.components)
    }
}

/// How the bot has responded to an interaction.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ResponseState {
    /// Not yet.
    Pending,
    /// With a message.
    Message,
    /// With "is thinking…"; the message is to follow.
    Deferred,
    /// It has acknowledged a component and may change its message later.
    DeferredUpdate,
    /// By changing the message whose component was used.
    Update,
    /// With a modal.
    Modal,
    /// With choices for an autocompletion.
    Choices,
}

impl ResponseState {
    /// Reads Discord's number of a callback type.
    pub(crate) const fn from_number(number: u8) -> Self {
        match number {
            4 => Self::Message,
            5 => Self::Deferred,
            6 => Self::DeferredUpdate,
            7 => Self::Update,
            8 => Self::Choices,
            9 => Self::Modal,
            _ => Self::Pending,
        }
    }
}

/// An interaction, and what has become of it so far.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct InteractionView {
    /// The interaction's id.
    #[serde(serialize_with = "as_text")]
    pub id: u64,
    /// How the bot responded.
    pub state: ResponseState,
    /// The message of the response, or the changed message, as it is now.
    pub message: Option<MessageView>,
    /// The modal, as Discord's JSON, if the response is one.
    pub modal: Option<Value>,
    /// The choices of an autocompletion, as Discord's JSON.
    pub choices: Vec<Value>,
}

/// All components, parents first.
pub(crate) fn walk(components: &[Value]) -> Box<dyn Iterator<Item = &Value> + '_> {
    Box::new(components.iter().flat_map(|component| {
        let nested = component["components"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let single = component
            .get("component")
            .or_else(|| component.get("accessory"));
        let single = single
            .filter(|single| single.is_object())
            .map(std::slice::from_ref)
            .unwrap_or_default();
        std::iter::once(component)
            .chain(walk(nested))
            .chain(walk(single))
    }))
}

/// What a button says.
pub(crate) fn button_label(button: &Value) -> String {
    let label = button["label"].as_str().filter(|label| !label.is_empty());
    label
        .or_else(|| button["emoji"]["name"].as_str())
        .unwrap_or_default()
        .to_owned()
}

/// What can be read in an embed.
pub(crate) fn embed_lines(embed: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let mut lines: Vec<_> = [
        &embed["author"]["name"],
        &embed["title"],
        &embed["description"],
    ]
    .into_iter()
    .filter_map(text)
    .collect();
    for field in embed["fields"].as_array().into_iter().flatten() {
        lines.extend(
            [&field["name"], &field["value"]]
                .into_iter()
                .filter_map(text),
        );
    }
    lines.extend(text(&embed["footer"]["text"]));
    lines
}

/// The fields of a modal that take a value, each with its label.
pub(crate) fn modal_fields(modal: &Value) -> Vec<(&Value, String)> {
    let components = modal["components"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    components
        .iter()
        .flat_map(|component| {
            let outer = component["label"].as_str().map(str::to_owned);
            walk(std::slice::from_ref(component))
                .filter(|inner| inner["custom_id"].is_string())
                .map(move |field| {
                    let label = outer
                        .clone()
                        .or_else(|| field["label"].as_str().map(str::to_owned));
                    (field, label.unwrap_or_default())
                })
        })
        .collect()
}

/// Ids are text in JSON: JavaScript's numbers are too short for them.
fn as_text<S: Serializer>(id: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

fn as_optional_text<S: Serializer>(id: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    match id {
        Some(id) => serializer.collect_str(id),
        None => serializer.serialize_none(),
    }
}
