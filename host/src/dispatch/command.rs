//! Dispatch of commands: taken through the pipeline, then followed; and autocompletion while a member types.

use std::sync::Arc;

use futures_util::FutureExt;
use host_base::error_id;
use host_discord::reply::Typed;
use host_loader::EventRecord;
use plugin_api::{abi::Origin, hook::CommandError};
use twilight_model::id::Id;

use super::{Dispatch, invocation::Invocation};
use crate::services::Failed;
use host_commands::{
    autocomplete::AutocompleteQuery,
    request::{Request, Stopped},
    router::CommandRoute,
};

/// Carries on as far as it can at once, and in a task of its own from where it has to wait: what need not wait keeps its order.
pub(super) fn at_once(work: impl Future<Output = ()> + Send + 'static) {
    let mut work = Box::pin(work);
    if (&mut work).now_or_never().is_none() {
        tokio::spawn(work);
    }
}

impl Dispatch {
    /// Serves a use of a command.
    pub(super) fn serve(self: &Arc<Self>, request: Request) {
        let dispatch = Arc::clone(self);
        let work = self.under_way(&request.origin, &request.event);
        at_once(async move {
            let typed = dispatch.typed(&request);
            let queue = |route: &CommandRoute, head: &_| {
                Invocation::command(&request.event, route, head, &work)
            };
            match dispatch.commands.admit(&request, queue).await {
                Ok((invocation, running)) => {
                    return dispatch.follow(invocation.holding(running).typed(typed), work);
                }
                // Its plugin may be gone because the bot goes.
                Err(_) if dispatch.stopping.is_cancelled() => return work.leave(),
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
                    let header = &request.event.header;
                    dispatch.services.failed(Failed::Command(CommandError {
                        command: command.to_owned(),
                        plugin: plugin.to_owned(),
                        user_id: header.user_id,
                        guild_id: header.guild().map(Id::get),
                        channel_id: header.channel_id,
                        error: format!("its check failed: {}", error.message),
                        error_id: id.clone(),
                    }));
                    dispatch.apologise(request.origin, &id).await;
                }
            }
            work.finish();
        });
    }

    /// Remembers a command that came with a message as what answers to the message are about.
    fn typed(&self, request: &Request) -> Option<Typed> {
        let Origin::Message { message_id, .. } = &request.origin else {
            return None;
        };
        let (route, replies) = (&request.route, &self.services.replies);
        let slash = self.commands.registered().slash(&route.path);
        Some(replies.typed(*message_id, route.command.is_private(true), slash))
    }

    /// Proposes values for what is being typed.
    pub(super) fn autocomplete(
        self: &Arc<Self>,
        event: Arc<EventRecord>,
        route: CommandRoute,
        (id, token): (u64, String),
        asked: AutocompleteQuery,
    ) {
        let dispatch = Arc::clone(self);
        tokio::spawn(async move {
            let choices = dispatch.commands.autocomplete(&event, &route, &asked).await;
            let replies = &dispatch.services.replies;
            if let Err(failure) = replies.propose(id, &token, choices.into()).await {
                tracing::debug!(
                    command = &*route.path,
                    "values could not be proposed: {failure}"
                );
            }
        });
    }
}
