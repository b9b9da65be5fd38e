//! Uploaded files: <https://discord.com/developers/docs/resources/message#attachment-object>.

use serde_json::{Value, json};

use super::{Attachment, World};

/// The largest file that users and bots may upload.
pub(crate) const MAX_FILE_BYTES: usize = 10 * 1024 * 1024;

impl World {
    /// Keeps a file and gives its attachment object; `told` is what was said of it (`description`, …).
    pub(crate) fn keep_file(&mut self, channel: u64, file: Attachment, told: &Value) -> Value {
        let id = self.snowflakes.next();
        self.files.insert(id, file);
        self.attachment_json(channel, id, told).unwrap_or_default()
    }

    /// The attachment object of a file; `None` if there is no such file.
    pub(crate) fn attachment_json(&self, channel: u64, id: u64, told: &Value) -> Option<Value> {
        let file = self.files.get(&id)?;
        let url = format!(
            "{}/attachments/{channel}/{id}/{}",
            self.files_base, file.filename
        );
        let mut json = json!({
            "id": id.to_string(),
            "filename": file.filename,
            "size": file.bytes.len(),
            "url": url,
            "proxy_url": url,
            "content_type": file.content_type,
        });
        if let Some((width, height)) = file.dimensions() {
            json["width"] = json!(width);
            json["height"] = json!(height);
        }
        for key in ["description", "title", "duration_secs", "waveform"] {
            if !told[key].is_null() {
                json[key] = told[key].clone();
            }
        }
        Some(json)
    }
}

impl Attachment {
    /// A file as somebody uploads it; its type goes by its name.
    pub(crate) fn named(filename: &str, bytes: &[u8]) -> Self {
        Self {
            filename: clean(filename),
            content_type: guess_type(filename).to_owned(),
            bytes: bytes.to_vec(),
        }
    }

    /// Width and height, if it is an image (PNG, JPEG, GIF or WebP).
    fn dimensions(&self) -> Option<(usize, usize)> {
        let size = self
            .content_type
            .starts_with("image/")
            .then(|| imagesize::blob_size(&self.bytes).ok())
            .flatten()?;
        Some((size.width, size.height))
    }
}

/// A file's name as Discord keeps it: blanks become underscores, and no other sign could leave the path.
pub(crate) fn clean(filename: &str) -> String {
    let kept = |c: char| match c {
        ' ' => '_',
        c if c.is_alphanumeric() || matches!(c, '.' | '-' | '_') => c,
        _ => '_',
    };
    filename.chars().map(kept).collect()
}

/// The type of a file by its name.
pub(crate) fn guess_type(filename: &str) -> &'static str {
    match filename.rsplit_once('.').map(|(_, extension)| extension) {
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("gif") => "image/gif",
        Some("webp") => "image/webp",
        Some("ogg") => "audio/ogg",
        Some("mp3") => "audio/mpeg",
        Some("mp4") => "video/mp4",
        Some("txt" | "log" | "md") => "text/plain; charset=utf-8",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}
