//! Actions: requests of a known kind, to be awaited.

use std::fmt;

use super::{Request, Response};
use crate::{error::Result, runtime::LocalFuture};

/// A request of a known kind: it is sent when it is awaited.
///
/// ```
/// use plugin_api::prelude::*;
///
/// async fn crown(ctx: CommandContext) -> Result {
///     let guild = ctx.guild()?;
///     let (winner, role) = (ctx.option("winner")?, ctx.option("role")?);
///     ctx.host().discord().add_role(guild, winner, role).reason("won the quiz").await?;
///     ctx.reply("Long live the winner!").await
/// }
/// ```
#[must_use = "an action does nothing until it is awaited"]
pub struct Action<T = ()> {
    /// Or why it can't be sent.
    request: Result<Request>,
    read: fn(&Response) -> Result<T>,
}

impl<T> Action<T> {
    pub(super) const fn new(request: Request, read: fn(&Response) -> Result<T>) -> Self {
        Self::of(Ok(request), read)
    }

    pub(super) const fn of(request: Result<Request>, read: fn(&Response) -> Result<T>) -> Self {
        Self { request, read }
    }

    /// A reason for the server's [audit log](https://discord.com/developers/docs/resources/audit-log): up to 512 characters.
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.request = self.request.map(|request| request.reason(reason));
        self
    }
}

impl Action {
    /// An action of whose response nothing is wanted.
    pub(super) const fn done(request: Request) -> Self {
        Self::new(request, |_| Ok(()))
    }
}

impl<T: 'static> IntoFuture for Action<T> {
    type Output = Result<T>;
    type IntoFuture = LocalFuture<Result<T>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { (self.read)(&self.request?.send().await?) })
    }
}

impl<T> fmt::Debug for Action<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.request.fmt(f)
    }
}
