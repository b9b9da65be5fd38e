//! Users' files: on messages, and as options of commands.

use serde_json::{Value, json};
use twilight_model::guild::Permissions;

use super::{Actor, place::with_mentions};
use crate::{
    error::Error,
    view::MessageView,
    world::{Attachment, Draft, MAX_FILE_BYTES},
};

/// Files in one message.
const MAX_FILES: usize = 10;

impl Actor {
    /// Sends a message with files, each a name and its bytes; the text may be empty.
    ///
    /// # Errors
    ///
    /// As [`Actor::says`]; [`Error::Refused`] also if the user may not attach files there, or for more than ten
    /// files or a file of more than 10 MiB.
    pub async fn sends(
        &self,
        channel: &str,
        text: &str,
        files: &[(&str, &[u8])],
    ) -> Result<MessageView, Error> {
        self.send_files(channel, text, files, None)
    }

    /// As [`Actor::sends`], perhaps as a reply to a message.
    pub(crate) fn send_files(
        &self,
        channel: &str,
        text: &str,
        files: &[(&str, &[u8])],
        reference: Option<u64>,
    ) -> Result<MessageView, Error> {
        let channel = self.channel(channel)?;
        if files.is_empty() || files.len() > MAX_FILES || text.chars().count() > 2000 {
            let limits = "such a message has 1 to 10 files and at most 2000 characters";
            return Err(Error::Refused(limits.to_owned()));
        }
        self.shared.change(|state| {
            let world = &mut state.world;
            self.may_write(world, channel)?;
            if !world.may(self.user, channel, Permissions::ATTACH_FILES) {
                let refused = format!("{} may not attach files there", self.name);
                return Err(Error::Refused(refused));
            }
            let mut attachments = Vec::new();
            for (name, bytes) in files {
                small_enough(name, bytes)?;
                let file = Attachment::named(name, bytes);
                attachments.push(world.keep_file(channel, file, &Value::Null));
            }
            let draft = Draft {
                content: Some(with_mentions(world, channel, text)),
                attachments: Some(attachments),
                reference,
                ..Draft::default()
            };
            let id = world.post(channel, self.user, draft);
            let sent = world.message(channel, id).map(|sent| world.view(sent));
            sent.ok_or_else(|| Error::Refused("the channel is gone".to_owned()))
        })
    }

    /// Uploads a file and gives what stands for it as the value of a command's option or of a modal's field.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] for more than 10 MiB.
    pub fn uploads(&self, name: &str, bytes: &[u8]) -> Result<Value, Error> {
        small_enough(name, bytes)?;
        let file = Attachment::named(name, bytes);
        let kept = self
            .shared
            .change(|state| state.world.keep_file(self.user, file, &Value::Null));
        Ok(json!(kept["id"]))
    }
}

fn small_enough(name: &str, bytes: &[u8]) -> Result<(), Error> {
    if bytes.len() <= MAX_FILE_BYTES {
        return Ok(());
    }
    Err(Error::Refused(format!("`{name}` has more than 10 MiB")))
}
