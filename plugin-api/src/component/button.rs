//! Buttons: styles, labels, handlers.

use twilight_model::{
    channel::message::{
        Component, EmojiReactionType,
        component::{Button, ButtonStyle},
    },
    id::Id,
};

/// A blurple [button](https://discord.com/developers/docs/components/reference#button) with a label (up to 80
/// characters) and a custom id (from [`Invocation::custom_id`](crate::Invocation::custom_id)).
///
/// ```
/// use plugin_api::prelude::*;
///
/// let buttons = [
///     button("Yes", "cw1:shop:c3n82:7").success().emoji("🫖"),
///     button("Later", "cw1:shop:adwg5:7").secondary().disabled(true),
///     danger_button("No", "cw1:shop:m69qi:7"),
///     link_button("The shop", "https://example.com"),
/// ];
/// let message = NewMessage::from("Sure?").row(buttons);
/// assert_eq!(message.to_json()?["components"][0]["components"][0]["style"], 3);
/// # Ok::<(), Error>(())
/// ```
#[must_use]
pub fn button(label: impl Into<String>, custom_id: impl Into<String>) -> ButtonBuilder {
    ButtonBuilder(Button {
        custom_id: Some(custom_id.into()),
        disabled: false,
        emoji: None,
        id: None,
        label: Some(label.into()).filter(|label| !label.is_empty()),
        sku_id: None,
        style: ButtonStyle::Primary,
        url: None,
    })
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
pub fn danger_button(label: impl Into<String>, custom_id: impl Into<String>) -> ButtonBuilder {
    button(label, custom_id).danger()
}

/// A button that opens a web page; its clicks are no events.
#[must_use]
pub fn link_button(label: impl Into<String>, url: impl Into<String>) -> ButtonBuilder {
    let mut link = button(label, "");
    link.0.custom_id = None;
    link.0.style = ButtonStyle::Link;
    link.0.url = Some(url.into());
    link
}

/// A button: what [`button`] begins.
#[derive(Debug, Clone)]
pub struct ButtonBuilder(Button);

impl ButtonBuilder {
    /// Grey: for what is no decision.
    #[must_use]
    pub fn secondary(self) -> Self {
        self.style(ButtonStyle::Secondary)
    }

    /// Green.
    #[must_use]
    pub fn success(self) -> Self {
        self.style(ButtonStyle::Success)
    }

    /// Red: for what can't be undone.
    #[must_use]
    pub fn danger(self) -> Self {
        self.style(ButtonStyle::Danger)
    }

    const fn style(mut self, style: ButtonStyle) -> Self {
        self.0.style = style;
        self
    }

    /// An emoji before the label, which may be empty then: a Unicode one, or `name:id` of a custom one.
    #[must_use]
    pub fn emoji(mut self, emoji: &str) -> Self {
        self.0.emoji = Some(reaction(emoji));
        self
    }

    /// Whether it is there to be seen only.
    #[must_use]
    pub const fn disabled(mut self, disabled: bool) -> Self {
        self.0.disabled = disabled;
        self
    }
}

impl From<ButtonBuilder> for Component {
    fn from(button: ButtonBuilder) -> Self {
        Self::Button(button.0)
    }
}

/// A Unicode emoji, or `name:id` of a custom one.
pub(super) fn reaction(emoji: &str) -> EmojiReactionType {
    let custom = emoji.rsplit_once(':').and_then(|(name, id)| {
        let id = Id::new_checked(id.parse().ok()?)?;
        Some((name.trim_start_matches(':'), id))
    });
    match custom {
        Some((name, id)) => EmojiReactionType::Custom {
            animated: name.starts_with("a:"),
            id,
            name: Some(name.trim_start_matches("a:").to_owned()),
        },
        None => EmojiReactionType::Unicode {
            name: emoji.to_owned(),
        },
    }
}
