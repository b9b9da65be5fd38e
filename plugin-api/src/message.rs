//! Messages as a plugin writes them.

use serde::Serialize;
use twilight_model::{
    channel::message::{
        AllowedMentions, Component, Embed,
        component::ActionRow,
        embed::{EmbedField, EmbedFooter},
    },
    id::{Id, marker::MessageMarker},
};

use crate::error::Result;

/// A message to send, reply with, or change another into. `&str`, `String` and an embed turn into one, so that most
/// methods take any of them. Discord takes texts of up to 2,000 characters
/// ([reference](https://discord.com/developers/docs/resources/message#create-message)).
///
/// Mentions notify nobody unless [`allow_mentions`](Self::allow_mentions) says so.
///
/// ```
/// use plugin_api::prelude::*;
///
/// let message = NewMessage::from("Done!").embed(embed("Result").description("42").build());
/// assert_eq!(message.to_json()?["embeds"][0]["title"], "Result");
///
/// let alone: NewMessage = embed("Result").build().into();
/// assert_eq!(alone.to_json()?["content"], serde_json::Value::Null);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, Default, Serialize)]
pub struct NewMessage {
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    embeds: Vec<Embed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    components: Option<Vec<Component>>,
    allowed_mentions: AllowedMentions,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_reference: Option<Reference>,
    #[serde(skip)]
    ephemeral: bool,
    #[serde(skip)]
    files: Vec<(String, Vec<u8>)>,
}

/// Which message this one replies to. A message that is gone by then does not fail the reply.
#[derive(Debug, Clone, Serialize)]
struct Reference {
    message_id: String,
    fail_if_not_exists: bool,
}

impl From<&str> for NewMessage {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<String> for NewMessage {
    fn from(text: String) -> Self {
        Self {
            content: Some(text),
            ..Self::default()
        }
    }
}

impl From<Embed> for NewMessage {
    fn from(embed: Embed) -> Self {
        Self::default().embed(embed)
    }
}

impl NewMessage {
    /// Adds an embed; Discord takes up to 10, with 6,000 characters in all.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let days = ["Monday", "Tuesday"].map(|day| embed(day).description("Rain").build());
    /// let forecast = days.into_iter().fold(NewMessage::default(), NewMessage::embed);
    /// assert_eq!(forecast.to_json()?["embeds"][1]["title"], "Tuesday");
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn embed(mut self, embed: Embed) -> Self {
        self.embeds.push(embed);
        self
    }

    /// Adds a [row](https://discord.com/developers/docs/components/reference#action-row) of buttons or one select;
    /// Discord takes up to 5 rows of up to 5 buttons.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn shop(ctx: CommandContext) -> Result {
    ///     let sizes = [("A cup", "cup"), ("A pot", "pot")];
    ///     let menu = select("How much?", ctx.custom_id("size", "")?, sizes);
    ///     let leave = button("Leave", ctx.custom_id("leave", "")?);
    ///     ctx.reply(NewMessage::from("Tea?").row([menu]).row([leave])).await
    /// }
    /// ```
    #[must_use]
    pub fn row(mut self, components: impl IntoIterator<Item = Component>) -> Self {
        let row = Component::ActionRow(ActionRow {
            components: components.into_iter().collect(),
            id: None,
        });
        self.components.get_or_insert_default().push(row);
        self
    }

    /// Takes all components away, when a message is changed into this one.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let sold = NewMessage::from("Sold.").without_components();
    /// assert_eq!(sold.to_json()?["components"], serde_json::json!([]));
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn without_components(mut self) -> Self {
        self.components = Some(Vec::new());
        self
    }

    /// Attaches a file; up to 10, of [10 MiB](https://discord.com/developers/docs/reference#uploading-files) at most
    /// without a boosted server. An embed shows it as `attachment://<name>`.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn export(ctx: CommandContext) -> Result {
    ///     let table = "name,points\nann,3\n";
    ///     ctx.reply(NewMessage::from("The scores:").file("scores.csv", table)).await
    /// }
    /// ```
    #[must_use]
    pub fn file(mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        self.files.push((name.into(), bytes.into()));
        self
    }

    /// Lets mentions notify: the [kinds or
    /// ids](https://discord.com/developers/docs/resources/message#allowed-mentions-object) that `allowed` names, where
    /// the text mentions them.
    ///
    /// ```
    /// use plugin_api::{prelude::*, twilight_model::channel::message::AllowedMentions};
    ///
    /// let ann: Id<marker::UserMarker> = Id::new(80_351_110_224_678_912);
    /// let only_ann = AllowedMentions { users: vec![ann], ..AllowedMentions::default() };
    /// let message = NewMessage::from(format!("<@{ann}>, tea is ready")).allow_mentions(only_ann);
    /// assert_eq!(message.to_json()?["allowed_mentions"]["users"][0], "80351110224678912");
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn allow_mentions(mut self, allowed: AllowedMentions) -> Self {
        self.allowed_mentions = allowed;
        self
    }

    /// For the invoker's eyes alone. By prefix, where Discord has no such thing, it goes to the invoker's direct messages.
    /// For answers only: [`Discord::send`](crate::Discord::send) does not look at it.
    ///
    /// An answer that may take more than two seconds needs a command that is declared
    /// [`ephemeral`](crate::Command::ephemeral), too: once the host has deferred in public, it is refused.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn whisper(ctx: CommandContext) -> Result {
    ///     ctx.reply(NewMessage::from("The key is under the mat.").ephemeral()).await
    /// }
    /// let whisper = Command::new("whisper", "Tells a secret").ephemeral().run(whisper);
    /// # Plugin::new().command(whisper);
    /// ```
    #[must_use]
    pub fn ephemeral(mut self) -> Self {
        self.ephemeral = true;
        self
    }

    /// Makes it a reply to a message of the same channel, or a plain message when that one is gone.
    /// [`Invocation::reply`](crate::Invocation::reply) does so by itself.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn answer(ctx: EventContext<MessageCreate>) -> Result {
    ///     if let (Some(channel), Some(message)) = (ctx.channel_id(), ctx.message_id()) {
    ///         ctx.host().discord().send(channel, NewMessage::from("pong").reply_to(message)).await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn reply_to(mut self, message: Id<MessageMarker>) -> Self {
        self.message_reference = Some(Reference {
            message_id: message.to_string(),
            fail_if_not_exists: false,
        });
        self
    }

    /// The message as Discord's JSON, without its files: for tests, and for routes that take a message inside something
    /// else.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let json = NewMessage::from("@everyone, tea!").to_json()?;
    /// assert_eq!(json["content"], "@everyone, tea!");
    /// assert_eq!(json["allowed_mentions"]["parse"], serde_json::json!([]));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A component can't be written as JSON.
    #[inline(never)]
    pub fn to_json(&self) -> Result<serde_json::Value> {
        Ok(serde_json::to_value(self)?)
    }

    pub(crate) const fn is_ephemeral(&self) -> bool {
        self.ephemeral
    }

    /// The request's body, and the boundary when it is `multipart/form-data`.
    #[inline(never)]
    pub(crate) fn to_body(&self) -> Result<(Vec<u8>, Option<String>)> {
        if self.files.is_empty() {
            return Ok((serde_json::to_vec(self)?, None));
        }
        let mut json = self.to_json()?;
        json["attachments"] = (0..self.files.len())
            .map(|id| serde_json::json!({"id": id, "filename": self.files[id].0}))
            .collect();
        Ok(multipart(&serde_json::to_vec(&json)?, &self.files))
    }
}

/// A `multipart/form-data` body as Discord wants it
/// ([reference](https://discord.com/developers/docs/reference#uploading-files)): `payload_json`, then `files[n]`.
fn multipart(json: &[u8], files: &[(String, Vec<u8>)]) -> (Vec<u8>, Option<String>) {
    // 15 characters, as twilight-http wants it; counted up until no part contains it.
    let boundary = (0u32..)
        .map(|n| format!("cogwright{n:06}"))
        .find(|boundary| {
            let inside = |bytes: &[u8]| bytes.windows(15).any(|w| w == boundary.as_bytes());
            !inside(json) && !files.iter().any(|(_, bytes)| inside(bytes))
        })
        .expect("one of four billion boundaries is in no file");
    let mut body = Vec::new();
    let mut part = |disposition: String, kind: &str, bytes: &[u8]| {
        body.extend_from_slice(
            format!("--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\nContent-Type: {kind}\r\n\r\n")
                .as_bytes(),
        );
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    };
    part("name=\"payload_json\"".into(), "application/json", json);
    for (n, (name, bytes)) in files.iter().enumerate() {
        let name: String = name
            .chars()
            .map(|c| if c == '"' || c.is_control() { '_' } else { c })
            .collect();
        part(
            format!("name=\"files[{n}]\"; filename=\"{name}\""),
            "application/octet-stream",
            bytes,
        );
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (body, Some(boundary))
}

/// Starts an [embed](https://discord.com/developers/docs/resources/message#embed-object) with this title (up to 256
/// characters).
///
/// ```
/// use plugin_api::prelude::*;
///
/// let weather = embed("Weather")
///     .description("Rain, then more rain.")
///     .colour(0x34_6E_B0)
///     .field("Today", "Rain", true)
///     .field("Tomorrow", "Rain", true)
///     .footer("as always")
///     .build();
/// assert_eq!(weather.fields[1].name, "Tomorrow");
/// ```
#[must_use]
pub fn embed(title: impl Into<String>) -> EmbedBuilder {
    EmbedBuilder(Embed {
        author: None,
        color: None,
        description: None,
        fields: Vec::new(),
        flags: None,
        footer: None,
        image: None,
        kind: "rich".into(),
        provider: None,
        thumbnail: None,
        timestamp: None,
        title: Some(title.into()),
        url: None,
        video: None,
    })
}

/// Builds twilight-model's [`Embed`]; whatever is not here can be set on the built one, its fields are public.
///
/// ```
/// use plugin_api::prelude::*;
///
/// let mut article = embed("Rain").description("It rains.").build();
/// article.url = Some("https://example.com/rain".into());
/// let message = NewMessage::from(article);
/// # assert_eq!(message.to_json()?["embeds"][0]["url"], "https://example.com/rain");
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct EmbedBuilder(Embed);

impl EmbedBuilder {
    /// The text: up to 4,096 characters.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.0.description = Some(text.into());
        self
    }

    /// The bar's colour as 0xRRGGBB; grey when there is none.
    #[must_use]
    pub const fn colour(mut self, rgb: u32) -> Self {
        self.0.color = Some(rgb);
        self
    }

    /// Adds a field (a name of 1 to 256 and a value of 1 to 1,024 characters); Discord takes up to 25. Fields that are
    /// `inline` stand up to three side by side.
    #[must_use]
    pub fn field(
        mut self,
        name: impl Into<String>,
        value: impl Into<String>,
        inline: bool,
    ) -> Self {
        self.0.fields.push(EmbedField {
            inline,
            name: name.into(),
            value: value.into(),
        });
        self
    }

    /// The small text at the bottom: up to 2,048 characters.
    #[must_use]
    pub fn footer(mut self, text: impl Into<String>) -> Self {
        self.0.footer = Some(EmbedFooter {
            icon_url: None,
            proxy_icon_url: None,
            text: text.into(),
        });
        self
    }

    /// The embed: any of its methods may have been left out.
    #[must_use]
    pub fn build(self) -> Embed {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::NewMessage;

    #[test]
    fn mentions_are_off_unless_asked_for() {
        let json = NewMessage::from("@everyone").to_json().unwrap();
        assert_eq!(json["allowed_mentions"], serde_json::json!({"parse": []}));
        assert_eq!(json["content"], "@everyone");
        assert!(json.get("components").is_none());
    }

    #[test]
    fn files_make_a_multipart_body_whose_boundary_no_file_contains() {
        let message = NewMessage::from("see").file("a\"b.txt", &b"--cogwright000000 is inside"[..]);
        let (body, boundary) = message.to_body().unwrap();
        let body = String::from_utf8(body).unwrap();
        assert_eq!(boundary.as_deref(), Some("cogwright000001"));
        assert!(body.contains("filename=\"a_b.txt\""), "{body}");
        assert!(body.ends_with("--cogwright000001--\r\n"), "{body}");
    }
}
