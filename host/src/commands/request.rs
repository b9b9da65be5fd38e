//! One use of a command, whatever it came by.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::FutureExt;
use plugin_api::abi::{CommandHead, OptionValue, Origin};

use super::{
    CommandRoute, gate,
    read::{self, Picked, Place},
};
use crate::{
    dispatch::{Dispatch, Invocation},
    plugin::{EventRecord, Refused},
};

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
                format!("/{path}")
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

impl Dispatch {
    /// Serves a use of a command. What can be done at once is done at once, so that a member's commands keep their order.
    pub(crate) fn serve(self: &Arc<Self>, request: Request) {
        let dispatch = Arc::clone(self);
        let mut serving = Box::pin(async move {
            if let Err(text) = dispatch.admit(&request).await {
                dispatch.say(request.origin, &text).await;
            }
        });
        if (&mut serving).now_or_never().is_none() {
            tokio::spawn(serving);
        }
    }

    /// Queues the command, if it may be used so.
    async fn admit(self: &Arc<Self>, request: &Request) -> Result<(), String> {
        gate::check(request).map_err(|refusal| refusal.0)?;
        let options = request.options(self).await?;
        let route = &request.route;
        let head = CommandHead {
            kind: route.command.kind,
            command: route.path.to_string(),
            origin: request.origin.clone(),
            options,
            ephemeral: route.command.ephemeral,
        };
        // Looked up anew: what was read may have taken a while, and the plugin may have been swapped or unloaded meanwhile.
        let queued = self
            .routes
            .with_command(route.command.kind, &route.path, |route| {
                Invocation::command(&request.event, route, &head).map_err(Refused::sentence)
            });
        match queued {
            Some(Ok(invocation)) => {
                self.follow(invocation);
                Ok(())
            }
            Some(Err(text)) => Err(text),
            None => Err(format!(
                "`{}` has just been unloaded. Please try again later.",
                request.name()
            )),
        }
    }
}
