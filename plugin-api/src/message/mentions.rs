//! Allowed mentions: whom a message notifies.

use twilight_model::{
    channel::message::{AllowedMentions, MentionType},
    id::{
        Id,
        marker::{RoleMarker, UserMarker},
    },
};

use super::NewMessage;

impl NewMessage {
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

    /// Lets these users be notified, where the text mentions them.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn poke(ctx: CommandContext) -> Result {
    ///     let whom: Id<marker::UserMarker> = ctx.option("user")?;
    ///     ctx.reply(NewMessage::from(format!("<@{whom}>, tea is ready")).allow_users([whom])).await
    /// }
    /// ```
    #[must_use]
    pub fn allow_users(mut self, users: impl IntoIterator<Item = Id<UserMarker>>) -> Self {
        self.allowed_mentions.users.extend(users);
        self
    }

    /// Lets these roles be notified, where the text mentions them.
    #[must_use]
    pub fn allow_roles(mut self, roles: impl IntoIterator<Item = Id<RoleMarker>>) -> Self {
        self.allowed_mentions.roles.extend(roles);
        self
    }

    /// Lets `@everyone` and `@here` notify, where the text says so and the bot may.
    #[must_use]
    pub fn allow_everyone(mut self) -> Self {
        self.allowed_mentions.parse.push(MentionType::Everyone);
        self
    }
}
