//! Checks of a plugin's own, before its command runs.

use std::{fmt, rc::Rc};

use twilight_model::{
    guild::Permissions,
    id::{
        Id,
        marker::{ChannelMarker, GuildMarker, UserMarker},
    },
};

use crate::{
    abi::{CheckCall, CheckReply},
    accessors::{surroundings, whereabouts},
    error::{Error, Result},
    handlers::{CommandHandler, EntryHandler},
    host::Host,
    runtime::LocalFuture,
};

pub(crate) type Check<S> = Rc<dyn Fn(CheckContext<S>) -> LocalFuture<Result>>;

/// Context of a check: who wants to use which command, and where; `S` is the plugin's state.
///
/// It is asked before a use is counted and the command's handler is called, and when somebody asks why a command refuses.
pub struct CheckContext<S = ()> {
    state: Rc<S>,
    host: Host,
    call: CheckCall,
}

impl<S> CheckContext<S> {
    surroundings!();

    /// The command's path as declared: `tag add`.
    #[must_use]
    pub fn command(&self) -> &str {
        &self.call.command
    }

    whereabouts!();

    /// Whether it is one of the bot's owners. A check acts for nobody: it is also asked when somebody only wants to know why a
    /// command refuses, so [`Host::acting`] has no user here.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn administrators(ctx: CheckContext) -> Result {
    ///     if ctx.is_owner().await? || ctx.permissions().await?.contains(Permissions::ADMINISTRATOR) {
    ///         return Ok(());
    ///     }
    ///     Err(Error::user("That is for administrators and the bot's owners."))
    /// }
    /// # Plugin::new().command(Command::new("close", "Closes").guild_only().check(administrators).run(async |ctx: CommandContext| ctx.reply("Closed.").await));
    /// ```
    ///
    /// # Errors
    ///
    /// The host does not answer.
    pub async fn is_owner(&self) -> Result<bool> {
        Ok(self
            .host
            .acting()
            .await?
            .owners
            .contains(&self.call.user_id))
    }

    /// What the user may do in this channel, or in the server as a whole where it is about no channel; all in direct messages.
    ///
    /// # Errors
    ///
    /// Discord refused or was out of reach, where the host had to ask it.
    pub async fn permissions(&self) -> Result<Permissions> {
        let Some(guild) = self.guild_id() else {
            return Ok(Permissions::all());
        };
        let cache = self.host.cache();
        let wanted = match self.channel_id() {
            Some(channel) => cache.permissions(guild, self.user_id(), channel),
            None => cache.guild_permissions(guild, self.user_id()),
        };
        wanted.or_fetch().await
    }
}

impl<S> fmt::Debug for CheckContext<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.call.fmt(f)
    }
}

async fn all<S>(checks: &[Check<S>], state: &Rc<S>, host: &Host, call: &CheckCall) -> Result {
    for check in checks {
        check(CheckContext {
            state: Rc::clone(state),
            host: host.clone(),
            call: call.clone(),
        })
        .await?;
    }
    Ok(())
}

/// The handler, behind its checks.
pub(crate) fn before<S: 'static>(
    checks: Vec<Check<S>>,
    handler: CommandHandler<S>,
) -> CommandHandler<S> {
    let checks: Rc<[Check<S>]> = checks.into();
    Rc::new(move |ctx| {
        let (checks, handler) = (Rc::clone(&checks), Rc::clone(&handler));
        Box::pin(async move {
            // A host that asks before it counts the use has said so; an older one leaves it to the plugin.
            if !ctx.is_checked() {
                let call = CheckCall {
                    command: ctx.command().to_owned(),
                    user_id: ctx.user().id.get(),
                    guild_id: ctx.guild_id().map(Id::get),
                    channel_id: Some(ctx.channel_id().get()),
                };
                all(&checks, ctx.state(), ctx.host(), &call).await?;
            }
            handler(ctx).await
        })
    })
}

/// The entry that answers whether somebody may: before each use, and when they ask why not.
/// `further` has the checks behind these.
pub(crate) fn entry<S: 'static>(
    checks: Vec<Check<S>>,
    further: Option<EntryHandler<S>>,
) -> EntryHandler<S> {
    let checks: Rc<[Check<S>]> = checks.into();
    Rc::new(move |state, host, head, frame_guard| {
        let (checks, further) = (Rc::clone(&checks), further.clone());
        let call: Result<CheckCall> =
            serde_json::from_slice(frame_guard.body()).map_err(Error::from);
        Box::pin(async move {
            let refusal = match all(&checks, &state, &host, &call?).await {
                Ok(()) => match further {
                    Some(further) => return further(state, host, head, frame_guard).await,
                    None => None,
                },
                Err(error) => match error.user_message() {
                    Some(text) => Some(text.to_owned()),
                    None => return Err(error),
                },
            };
            Ok(serde_json::to_vec(&CheckReply { refusal })?)
        })
    })
}
