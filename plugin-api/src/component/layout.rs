//! Layout components: parts of a message that is laid out ([`NewMessage::layout`](crate::NewMessage::layout)).

use twilight_model::channel::message::{
    Component,
    component::{
        ActionRow, Container, FileDisplay, MediaGallery, MediaGalleryItem, Section, Separator,
        SeparatorSpacingSize, TextDisplay, Thumbnail, UnfurledMediaItem,
    },
};

/// Text, with Discord's markup. All texts of a message have up to 4,000 characters together.
#[must_use]
pub fn text(content: impl Into<String>) -> Component {
    Component::TextDisplay(TextDisplay {
        content: content.into(),
        id: None,
    })
}

/// A row of up to five buttons, or of one select.
#[must_use]
pub fn row<C: Into<Component>>(components: impl IntoIterator<Item = C>) -> Component {
    Component::ActionRow(ActionRow {
        components: components.into_iter().map(Into::into).collect(),
        id: None,
    })
}

/// Text (of up to three parts, `content` may be several) with a button or a [`thumbnail`] beside it.
#[must_use]
pub fn section<T: Into<String>>(
    content: impl IntoIterator<Item = T>,
    beside: impl Into<Component>,
) -> Component {
    Component::Section(Section {
        accessory: Box::new(beside.into()),
        components: content.into_iter().map(text).collect(),
        id: None,
    })
}

/// A small picture beside a [`section`]: `https://…`, or `attachment://<name>` of a file of the message.
#[must_use]
pub fn thumbnail(url: impl Into<String>) -> Component {
    Component::Thumbnail(Thumbnail {
        description: None,
        id: None,
        media: media(url.into()),
        spoiler: None,
    })
}

/// A frame around other parts, with a bar of this colour (0xRRGGBB) at its side, or without one.
#[must_use]
pub fn container(
    colour: impl Into<Option<u32>>,
    parts: impl IntoIterator<Item = Component>,
) -> Component {
    Component::Container(Container {
        accent_color: colour.into().map(Some),
        components: parts.into_iter().collect(),
        id: None,
        spoiler: None,
    })
}

/// Up to ten pictures or videos; addresses as for a [`thumbnail`].
#[must_use]
pub fn gallery<U: Into<String>>(urls: impl IntoIterator<Item = U>) -> Component {
    let item = |url: U| MediaGalleryItem {
        description: None,
        media: media(url.into()),
        spoiler: None,
    };
    Component::MediaGallery(MediaGallery {
        id: None,
        items: urls.into_iter().map(item).collect(),
    })
}

/// A line between parts.
#[must_use]
pub const fn separator() -> Component {
    space(true, SeparatorSpacingSize::Small)
}

/// Room between parts, without a line.
#[must_use]
pub const fn gap() -> Component {
    space(false, SeparatorSpacingSize::Large)
}

const fn space(divider: bool, spacing: SeparatorSpacingSize) -> Component {
    Component::Separator(Separator {
        divider: Some(divider),
        id: None,
        spacing: Some(spacing),
    })
}

/// A file of the message, by its name.
#[must_use]
pub fn file(name: &str) -> Component {
    Component::File(FileDisplay {
        file: media(format!("attachment://{name}")),
        id: None,
        spoiler: None,
    })
}

const fn media(url: String) -> UnfurledMediaItem {
    UnfurledMediaItem {
        content_type: None,
        height: None,
        proxy_url: None,
        url,
        width: None,
    }
}
