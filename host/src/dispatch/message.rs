//! Messages that are commands.

use std::sync::Arc;

use plugin_api::abi::{CommandHead, Origin, event_flag};

use super::{Dispatch, arguments, invocation::Invocation};
use crate::{
    owner,
    plugin::{EventRecord, Refused},
};

impl Dispatch {
    /// Runs the command that a message is, if it is one.
    pub(super) fn message(self: &Arc<Self>, event: &Arc<EventRecord>) {
        if event.header.flags & event_flag::BOT != 0 {
            return;
        }
        let Some((prefix, line)) = self.strip_prefix(&event.content, event.header.guild_id == 0)
        else {
            return;
        };
        let (name, rest) = match line.find(char::is_whitespace) {
            Some(end) => line.split_at(end),
            None => (line, ""),
        };
        let name = name.to_lowercase();
        let origin = Origin::Message {
            channel_id: event.header.channel_id,
            message_id: event.header.message_id,
            user_id: event.header.user_id,
        };
        if owner::NAMES.contains(&&*name) {
            // Others are not told: owner commands are nobody else's business.
            if self.owner.is_owner(event.header.user_id) {
                self.owner_command(origin, &name, rest.trim());
            }
            return;
        }
        let queued = self.routes.with_command(&name, |route| {
            if !route.command.prefix {
                return Err(format!(
                    "`{name}` is a slash command: type `/{}`.",
                    route.command.name
                ));
            }
            if route.command.guild_only && event.header.guild_id == 0 {
                return Err(format!("`{prefix}{name}` works in servers only."));
            }
            let options = arguments::read(prefix, &route.command, rest)?;
            let head = CommandHead {
                command: route.command.name.clone(),
                origin: origin.clone(),
                options,
                ephemeral: route.command.ephemeral,
            };
            Invocation::command(event, route, &head).map_err(Refused::sentence)
        });
        match queued {
            Some(Ok(invocation)) => self.follow(invocation),
            Some(Err(text)) => self.tell(origin, text),
            None => {}
        }
    }

    /// The prefix that a message begins with, and what stands behind it.
    fn strip_prefix<'a>(&'a self, content: &'a str, direct: bool) -> Option<(&'a str, &'a str)> {
        let bot = &self.config.bot;
        if let Some(line) = content.strip_prefix(&*bot.prefix) {
            // `! echo` is a sentence, `!echo` is a command.
            return (!line.is_empty() && !line.starts_with(char::is_whitespace))
                .then_some((&*bot.prefix, line));
        }
        if bot.mention_prefix
            && let Some(line) = self.strip_mention(content)
        {
            return (!line.is_empty()).then_some((&*bot.prefix, line));
        }
        // In direct messages there is nobody else to talk to.
        (direct && !content.is_empty()).then_some(("", content))
    }

    fn strip_mention<'a>(&self, content: &'a str) -> Option<&'a str> {
        let inside = content.strip_prefix("<@")?;
        let (id, line) = inside.trim_start_matches('!').split_once('>')?;
        (id.parse() == Ok(self.services.bot_id())).then(|| line.trim_start())
    }
}
