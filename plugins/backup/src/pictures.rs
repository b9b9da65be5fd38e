//! Pictures of emojis, stickers and servers: where Discord has them, and how they cross as text.

use base64::{Engine, engine::general_purpose::STANDARD};
use plugin_api::prelude::*;

use crate::{
    Options,
    model::{Item, Kind, Snowflake},
};

/// The largest picture that is kept: Discord takes icons of 10 MiB, and the host reads 8 MiB.
const MOST: u64 = 8 * 1024 * 1024;

/// Where Discord has an item's picture, below its address for pictures
/// ([reference](https://discord.com/developers/docs/reference#image-formatting)).
pub(crate) fn place(kind: Kind, item: &Item) -> String {
    let id = item.id;
    match (kind, item.sort) {
        (Kind::Sticker, 3) => format!("stickers/{id}.json"),
        (Kind::Sticker, 4) => format!("stickers/{id}.gif"),
        (Kind::Sticker, _) => format!("stickers/{id}.png"),
        (_, 1) => format!("emojis/{id}.gif"),
        _ => format!("emojis/{id}.png"),
    }
}

/// The same of a role's icon.
pub(crate) fn role_icon(role: Snowflake, hash: &str) -> String {
    format!("role-icons/{role}/{hash}.png")
}

/// The same of a server's icon.
pub(crate) fn icon(guild: Snowflake, hash: &str) -> String {
    let kind = if hash.starts_with("a_") { "gif" } else { "png" };
    format!("icons/{guild}/{hash}.{kind}")
}

/// Fetches a picture; an error says why there is none.
pub(crate) async fn fetch(host: &Host, place: &str) -> Result<Vec<u8>> {
    let base = Options::of(host)?.pictures;
    let url = format!("{}/{place}", base.trim_end_matches('/'));
    let response = host
        .web()
        .get(url)
        .max_bytes(MOST)
        .send()
        .await?
        .success()?;
    Ok(response.bytes().to_vec())
}

/// A picture as Discord takes it ([image data](https://discord.com/developers/docs/reference#image-data)).
pub(crate) fn to_uri(bytes: &[u8]) -> String {
    let kind = match bytes {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [b'G', b'I', b'F', b'8', ..] => "image/gif",
        [0xff, 0xd8, ..] => "image/jpeg",
        [b'R', b'I', b'F', b'F', ..] => "image/webp",
        [b'{', ..] => "application/json",
        _ => "application/octet-stream",
    };
    format!("data:{kind};base64,{}", STANDARD.encode(bytes))
}

/// The bytes of a picture, and what a file of it is called; `None`: it is no data URI.
pub(crate) fn from_uri(uri: &str) -> Option<(Vec<u8>, &'static str)> {
    let (kind, text) = uri.strip_prefix("data:")?.split_once(";base64,")?;
    let name = match kind {
        "image/gif" => "sticker.gif",
        "application/json" => "sticker.json",
        _ => "sticker.png",
    };
    Some((STANDARD.decode(text).ok()?, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::server;

    #[test]
    fn pictures_cross_as_text_and_come_back() {
        for (bytes, kind, name) in [
            (&b"\x89PNG\r\n"[..], "image/png", "sticker.png"),
            (b"GIF89a", "image/gif", "sticker.gif"),
            (b"{}", "application/json", "sticker.json"),
        ] {
            let uri = to_uri(bytes);
            assert!(uri.starts_with(&format!("data:{kind};")), "{uri}");
            assert_eq!(from_uri(&uri), Some((bytes.to_vec(), name)));
        }
        assert_eq!(from_uri("https://example.com/a.png"), None);
        assert_eq!(from_uri("data:image/png;base64,?"), None);
    }

    #[test]
    fn where_they_are_goes_by_kind_and_format() {
        let server = server();
        let (mut emoji, mut sticker) = (server.emojis[0].clone(), server.stickers[0].clone());
        assert_eq!(place(Kind::Emoji, &emoji), "emojis/40.png");
        emoji.sort = 1;
        assert_eq!(place(Kind::Emoji, &emoji), "emojis/40.gif");
        assert_eq!(place(Kind::Sticker, &sticker), "stickers/50.png");
        sticker.sort = 3;
        assert_eq!(place(Kind::Sticker, &sticker), "stickers/50.json");
        assert_eq!(icon(server.server.id, "a_1f"), "icons/1/a_1f.gif");
    }
}
