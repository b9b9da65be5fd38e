//! Messages that are commands.

use std::sync::Arc;

use plugin_api::abi::{Origin, event_flag};

use super::Dispatch;
use crate::{
    commands::{
        request::{Given, Request},
        table::Found,
        usage,
    },
    config::Bot,
    owner,
    plugin::EventRecord,
};

impl Dispatch {
    /// Runs the command that a message is, if it is one.
    pub(super) fn message(self: &Arc<Self>, event: &Arc<EventRecord>) {
        if event.header.flags & event_flag::BOT != 0 {
            return;
        }
        let config = self.config.now();
        let direct = event.header.guild_id == 0;
        let Some((prefix, line)) = self.strip_prefix(&config.bot, &event.content, direct) else {
            return;
        };
        let origin = Origin::Message {
            channel_id: event.header.channel_id,
            message_id: event.header.message_id,
            user_id: event.header.user_id,
        };
        let (name, rest) = match line.find(char::is_whitespace) {
            Some(end) => line.split_at(end),
            None => (line, ""),
        };
        let name = name.to_lowercase();
        if name == owner::OF_MANAGERS {
            return self.managers_command(event, origin, rest.trim());
        }
        if owner::NAMES.contains(&&*name) {
            // Others are not told: owner commands are nobody else's business.
            if self.owner.is_owner(event.header.user_id) {
                self.owner_command(origin, &name, rest.trim());
            }
            return;
        }
        match self.routes.find_command(line) {
            Some((Found::Command(route), line)) => {
                if !route.command.prefix {
                    let text = format!("`{}` is a slash command: type `/{0}`.", route.path);
                    return self.tell(origin, text);
                }
                self.serve(Request {
                    event: Arc::clone(event),
                    origin,
                    route,
                    given: Given::Line {
                        prefix: prefix.to_owned(),
                        line: line.to_owned(),
                    },
                });
            }
            Some((Found::Group(route), typed)) => {
                self.tell(origin, usage::of_group(prefix, &route, typed));
            }
            None => {}
        }
    }

    /// The prefix that a message begins with, and what stands behind it.
    fn strip_prefix<'a>(
        &self,
        bot: &'a Bot,
        content: &'a str,
        direct: bool,
    ) -> Option<(&'a str, &'a str)> {
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
