//! Embeds, in the bot's colours.

use std::{
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::Duration,
};

use twilight_model::{
    channel::message::{
        Embed,
        embed::{EmbedAuthor, EmbedField, EmbedFooter, EmbedImage, EmbedThumbnail},
    },
    util::Timestamp,
};

use crate::{
    abi::{Colours, Tone},
    time::after,
};

/// The colours that the host told at the start. Statics of this crate are the plugin's own, one set per generation.
static NORMAL: AtomicU32 = AtomicU32::new(Colours::DEFAULT.normal);
static SUCCESS: AtomicU32 = AtomicU32::new(Colours::DEFAULT.success);
static WARNING: AtomicU32 = AtomicU32::new(Colours::DEFAULT.warning);
static ERROR: AtomicU32 = AtomicU32::new(Colours::DEFAULT.error);

pub(crate) fn set_colours(colours: Colours) {
    NORMAL.store(colours.normal, Relaxed);
    SUCCESS.store(colours.success, Relaxed);
    WARNING.store(colours.warning, Relaxed);
    ERROR.store(colours.error, Relaxed);
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
    EmbedBuilder {
        tone: None,
        embed: Embed {
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
        },
    }
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
pub struct EmbedBuilder {
    pub(super) embed: Embed,
    pub(super) tone: Option<Tone>,
}

impl EmbedBuilder {
    /// The text: up to 4,096 characters.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.embed.description = Some(text.into());
        self
    }

    /// The bar's colour as 0xRRGGBB. Without it the bot's own: the owner configures it.
    #[must_use]
    pub const fn colour(mut self, rgb: u32) -> Self {
        self.embed.color = Some(rgb);
        self
    }

    /// Something was done: the bot's colour for it. Such an answer is deleted after a while, if the owner wishes so
    /// (`[answers] delete_success_after_s`).
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn set(ctx: CommandContext) -> Result {
    ///     ctx.reply(embed("Prefix changed").description("It is `?` now.").success()).await
    /// }
    /// ```
    #[must_use]
    pub fn success(self) -> Self {
        self.toned(Tone::Success, &SUCCESS)
    }

    /// Something should be looked at: the bot's colour for it.
    #[must_use]
    pub fn warning(self) -> Self {
        self.toned(Tone::Warning, &WARNING)
    }

    /// Something went wrong: the bot's colour for it. Such an answer is deleted after a while, if the owner wishes so
    /// (`[answers] delete_error_after_s`).
    #[must_use]
    pub fn error(self) -> Self {
        self.toned(Tone::Error, &ERROR)
    }

    fn toned(mut self, tone: Tone, colour: &AtomicU32) -> Self {
        self.tone = Some(tone);
        self.colour(colour.load(Relaxed))
    }

    /// Adds a field (a name of 1 to 256 and a value of 1 to 1,024 characters); Discord accepts up to 25. Fields that are
    /// `inline` stand up to three side by side.
    #[must_use]
    pub fn field(
        mut self,
        name: impl Into<String>,
        value: impl Into<String>,
        inline: bool,
    ) -> Self {
        self.embed.fields.push(EmbedField {
            inline,
            name: name.into(),
            value: value.into(),
        });
        self
    }

    /// The small text at the top: up to 256 characters.
    #[must_use]
    pub fn author(mut self, name: impl Into<String>) -> Self {
        self.embed.author = Some(EmbedAuthor {
            icon_url: None,
            name: name.into(),
            proxy_icon_url: None,
            url: None,
        });
        self
    }

    /// The small text at the bottom: up to 2,048 characters.
    #[must_use]
    pub fn footer(mut self, text: impl Into<String>) -> Self {
        self.embed.footer = Some(EmbedFooter {
            icon_url: None,
            proxy_icon_url: None,
            text: text.into(),
        });
        self
    }

    /// Where the title leads.
    #[must_use]
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.embed.url = Some(url.into());
        self
    }

    /// The large picture: `https://…`, or `attachment://<name>` of a file of the message.
    #[must_use]
    pub fn image(mut self, url: impl Into<String>) -> Self {
        self.embed.image = Some(EmbedImage {
            content_type: None,
            flags: None,
            height: None,
            placeholder: None,
            placeholder_version: None,
            proxy_url: None,
            url: url.into(),
            width: None,
        });
        self
    }

    /// The small picture; addresses as for [`image`](Self::image).
    #[must_use]
    pub fn thumbnail(mut self, url: impl Into<String>) -> Self {
        self.embed.thumbnail = Some(EmbedThumbnail {
            height: None,
            proxy_url: None,
            url: url.into(),
            width: None,
        });
        self
    }

    /// A point in time beside the footer, which each reader sees in their own time zone.
    #[must_use]
    pub const fn timestamp(mut self, at: Timestamp) -> Self {
        self.embed.timestamp = Some(at);
        self
    }

    /// The point in time that it is now, as [`timestamp`](Self::timestamp).
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let report = embed("Report").description("All is well.").footer("as of").now().build();
    /// assert!(report.timestamp.is_some());
    /// ```
    #[must_use]
    pub fn now(mut self) -> Self {
        self.embed.timestamp = after(Duration::ZERO);
        self
    }

    /// The embed: any of its methods may have been left out.
    #[must_use]
    pub fn build(mut self) -> Embed {
        self.embed.color.get_or_insert_with(|| NORMAL.load(Relaxed));
        self.embed
    }
}

impl From<Embed> for EmbedBuilder {
    /// To change a built one. It keeps its colour.
    fn from(embed: Embed) -> Self {
        Self { embed, tone: None }
    }
}
