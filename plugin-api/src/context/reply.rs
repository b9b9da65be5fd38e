//! Reply handle, to edit or delete what was answered.

use std::fmt;

use twilight_model::id::{
    Id,
    marker::{ChannelMarker, MessageMarker},
};

use crate::{
    abi::{Answered, Origin, ReplyCall, ReplyMode},
    component::ComponentScope,
    error::{Error, Result},
    host::Host,
    message::NewMessage,
};

/// An answer that was sent: what [`Invocation::send`](crate::Invocation::send) returns. It may be kept beyond the
/// handler, in a background task for example.
///
/// ```
/// use std::time::Duration;
/// use plugin_api::prelude::*;
///
/// async fn brew(ctx: CommandContext) -> Result {
///     let cup = ctx.send("The water is on.").await?;
///     tokio::time::sleep(Duration::from_secs(180)).await;
///     cup.edit("Tea is ready.").await
/// }
/// ```
#[derive(Clone)]
pub struct Reply {
    host: Host,
    origin: Origin,
    usual: ComponentScope,
    sent: Vec<Answered>,
}

impl Reply {
    pub(super) const fn new(
        host: Host,
        origin: Origin,
        usual: ComponentScope,
        sent: Vec<Answered>,
    ) -> Self {
        Self {
            host,
            origin,
            usual,
            sent,
        }
    }

    /// The message; the last one where a long text has become several.
    #[must_use]
    pub fn message_id(&self) -> Option<Id<MessageMarker>> {
        self.last().message_id.and_then(Id::new_checked)
    }

    /// Where it is: a private answer to a command by prefix is in the member's direct messages.
    #[must_use]
    pub fn channel_id(&self) -> Option<Id<ChannelMarker>> {
        self.last().channel_id.and_then(Id::new_checked)
    }

    /// Changes the message. What `new` does not mention (embeds, components) stays.
    ///
    /// # Errors
    ///
    /// Discord refused: the message is gone, say; or Discord's 15 minutes for a private answer are over.
    pub async fn edit(&self, new: impl Into<NewMessage>) -> Result {
        let mut new = new.into();
        new.scope(self.usual)?;
        let (body, boundary) = new.to_body()?;
        let mut call = self.call(ReplyMode::Edit, self.last())?;
        new.tell(&mut call);
        call.multipart_boundary = boundary;
        self.host.answer(call, body).await.map(drop)
    }

    /// Deletes the message; all of them where a long text has become several.
    ///
    /// # Errors
    ///
    /// As for [`edit`](Self::edit).
    pub async fn delete(&self) -> Result {
        for sent in &self.sent {
            let call = self.call(ReplyMode::Delete, *sent)?;
            self.host.answer(call, Vec::new()).await?;
        }
        Ok(())
    }

    fn last(&self) -> Answered {
        self.sent.last().copied().unwrap_or_default()
    }

    fn call(&self, mode: ReplyMode, sent: Answered) -> Result<ReplyCall> {
        if sent.message_id.is_none() {
            return Err(Error::new(
                "this host does not say which message it has sent: update the host",
            ));
        }
        Ok(ReplyCall {
            message_id: sent.message_id,
            channel_id: sent.channel_id,
            ..ReplyCall::new(self.origin.clone(), mode)
        })
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("sent", &self.sent)
            .finish_non_exhaustive()
    }
}
