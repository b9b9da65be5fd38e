//! What the handler of a button, select or modal is given.

use std::{collections::HashMap, fmt, ops::Deref, rc::Rc};

use twilight_model::{
    application::interaction::{InteractionChannel, InteractionData, InteractionDataResolved},
    channel::{Attachment, Message},
    guild::Role,
    id::Id,
    user::User,
};

use super::Invocation;
use crate::{
    abi::{ComponentHead, ReplyMode},
    component::Stamp,
    error::{Error, Result},
    host::Host,
    message::NewMessage,
    raw::Parcel,
};

/// What the handler of a button, select or modal is given; `S` is the plugin's state.
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
    invocation: Invocation,
    head: ComponentHead,
}

impl<S> ComponentContext<S> {
    pub(crate) fn new(state: Rc<S>, host: Host, head: ComponentHead, parcel: Parcel) -> Self {
        Self {
            state,
            invocation: Invocation::new(host, head.origin.clone(), parcel, false).inherits(Stamp {
                owner: head.owner,
                timeout_s: head.timeout_s,
            }),
            head,
        }
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
        let mut resolved = self.resolved()?.users;
        Ok(self.ids().filter_map(|id| resolved.remove(&id)).collect())
    }

    /// The roles that were picked.
    ///
    /// # Errors
    ///
    /// As for [`users`](Self::users).
    pub fn roles(&self) -> Result<Vec<Role>> {
        let mut resolved = self.resolved()?.roles;
        Ok(self.ids().filter_map(|id| resolved.remove(&id)).collect())
    }

    /// The channels that were picked.
    ///
    /// # Errors
    ///
    /// As for [`users`](Self::users).
    pub fn channels(&self) -> Result<Vec<InteractionChannel>> {
        let mut resolved = self.resolved()?.channels;
        Ok(self.ids().filter_map(|id| resolved.remove(&id)).collect())
    }

    /// The files that were uploaded in a modal, by the field's id.
    ///
    /// # Errors
    ///
    /// As for [`users`](Self::users).
    pub fn files(&self, id: &str) -> Result<Vec<Attachment>> {
        let mut resolved = self.resolved()?.attachments;
        let ids = self.picked(id).iter().filter_map(|id| id.parse().ok());
        Ok(ids
            .filter_map(|id| resolved.remove(&Id::new_checked(id)?))
            .collect())
    }

    /// All ids that were picked.
    fn ids<T>(&self) -> impl Iterator<Item = Id<T>> {
        let picked = self.head.picked.values().flatten();
        let all = self.head.values.iter().chain(picked);
        all.filter_map(|id| Id::new_checked(id.parse().ok()?))
    }

    fn resolved(&self) -> Result<InteractionDataResolved> {
        let resolved = match self.interaction()?.data {
            Some(InteractionData::MessageComponent(data)) => data.resolved,
            Some(InteractionData::ModalSubmit(data)) => data.resolved,
            _ => None,
        };
        Ok(resolved.unwrap_or(InteractionDataResolved {
            attachments: HashMap::new(),
            channels: HashMap::new(),
            members: HashMap::new(),
            messages: HashMap::new(),
            roles: HashMap::new(),
            users: HashMap::new(),
        }))
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
