//! Pictures of emojis, stickers and servers, which Discord serves from its CDN:
//! <https://discord.com/developers/docs/reference#image-formatting>.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Attachment, World};

/// A picture of one point, for what was put into the world without one.
const POINT: &[u8] = b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\
    \x89\x00\x00\x00\x0dIDATx\x9cc0\xc9\xdb\xf0\x1f\x00\x04~\x02R\xd5\xa3\x89\x16\x00\x00\x00\x00IEND\xaeB`\x82";

impl World {
    /// Keeps the picture of what has this id, which was uploaded as a data URI.
    pub(crate) fn keep_picture(&mut self, id: u64, uri: &str) {
        let data = uri.split_once(";base64,").map(|(_, data)| data);
        if let Some(bytes) = data.and_then(|data| STANDARD.decode(data).ok()) {
            self.keep_picture_file(id, &bytes);
        }
    }

    /// The same of a file.
    pub(crate) fn keep_picture_file(&mut self, id: u64, bytes: &[u8]) {
        let name = match bytes {
            [b'G', b'I', b'F', ..] => "picture.gif",
            [0xff, 0xd8, ..] => "picture.jpg",
            [b'{', ..] => "picture.json",
            _ => "picture.png",
        };
        self.files.insert(id, Attachment::named(name, bytes));
    }

    /// Draws a picture for what has this id.
    pub(super) fn draw_picture(&mut self, id: u64) {
        self.keep_picture_file(id, POINT);
    }
}
