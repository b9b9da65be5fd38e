//! Encoding of a message for the host: in pieces, with its files, and with what its body can't say.

use std::time::Duration;

use super::{File, NewMessage, limits, multipart, split};
use crate::{
    abi::{ReplyCall, RequestCall},
    error::{Error, Result},
};

impl NewMessage {
    /// The messages that this one is sent as: one, unless its text is too long. The last carries the rest.
    pub(crate) fn pieces(mut self) -> Vec<Self> {
        let Some(text) = self
            .content
            .take_if(|text| text.chars().count() > split::TEXT_LIMIT)
        else {
            return vec![self];
        };
        let mut texts = split::split(&text, split::TEXT_LIMIT);
        self.content = texts.pop();
        let before = texts.into_iter().map(|text| Self {
            content: Some(text),
            allowed_mentions: self.allowed_mentions.clone(),
            // The first one replies.
            message_reference: self.message_reference.take(),
            ephemeral: self.ephemeral,
            tone: self.tone,
            delete_after: self.delete_after,
            ..Self::default()
        });
        let mut pieces: Vec<_> = before.collect();
        pieces.push(self);
        pieces
    }

    /// Tells a host call what the message's body can't say.
    pub(crate) fn tell(&self, call: &mut ReplyCall) {
        call.tone = self.tone;
        call.delete_after_ms = self.delete_after.map(milliseconds);
    }

    /// As [`tell`](Self::tell), for a message to a channel.
    pub(crate) fn tell_request(&self, call: &mut RequestCall) {
        call.delete_after_ms = self.delete_after.map(milliseconds);
    }

    /// The request's body, and the boundary when it is `multipart/form-data`.
    #[inline(never)]
    pub(crate) fn to_body(&self) -> Result<(Vec<u8>, Option<String>)> {
        self.check()?;
        if self.files.is_empty() {
            return Ok((serde_json::to_vec(self)?, None));
        }
        let json = serde_json::to_vec(&self.with_attachments()?)?;
        Ok(multipart(&json, &self.files))
    }

    /// As Discord's JSON, and the files that go beside it.
    #[inline(never)]
    pub(crate) fn into_parts(self) -> Result<(serde_json::Value, Vec<File>)> {
        self.check()?;
        Ok((self.with_attachments()?, self.files))
    }

    fn with_attachments(&self) -> Result<serde_json::Value> {
        let mut json = self.to_json()?;
        if !self.files.is_empty() {
            json["attachments"] = (0..self.files.len())
                .map(|id| serde_json::json!({"id": id, "filename": self.files[id].0}))
                .collect();
        }
        Ok(json)
    }

    fn check(&self) -> Result {
        let characters = self.content.as_ref().map_or(0, |text| text.chars().count());
        if characters > split::TEXT_LIMIT {
            return Err(Error::new(format!(
                "the text has {characters} characters, and a message that is changed takes {}: send a new one, which \
                 may become several messages",
                split::TEXT_LIMIT
            )));
        }
        limits::check_embeds(&self.embeds)
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::NewMessage;

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
