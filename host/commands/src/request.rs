//! Request: one use of a command, whatever it came by.

use std::{collections::BTreeMap, sync::Arc};

use host_loader::{EventRecord, Refused};
use plugin_api::abi::{CheckCall, CommandHead, ErrorHead, OptionValue, Origin};
use tokio::time::Instant;
use twilight_model::id::Id;

use super::{
    authorize::{self, Invoker, Subject},
    checks::{self, NotChecked},
    limits::{Running, Use},
    pipeline::Pipeline,
    read::{self, Resolver, SlashInput},
    refusal::refusal,
};
use crate::router::CommandRoute;

/// One use of a command.
#[derive(Debug)]
pub struct Request {
    /// The message or interaction.
    pub event: Arc<EventRecord>,
    /// Where it came from.
    pub origin: Origin,
    /// The command.
    pub route: CommandRoute,
    /// What was given.
    pub arguments: Arguments,
}

/// Arguments of a command.
#[derive(Debug)]
pub enum Arguments {
    /// A line.
    Line {
        /// The prefix.
        prefix: String,
        /// What stands behind the command's name.
        line: String,
    },
    /// Options of a slash command, or what a context menu was opened on.
    Slash(Box<SlashInput>),
}

impl Request {
    /// The command as it is typed: `!tag add`, `/tag add`.
    pub fn name(&self) -> String {
        let path = &self.route.path;
        match &self.arguments {
            Arguments::Line { prefix, .. } => format!("{prefix}{path}"),
            Arguments::Slash(picked) if picked.kind == plugin_api::manifest::CommandKind::Chat => {
                // Where it is grouped, its registered names are others than its own.
                format!("/{}", picked.names.join(" "))
            }
            Arguments::Slash(_) => path.to_string(),
        }
    }

    async fn options(&self, commands: &Pipeline) -> Result<BTreeMap<String, OptionValue>, String> {
        match &self.arguments {
            Arguments::Line { prefix, line } => {
                let resolver = Resolver::of_message(commands, &self.event);
                read::line(prefix, &self.route, line, &resolver).await
            }
            Arguments::Slash(picked) => {
                let resolver = Resolver::of_interaction(commands, &self.event);
                read::slash(&self.route, picked, &resolver).await
            }
        }
    }
}

/// Reason for which a use of a command did not come to its plugin.
pub enum Stopped {
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

impl Pipeline {
    /// Takes a use of a command through all that decides about it, and has it queued if it may be used so: by `queue`, which looks
    /// at the plugin as it is then. Also its place among the uses that may run at once.
    ///
    /// # Errors
    ///
    /// What stopped it, and the sentence for the member.
    pub async fn admit<T>(
        &self,
        request: &Request,
        queue: impl FnOnce(&CommandRoute, &CommandHead) -> Result<T, Refused>,
    ) -> Result<(T, Running), Stopped> {
        let (route, name) = (&request.route, request.name());
        let header = &request.event.header;
        let invoker = Invoker::of(&request.event);
        let subject = Subject {
            path: &route.path,
            command: &route.command,
            name: &name,
        };
        authorize::check(&self.policy, &self.cache, subject, &invoker)
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
        let running = self
            .policy
            .limits
            .enter(Use {
                path: &route.path,
                command: &route.command,
                header,
                default: self.policy.default_cooldown(),
                now: Instant::now(),
            })
            .map_err(|wait| wait.sentence(&name))?;
        let head = CommandHead {
            kind: route.command.kind,
            command: route.path.to_string(),
            origin: request.origin.clone(),
            options,
            ephemeral: route
                .command
                .is_private(matches!(request.origin, Origin::Message { .. })),
            typed: name.clone(),
            checked: true,
        };
        // Looked up anew: what was read may have taken a while, and the plugin may have been swapped or unloaded meanwhile.
        let queued = self
            .routes
            .with_command(route.command.kind, &route.path, |route| queue(route, &head));
        let text = match queued {
            Some(Ok(queued)) => return Ok((queued, running)),
            Some(Err(refused)) => refusal(refused),
            None => format!("`{name}` has just been unloaded. Please try again later."),
        };
        running.give_back();
        Err(text.into())
    }
}
