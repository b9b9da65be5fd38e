//! Messages that are commands.

use std::sync::Arc;

use plugin_api::abi::{Origin, event_flag};

use super::Dispatch;
use crate::{
    commands::{
        request::{Given, Request, at_once},
        table::Found,
        usage,
    },
    owner,
    plugin::EventRecord,
    services::commands::GuildRules,
};

/// What a message to the bot begins with.
#[derive(Clone, Copy)]
struct Means<'a> {
    prefix: &'a str,
    /// Whether a mention of the bot works like the prefix.
    mention: bool,
    /// Whether it is a direct message.
    direct: bool,
}

impl Dispatch {
    /// Runs the command that a message is, if it is one.
    pub(super) fn message(self: &Arc<Self>, event: &Arc<EventRecord>) {
        if event.header.flags & event_flag::BOT != 0 || event.content.is_empty() {
            return;
        }
        let (guild, rules) = (event.header.guild_id, &self.services.commands.rules);
        if let Some(rules) = rules.now(guild) {
            return self.message_by(event, &rules);
        }
        let (dispatch, event) = (Arc::clone(self), Arc::clone(event));
        at_once(async move {
            let rules = dispatch.services.commands.rules.of(guild).await;
            let rules = rules.unwrap_or_else(|error| {
                tracing::error!(
                    guild,
                    "the server's prefix can't be read, the bot's is used: {error}"
                );
                Arc::default()
            });
            dispatch.message_by(&event, &rules);
        });
    }

    /// By a server's rules.
    fn message_by(self: &Arc<Self>, event: &Arc<EventRecord>, rules: &GuildRules) {
        let config = self.config.now();
        let means = Means {
            prefix: rules.prefix.as_deref().unwrap_or(&config.bot.prefix),
            mention: rules.mention_prefix.unwrap_or(config.bot.mention_prefix),
            direct: event.header.guild_id == 0,
        };
        let Some((prefix, line)) = self.strip_prefix(means, &event.content) else {
            return;
        };
        let origin = Origin::Message {
            channel_id: event.header.channel_id,
            message_id: event.header.message_id,
            user_id: event.header.user_id,
        };
        if line.is_empty() {
            return self.introduce(origin, prefix);
        }
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
                    let text = match self.routes.registered().slash(&route.path) {
                        Some(slash) => {
                            format!("`{}` is a slash command: type `{slash}`.", route.path)
                        }
                        None => format!(
                            "`{}` is a slash command, and Discord has not taken it.",
                            route.path
                        ),
                    };
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

    /// What a member is told who has only mentioned the bot.
    fn introduce(self: &Arc<Self>, origin: Origin, prefix: &str) {
        let help = match self.routes.find_command("help") {
            Some(_) => format!(" `{prefix}help` shows them."),
            None => String::new(),
        };
        let text = format!(
            "Hello! Commands begin with `{prefix}` here, or with a mention of me; type `/` to see those that Discord lists.{help}"
        );
        self.tell(origin, text);
    }

    /// The prefix that a message begins with, and what stands behind it; nothing, when it is only a mention of the bot.
    fn strip_prefix<'a>(&self, means: Means<'a>, content: &'a str) -> Option<(&'a str, &'a str)> {
        if let Some(line) = content.strip_prefix(means.prefix) {
            // `! echo` is a sentence, `!echo` is a command.
            return (!line.is_empty() && !line.starts_with(char::is_whitespace))
                .then_some((means.prefix, line));
        }
        if let Some(line) = self.strip_mention(content)
            && (means.mention || line.is_empty())
        {
            return Some((means.prefix, line));
        }
        // In direct messages there is nobody else to talk to.
        means.direct.then_some(("", content))
    }

    fn strip_mention<'a>(&self, content: &'a str) -> Option<&'a str> {
        let inside = content.strip_prefix("<@")?;
        let (id, line) = inside.trim_start_matches('!').split_once('>')?;
        (id.parse() == Ok(self.services.bot_id())).then(|| line.trim_start())
    }
}
