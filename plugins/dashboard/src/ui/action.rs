//! Buttons that do something: they post, ask first where they are told to, and say what came of it.

use maud::{Markup, Render, html};
use serde::Serialize;

/// A button that posts. Leave it out where whoever looks may not do it (`ctx.may("plugins.reload")`).
///
/// ```text
/// Action::new("Reload", format!("{base}/plugins/reload"))
///     .body(&json!({ "name": name }))
///     .confirm("Reload all plugins?")
///     .then("refresh:#plugins")
/// ```
#[derive(Debug)]
pub(crate) struct Action<'a> {
    words: &'a str,
    address: String,
    body: Option<String>,
    confirm: Option<String>,
    then: Option<String>,
    label: Option<String>,
    class: &'static str,
    palette: bool,
}

impl<'a> Action<'a> {
    /// A button with these words that posts to an address.
    pub(crate) fn new(words: &'a str, address: impl Into<String>) -> Self {
        Self {
            words,
            address: address.into(),
            body: None,
            confirm: None,
            then: None,
            label: None,
            class: "",
            palette: false,
        }
    }

    /// Sends this as JSON. Default: `{}`.
    pub(crate) fn body(mut self, body: &impl Serialize) -> Self {
        // What is sent is a map of strings, which serde_json always writes.
        self.body = serde_json::to_string(body).ok();
        self
    }

    /// Asks first.
    pub(crate) fn confirm(mut self, question: impl Into<String>) -> Self {
        self.confirm = Some(question.into());
        self
    }

    /// What the page does after success: `reload`, `refresh:#id`, `go:/path`, `show:#id`.
    pub(crate) fn then(mut self, then: impl Into<String>) -> Self {
        self.then = Some(then.into());
        self
    }

    /// What is read out, where the words alone don't say what they are about: `Reload tea`.
    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Looks as if it were dangerous.
    pub(crate) fn danger(mut self) -> Self {
        self.class = "danger";
        self
    }

    /// Looks like what one came here for.
    pub(crate) fn primary(mut self) -> Self {
        self.class = "primary";
        self
    }

    /// Has no frame: for many in a table.
    pub(crate) fn quiet(mut self) -> Self {
        self.class = "quiet";
        self
    }

    /// Is found by Ctrl+K, too.
    pub(crate) fn in_palette(mut self) -> Self {
        self.palette = true;
        self
    }
}

impl Render for Action<'_> {
    fn render(&self) -> Markup {
        html! {
            button.button.(self.class) type="button" data-post=(self.address) data-body=[&self.body] data-confirm=[&self.confirm]
                data-then=[&self.then] aria-label=[&self.label] data-danger[self.class == "danger"] data-palette[self.palette] {
                (self.words)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_button_holds_its_body_escaped() {
        let button = Action::new("Reload", "/p/d/reload").body(&json!({ "name": "a\"b" }));
        let shown = button.render().into_string();
        assert!(
            shown.contains(r#"data-body="{&quot;name&quot;:&quot;a\&quot;b&quot;}""#),
            "{shown}"
        );
        assert!(!shown.contains("data-confirm") && !shown.contains("data-danger"));
    }
}
