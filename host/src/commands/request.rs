//! One use of a command, whatever it came by.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::FutureExt;
use host_base::error_id;
use host_loader::EventRecord;
use plugin_api::abi::{CheckCall, CommandHead, ErrorHead, OptionValue, Origin};
use tokio::time::Instant;
use twilight_model::id::Id;

use super::refusal;
use super::{
    CommandRoute,
    checks::{self, NotChecked},
    gate::{self, Asker},
    limits::Use,
    read::{self, Picked, Place},
};
use crate::dispatch::{Dispatch, Invocation};

/// One use of a command.
#[derive(Debug)]
pub(crate) struct Request {
    /// The message or interaction.
    pub(crate) event: Arc<EventRecord>,
    /// Where it came from.
    pub(crate) origin: Origin,
    /// The command.
    pub(crate) route: CommandRoute,
    /// What was given.
    pub(crate) given: Given,
}

/// What was given to a command.
#[derive(Debug)]
pub(crate) enum Given {
    /// A line.
    Line {
        /// The prefix.
        prefix: String,
        /// What stands behind the command's name.
        line: String,
    },
    /// Options of a slash command, or what a context menu was opened on.
    Picked(Box<Picked>),
}

impl Request {
    /// The command as it is typed: `!tag add`, `/tag add`.
    pub(crate) fn name(&self) -> String {
        let path = &self.route.path;
        match &self.given {
            Given::Line { prefix, .. } => format!("{prefix}{path}"),
            Given::Picked(picked) if picked.kind == plugin_api::manifest::CommandKind::Chat => {
                // Where it is grouped, its registered names are others than its own.
                format!("/{}", picked.names.join(" "))
            }
            Given::Picked(_) => path.to_string(),
        }
    }

    async fn options(&self, dispatch: &Dispatch) -> Result<BTreeMap<String, OptionValue>, String> {
        match &self.given {
            Given::Line { prefix, line } => {
                let place = Place::of_message(&dispatch.services, &self.event);
                read::line(prefix, &self.route, line, &place).await
            }
            Given::Picked(picked) => {
                let place = Place::of_interaction(&dispatch.services, &self.event);
                read::picked(&self.route, picked, &place).await
            }
        }
    }
}

/// Carries on as far as it can at once, and in a task of its own from where it has to wait: what need not wait keeps its order.
pub(crate) fn at_once(work: impl Future<Output = ()> + Send + 'static) {
    let mut work = Box::pin(work);
    if (&mut work).now_or_never().is_none() {
        tokio::spawn(work);
    }
}

/// Why a use of a command did not come to its plugin.
enum Stopped {
    /// It may not, or can't: for the member.
    Told(String),
    /// One of the plugin's checks is broken.
    Broken(ErrorHead),
}

impl From<String> for Stopped {
    fn from(text: String) -> Self {
        Self::Told(text)
    }
}

impl From<NotChecked> for Stopped {
    fn from(error: NotChecked) -> Self {
        match error {
            NotChecked::Refused(refused) => Self::Told(refusal(refused)),
            NotChecked::Failed(error) => match error.user_message {
                Some(text) => Self::Told(text),
                None => Self::Broken(error),
            },
        }
    }
}

impl Dispatch {
    /// Serves a use of a command.
    pub(crate) fn serve(self: &Arc<Self>, request: Request) {
        let dispatch = Arc::clone(self);
        at_once(async move {
            let typed = match &request.origin {
                Origin::Message { message_id, .. } => {
                    let replies = &dispatch.services.replies;
                    Some(replies.typed(*message_id, &request.route))
                }
                _ => None,
            };
            match dispatch.admit(&request).await {
                Ok(invocation) => dispatch.follow(invocation.typed(typed)),
                Err(Stopped::Told(text)) => dispatch.say(request.origin, &text).await,
                Err(Stopped::Broken(error)) => {
                    let id = error_id::new();
                    let (plugin, command) = (&*request.route.plugin, &*request.route.path);
                    tracing::error!(
                        plugin,
                        error_id = &*id,
                        "the check of command `{command}` failed: {}",
                        error.message
                    );
                    dispatch.apologise(request.origin, &id).await;
                }
            }
        });
    }

    /// Queues the command, if it may be used so.
    async fn admit(self: &Arc<Self>, request: &Request) -> Result<Invocation, Stopped> {
        let (route, name) = (&request.route, request.name());
        let header = &request.event.header;
        let asker = Asker::of(&request.event);
        gate::check(&self.services, route, &name, &asker)
            .await
            .map_err(|refusal| refusal.text)?;
        let call = CheckCall {
            command: route.path.to_string(),
            user_id: header.user_id,
            guild_id: header.guild().map(Id::get),
            channel_id: header.channel().map(Id::get),
        };
        if let Some(refusal) = checks::ask(route, &call).await? {
            return Err(refusal.into());
        }
        let options = request.options(self).await?;
        let commands = &self.services.commands;
        let running = commands
            .limits
            .enter(Use {
                path: &route.path,
                command: &route.command,
                header,
                default: commands.default_cooldown(),
                now: Instant::now(),
            })
            .map_err(|wait| wait.sentence(&name))?;
        let head = CommandHead {
            kind: route.command.kind,
            command: route.path.to_string(),
            origin: request.origin.clone(),
            options,
            ephemeral: route.command.ephemeral,
            typed: name.clone(),
            checked: true,
        };
        // Looked up anew: what was read may have taken a while, and the plugin may have been swapped or unloaded meanwhile.
        let queued = self
            .routes
            .with_command(route.command.kind, &route.path, |route| {
                Invocation::command(&request.event, route, &head).map_err(refusal)
            });
        let text = match queued {
            Some(Ok(invocation)) => return Ok(invocation.holding(running)),
            Some(Err(text)) => text,
            None => format!("`{name}` has just been unloaded. Please try again later."),
        };
        running.give_back();
        Err(text.into())
    }
}
