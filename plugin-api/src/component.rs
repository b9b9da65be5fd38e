//! Buttons, selects and modals that find their handler again after a reload.

use serde::Serialize;
use serde_json::{Value, json};
use twilight_model::channel::message::{
    Component,
    component::{Button, ButtonStyle, SelectMenu, SelectMenuOption, SelectMenuType},
};

use crate::error::{Error, Result};

/// Discord's limit for a custom id, in characters.
pub const CUSTOM_ID_LIMIT: usize = 100;

/// The custom id that leads back to a handler: it names the plugin and the handler, and carries an argument, so that a
/// click is served after a reload and after a restart.
pub(crate) fn custom_id(plugin: &str, handler: &str, argument: &str) -> Result<String> {
    let id = format!("cw:{plugin}:{handler}:{argument}");
    if id.chars().count() > CUSTOM_ID_LIMIT {
        return Err(Error::new(format!(
            "the custom id `{id}` has {} characters, Discord takes {CUSTOM_ID_LIMIT}: shorten the argument, or keep it in \
             the plugin's state and pass a key",
            id.chars().count()
        )));
    }
    Ok(id)
}

/// A button with a label and a custom id (from [`Invocation::custom_id`](crate::Invocation::custom_id)).
///
/// ```
/// use plugin_api::prelude::*;
///
/// let message = NewMessage::from("Sure?").row([button("Yes", "cw:shop:buy:7"), danger_button("No", "cw:shop:drop:7")]);
/// assert_eq!(message.to_json()?["components"][0]["components"][1]["label"], "No");
/// # Ok::<(), Error>(())
/// ```
#[must_use]
pub fn button(label: impl Into<String>, custom_id: impl Into<String>) -> Component {
    styled_button(label.into(), custom_id.into(), ButtonStyle::Primary)
}

/// A red button.
#[must_use]
pub fn danger_button(label: impl Into<String>, custom_id: impl Into<String>) -> Component {
    styled_button(label.into(), custom_id.into(), ButtonStyle::Danger)
}

fn styled_button(label: String, custom_id: String, style: ButtonStyle) -> Component {
    Component::Button(Button {
        custom_id: Some(custom_id),
        disabled: false,
        emoji: None,
        id: None,
        label: Some(label),
        sku_id: None,
        style,
        url: None,
    })
}

/// A select of texts, of which one is picked: `(label, value)` each, up to 25.
#[must_use]
pub fn select<L: Into<String>, V: Into<String>>(
    placeholder: impl Into<String>,
    custom_id: impl Into<String>,
    options: impl IntoIterator<Item = (L, V)>,
) -> Component {
    Component::SelectMenu(SelectMenu {
        channel_types: None,
        custom_id: custom_id.into(),
        default_values: None,
        disabled: false,
        id: None,
        kind: SelectMenuType::Text,
        max_values: None,
        min_values: None,
        options: Some(
            options
                .into_iter()
                .map(|(label, value)| SelectMenuOption {
                    default: false,
                    description: None,
                    emoji: None,
                    label: label.into(),
                    value: value.into(),
                })
                .collect(),
        ),
        placeholder: Some(placeholder.into()),
        required: None,
    })
}

/// A dialog of text fields, opened as the answer to a slash command or a component.
///
/// ```
/// use plugin_api::prelude::*;
///
/// let modal = Modal::new("Feedback", "cw:desk:feedback:")
///     .field(TextField::short("subject", "Subject").max_length(80))
///     .field(TextField::long("text", "What happened?").optional());
/// ```
#[derive(Debug, Clone, Serialize)]
pub struct Modal {
    title: String,
    custom_id: String,
    components: Vec<Value>,
}

impl Modal {
    /// A modal with a title (45 characters) and the custom id of its handler.
    #[must_use]
    pub fn new(title: impl Into<String>, custom_id: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            custom_id: custom_id.into(),
            components: Vec::new(),
        }
    }

    /// Adds a field; Discord takes up to 5.
    #[must_use]
    pub fn field(mut self, field: TextField) -> Self {
        self.components
            .push(json!({"type": 1, "components": [field.0]}));
        self
    }

    #[inline(never)]
    pub(crate) fn to_body(&self) -> Result<Vec<u8>> {
        Ok(serde_json::to_vec(self)?)
    }
}

/// A field of a [`Modal`].
#[derive(Debug, Clone)]
pub struct TextField(Value);

impl TextField {
    /// One line.
    #[must_use]
    pub fn short(id: &str, label: &str) -> Self {
        Self(json!({"type": 4, "style": 1, "custom_id": id, "label": label, "required": true}))
    }

    /// Several lines.
    #[must_use]
    pub fn long(id: &str, label: &str) -> Self {
        Self(json!({"type": 4, "style": 2, "custom_id": id, "label": label, "required": true}))
    }

    /// May stay empty.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.0["required"] = Value::Bool(false);
        self
    }

    /// Most characters: 1 to 4,000.
    #[must_use]
    pub fn max_length(mut self, characters: u16) -> Self {
        self.0["max_length"] = characters.into();
        self
    }

    /// What stands in it at first.
    #[must_use]
    pub fn value(mut self, text: &str) -> Self {
        self.0["value"] = text.into();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::custom_id;

    #[test]
    fn a_custom_id_that_is_too_long_says_what_to_do() {
        assert_eq!(custom_id("a", "b", "c:d").unwrap(), "cw:a:b:c:d");
        let error = custom_id("a", "b", &"x".repeat(100)).unwrap_err();
        assert!(error.to_string().contains("pass a key"), "{error}");
    }
}
