//! Modals: forms that open on a command or a click.

use serde::Serialize;
use serde_json::{Value, json};

use super::{SelectBuilder, text_of};
use crate::error::Result;

/// A dialog, opened as the answer to a slash command or a component ([`Invocation::modal`](crate::Invocation::modal)).
/// Serialises as Discord's
/// [JSON](https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-modal).
///
/// ```
/// use plugin_api::prelude::*;
///
/// let modal = Modal::new("Feedback", "cw1:desk:muswf:")
///     .text("We read **everything**.")
///     .field(TextField::short("subject", "Subject").max_length(80))
///     .field(TextField::long("text", "What happened?").optional())
///     .select("Which tea?", select("", "tea", [("Green", "green"), ("Black", "black")]))
///     .files("pictures", "Pictures of it", 0, 3);
///
/// let json = serde_json::to_value(&modal)?;
/// assert_eq!(json["components"][2]["component"]["required"], false);
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

    /// Adds a field; Discord accepts 1 to 5 parts, of whatever kind.
    #[must_use]
    pub fn field(self, field: TextField) -> Self {
        self.labelled(&field.label, field.description.as_deref(), field.input)
    }

    /// Adds a select with a label (1 to 45 characters); its custom id is an id of your own. What was picked is
    /// [`ComponentContext::picked`](crate::ComponentContext::picked) of that id.
    #[must_use]
    pub fn select(self, label: &str, select: SelectBuilder) -> Self {
        let optional = select.0.min_values == Some(0);
        let mut select = text_of(&select.into());
        if optional {
            select["required"] = Value::Bool(false);
        }
        self.labelled(label, None, select)
    }

    /// Adds a field for files, `min` to `max` of up to 10, with an id of your own and a label (1 to 45 characters). What was
    /// uploaded is [`ComponentContext::files`](crate::ComponentContext::files) of that id.
    #[must_use]
    pub fn files(self, id: &str, label: &str, min: u8, max: u8) -> Self {
        let upload = json!({
            "type": 19, "custom_id": id, "min_values": min, "max_values": max, "required": min > 0,
        });
        self.labelled(label, None, upload)
    }

    /// Adds text between the fields.
    #[must_use]
    pub fn text(mut self, content: &str) -> Self {
        self.components
            .push(json!({"type": 10, "content": content}));
        self
    }

    fn labelled(mut self, label: &str, description: Option<&str>, component: Value) -> Self {
        let mut labelled = json!({"type": 18, "label": label, "component": component});
        if let Some(description) = description {
            labelled["description"] = description.into();
        }
        self.components.push(labelled);
        self
    }

    pub(crate) fn set_custom_id(&mut self, custom_id: String) {
        self.custom_id = custom_id;
    }

    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    #[inline(never)]
    pub(crate) fn to_body(&self) -> Result<Vec<u8>> {
        Ok(serde_json::to_vec(self)?)
    }
}

/// A field of a [`Modal`], required by default. What was typed is
/// [`ComponentContext::field`](crate::ComponentContext::field) of the same id.
///
/// ```
/// use plugin_api::prelude::*;
///
/// let name = TextField::short("name", "Name on the cup").value("Ann").max_length(20);
/// let wishes = TextField::long("wishes", "Anything else?").describe("Milk, sugar, a biscuit").optional();
/// let modal = Modal::new("Your tea", "cw1:tea:0er2d:").field(name).field(wishes);
/// ```
#[derive(Debug, Clone)]
pub struct TextField {
    label: String,
    description: Option<String>,
    input: Value,
}

impl TextField {
    /// One line, with an id of your own (1 to 100 characters) and a label (1 to 45).
    #[must_use]
    pub fn short(id: &str, label: &str) -> Self {
        Self::of_style(1, id, label)
    }

    /// Several lines; else as [`short`](Self::short).
    #[must_use]
    pub fn long(id: &str, label: &str) -> Self {
        Self::of_style(2, id, label)
    }

    fn of_style(style: u8, id: &str, label: &str) -> Self {
        Self {
            label: label.to_owned(),
            description: None,
            input: json!({"type": 4, "style": style, "custom_id": id, "required": true}),
        }
    }

    /// Small text below the label: up to 100 characters.
    #[must_use]
    pub fn describe(mut self, text: &str) -> Self {
        self.description = Some(text.to_owned());
        self
    }

    /// May stay empty.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.input["required"] = Value::Bool(false);
        self
    }

    /// Fewest characters: 0 to 4,000.
    #[must_use]
    pub fn min_length(mut self, characters: u16) -> Self {
        self.input["min_length"] = characters.into();
        self
    }

    /// Most characters: 1 to 4,000, which is the default.
    #[must_use]
    pub fn max_length(mut self, characters: u16) -> Self {
        self.input["max_length"] = characters.into();
        self
    }

    /// What stands in it at first; up to 4,000 characters.
    #[must_use]
    pub fn value(mut self, text: &str) -> Self {
        self.input["value"] = text.into();
        self
    }

    /// What stands in it while it is empty: up to 100 characters.
    #[must_use]
    pub fn placeholder(mut self, text: &str) -> Self {
        self.input["placeholder"] = text.into();
        self
    }
}
