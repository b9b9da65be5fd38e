//! Context of the handler of a button, select or modal.

use std::{fmt, ops::Deref, rc::Rc};

use twilight_model::{
    application::interaction::InteractionChannel,
    channel::{Attachment, Message},
    guild::Role,
    user::User,
};

use super::{Invocation, resolved};
use crate::{
    abi::{ComponentHead, ReplyMode},
    error::{Error, Result},
    host::Host,
    message::NewMessage,
    raw::FrameGuard,
};

/// Context of the handler of a button, select or modal; `S` is the plugin's state.
///
/// Who, where and how to answer it has from [`Invocation`].
///
/// ```
/// use std::cell::Cell;
/// use plugin_api::prelude::*;
///
/// #[derive(Default)]
/// struct Poll {
///     votes: Cell<u64>,
/// }
///
/// async fn vote(ctx: ComponentContext<Poll>) -> Result {
///     let votes = ctx.state().votes.get() + 1;
///     ctx.state().votes.set(votes);
///     ctx.update(format!("{}: {votes} votes", ctx.argument())).await
/// }
/// ```
pub struct ComponentContext<S = ()> {
    state: Rc<S>,
    invocation: Rc<Invocation>,
    head: ComponentHead,
}

impl<S> ComponentContext<S> {
    pub(crate) fn new(
        state: Rc<S>,
        host: Host,
        head: ComponentHead,
        frame_guard: FrameGuard,
    ) -> Self {
        let invocation = Invocation::of_component(host, &head, frame_guard);
        Self {
            state,
            invocation: Rc::new(invocation),
            head,
        }
    }

    pub(crate) fn shared(&self) -> Rc<Invocation> {
        Rc::clone(&self.invocation)
    }

    /// The plugin's state.
    #[must_use]
    pub fn state(&self) -> &Rc<S> {
        &self.state
    }

    /// What [`Invocation::custom_id`] was given as its argument; empty when that was.
    #[must_use]
    pub fn argument(&self) -> &str {
        &self.head.argument
    }

    /// The values that were picked in a select; empty for buttons and modals.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn picked(ctx: ComponentContext) -> Result {
    ///     let sort = ctx.values().first().map_or("no", String::as_str);
    ///     ctx.reply(format!("{sort} tea, then.")).await
    /// }
    /// ```
    #[must_use]
    pub fn values(&self) -> &[String] {
        &self.head.values
    }

    /// What a modal's field holds, by the id that it was [made](crate::TextField) with; empty when there is no such
    /// field.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn letter(ctx: ComponentContext) -> Result {
    ///     if ctx.field("text").contains("coffee") {
    ///         return Err(Error::user("this is a tea house"));
    ///     }
    ///     ctx.reply(format!("Sent: {}", ctx.field("subject"))).await
    /// }
    /// ```
    #[must_use]
    pub fn field(&self, id: &str) -> &str {
        self.head.fields.get(id).map_or("", String::as_str)
    }

    /// What was picked in a modal's select, by its id: values, or ids.
    #[must_use]
    pub fn picked(&self, id: &str) -> &[String] {
        self.head.picked.get(id).map_or(&[], Vec::as_slice)
    }

    /// The users that were picked, in a select or in a modal's.
    ///
    /// # Errors
    ///
    /// Discord's interaction can't be read.
    pub fn users(&self) -> Result<Vec<User>> {
        resolved::users(self.raw(), &self.ids())
    }

    /// The roles that were picked.
    ///
    /// # Errors
    ///
    /// As for [`users`](Self::users).
    pub fn roles(&self) -> Result<Vec<Role>> {
        resolved::roles(self.raw(), &self.ids())
    }

    /// The channels that were picked.
    ///
    /// # Errors
    ///
    /// As for [`users`](Self::users).
    pub fn channels(&self) -> Result<Vec<InteractionChannel>> {
        resolved::channels(self.raw(), &self.ids())
    }

    /// The files that were uploaded in a modal, by the field's id.
    ///
    /// # Errors
    ///
    /// As for [`users`](Self::users).
    pub fn files(&self, id: &str) -> Result<Vec<Attachment>> {
        let ids = self.picked(id).iter().filter_map(|id| id.parse().ok());
        let ids: Vec<u64> = ids.collect();
        resolved::attachments(self.raw(), &ids)
    }

    /// All ids that were picked.
    fn ids(&self) -> Vec<u64> {
        let picked = self.head.picked.values().flatten();
        let all = self.head.values.iter().chain(picked);
        all.filter_map(|id| id.parse().ok()).collect()
    }

    /// The message that carries the component, or that carried the one which opened the modal.
    ///
    /// # Errors
    ///
    /// There is none: a command opened the modal.
    pub fn message(&self) -> Result<Box<Message>> {
        let message = self.interaction()?.message;
        message.map(Box::new).ok_or(Error::new(
            "a command has opened the modal: there is no message",
        ))
    }

    /// Changes the message that carries the component, or that carried the one which opened the modal. What the new
    /// message does not mention (its embeds, its components) stays.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn close(ctx: ComponentContext) -> Result {
    ///     ctx.update(NewMessage::from("The poll is closed.").without_components()).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Invocation::reply`]; also for a modal that a command opened, which has no message.
    pub async fn update(&self, message: impl Into<NewMessage>) -> Result {
        self.invocation
            .say(ReplyMode::Update, message.into())
            .await
            .map(drop)
    }
}

impl<S> Deref for ComponentContext<S> {
    type Target = Invocation;

    fn deref(&self) -> &Invocation {
        &self.invocation
    }
}

impl<S> fmt::Debug for ComponentContext<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head.fmt(f)
    }
}
