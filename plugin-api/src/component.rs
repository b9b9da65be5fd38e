//! Buttons, selects and modals that find their handler again after a reload.

use serde::Serialize;
use serde_json::{Value, json};
use twilight_model::channel::message::{
    Component,
    component::{Button, ButtonStyle, SelectMenu, SelectMenuOption, SelectMenuType},
};

use crate::error::{Error, Result};

/// Discord's [limit](https://discord.com/developers/docs/components/reference#anatomy-of-a-component-custom-id) for a
/// custom id, in characters. The plugin's and the handler's names count, and five more.
///
/// ```
/// use plugin_api::CUSTOM_ID_LIMIT;
///
/// let room = CUSTOM_ID_LIMIT - "cw:shop:buy:".len();
/// assert_eq!(room, 88);
/// ```
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

/// A blurple [button](https://discord.com/developers/docs/components/reference#button) with a label (up to 80
/// characters) and a custom id (from [`Invocation::custom_id`](crate::Invocation::custom_id)).
///
/// What is not here (other styles, an emoji, a link) can be set on twilight-model's `Button`, which this returns in a
/// `Component`.
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

/// A red button: for what can't be undone. Else as [`button`].
///
/// ```
/// use plugin_api::prelude::*;
///
/// async fn ask(ctx: CommandContext) -> Result {
///     let wipe = danger_button("Delete all", ctx.custom_id("wipe", ctx.user().id)?);
///     ctx.reply(NewMessage::from("Really?").row([wipe])).await
/// }
/// ```
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

/// A [select](https://discord.com/developers/docs/components/reference#string-select) of texts, of which one is picked:
/// `(label, value)` each, up to 25, each of up to 100 characters; the placeholder has up to 150. It fills a row of its
/// own.
///
/// The value that was picked is the first of [`ComponentContext::values`](crate::ComponentContext::values).
///
/// ```
/// use plugin_api::prelude::*;
///
/// let sorts = [("Green", "green"), ("Black", "black")];
/// let menu = select("Which sort?", "cw:tea:sort:", sorts);
/// let message = NewMessage::from("Tea?").row([menu]).to_json()?;
/// assert_eq!(message["components"][0]["components"][0]["options"][1]["value"], "black");
/// # Ok::<(), Error>(())
/// ```
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

/// A dialog of text fields, opened as the answer to a slash command or a component
/// ([`Invocation::modal`](crate::Invocation::modal)). Serialises as Discord's
/// [JSON](https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-modal).
///
/// ```
/// use plugin_api::prelude::*;
///
/// let modal = Modal::new("Feedback", "cw:desk:feedback:")
///     .field(TextField::short("subject", "Subject").max_length(80))
///     .field(TextField::long("text", "What happened?").optional());
///
/// let json = serde_json::to_value(&modal)?;
/// assert_eq!(json["components"][1]["components"][0]["required"], false);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, Serialize)]
pub struct Modal {
    title: String,
    custom_id: String,
    components: Vec<Value>,
}

impl Modal {
    /// A modal with a title (1 to 45 characters) and the custom id of its handler.
    #[must_use]
    pub fn new(title: impl Into<String>, custom_id: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            custom_id: custom_id.into(),
            components: Vec::new(),
        }
    }

    /// Adds a field; Discord takes 1 to 5.
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

/// A field of a [`Modal`], required unless told otherwise. What was typed is
/// [`ComponentContext::field`](crate::ComponentContext::field) of the same id.
///
/// ```
/// use plugin_api::prelude::*;
///
/// let name = TextField::short("name", "Name on the cup").value("Ann").max_length(20);
/// let wishes = TextField::long("wishes", "Anything else?").optional();
/// let modal = Modal::new("Your tea", "cw:tea:order:").field(name).field(wishes);
/// ```
#[derive(Debug, Clone)]
pub struct TextField(Value);

impl TextField {
    /// One line, with an id of your own (1 to 100 characters) and a label (1 to 45).
    #[must_use]
    pub fn short(id: &str, label: &str) -> Self {
        Self(json!({"type": 4, "style": 1, "custom_id": id, "label": label, "required": true}))
    }

    /// Several lines; else as [`short`](Self::short).
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

    /// Most characters: 1 to 4,000, which is the default.
    #[must_use]
    pub fn max_length(mut self, characters: u16) -> Self {
        self.0["max_length"] = characters.into();
        self
    }

    /// What stands in it at first; up to 4,000 characters.
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
