//! User of an invocation.

use twilight_model::id::{Id, marker::UserMarker};

use crate::raw::FrameGuard;

/// The user of a command or a component.
///
/// ```
/// use plugin_api::prelude::*;
///
/// async fn greet(ctx: CommandContext) -> Result {
///     let user = ctx.user();
///     tracing::info!(id = user.id.get(), name = user.name, "greeted");
///     ctx.reply(format!("Hello, {}!", user.mention())).await
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct User<'a> {
    /// Id.
    pub id: Id<UserMarker>,
    /// The user name (unique, and not what the server displays).
    pub name: &'a str,
}

impl User<'_> {
    /// `<@id>`: the user's name in Discord's
    /// [markup](https://discord.com/developers/docs/reference#message-formatting). Notifies nobody, unless
    /// [`NewMessage::allow_mentions`](crate::NewMessage::allow_mentions) says so.
    #[must_use]
    pub fn mention(&self) -> String {
        format!("<@{}>", self.id)
    }
}

pub(super) fn user(frame_guard: &FrameGuard) -> User<'_> {
    let header = frame_guard.header();
    User {
        // 1 is no user's id: the oldest snowflake in use is far above.
        id: Id::new_checked(header.header.user_id).unwrap_or(Id::new(1)),
        name: header.user_name,
    }
}
