//! Messages that are prefix commands.

use std::sync::Arc;

use host_base::invisible;
use host_loader::EventRecord;
use plugin_api::abi::{Origin, event_flag};
use twilight_model::id::Id;

use super::{Dispatch, command::at_once, left::message_origin};
use crate::owner;
use host_commands::{
    GuildRules,
    prefix::{self, Addressing, Stripped},
    request::{Arguments, Request},
    router::{CommandRoute, GroupRoute, Lookup},
    usage_line,
};

/// What a member's message asks the bot for.
enum Asked {
    /// It has mentioned the bot, and says nothing else.
    Introduction { prefix: String },
    /// An owner command.
    Owner { name: &'static str, line: String },
    /// A command of a plugin.
    Command {
        route: Box<CommandRoute>,
        prefix: String,
        line: String,
    },
    /// A command that is for slash alone.
    SlashOnly(Box<CommandRoute>),
    /// A group, without any of its commands.
    Group { route: GroupRoute, usage: String },
    /// No command that is known.
    Unknown { name: String, behind: String },
}

/// What the host itself says to a message.
struct Words {
    text: String,
    /// By direct message.
    private: bool,
}

impl Asked {
    /// Whether a command of this bot was named.
    fn is_command(&self) -> bool {
        !matches!(self, Self::Introduction { .. } | Self::Unknown { .. })
    }
}

impl Dispatch {
    /// Runs the command that a message is, if it is one, and tells the listeners of the message. They are told behind it, since
    /// its flags say whether it was one; so the first message of a server, whose rules have to be read, may come to them after
    /// a later event.
    ///
    /// `data` is the event's JSON, which `event` has not got yet: most messages ask for nothing, and where no plugin listens, nobody
    /// reads it.
    pub(super) fn message(self: &Arc<Self>, event: EventRecord, data: &str, id: u64) {
        let (guild, rules) = (event.header.guild(), &self.commands.policy.rules);
        if event.header.flags & event_flag::BOT != 0 || event.content.is_empty() {
            return self.overheard(event, data, id);
        }
        if let Some(rules) = rules.now(guild) {
            return self.message_by(event, data, id, &rules);
        }
        let (dispatch, data) = (Arc::clone(self), data.to_owned());
        at_once(async move {
            let rules = dispatch.commands.policy.rules.of(guild).await;
            let rules = rules.unwrap_or_else(|error| {
                tracing::error!(
                    guild = guild.map(Id::get),
                    "the server's prefix can't be read, the bot's is used: {error}"
                );
                Arc::default()
            });
            dispatch.message_by(event, &data, id, &rules);
        });
    }

    /// A message that asks for nothing.
    fn overheard(&self, mut event: EventRecord, data: &str, id: u64) {
        if self.routes.has_listeners(event.header.kind) {
            data.clone_into(&mut event.json);
            self.routes.deliver(&Arc::new(event), id);
        }
    }

    /// By a server's rules.
    fn message_by(
        self: &Arc<Self>,
        mut event: EventRecord,
        data: &str,
        id: u64,
        rules: &GuildRules,
    ) {
        let Some(asked) = self.asked(&event, rules) else {
            return self.overheard(event, data, id);
        };
        // It was dispatched before, by this process or the one before it.
        if self.flight.knows(event.header.message_id) {
            return;
        }
        if asked.is_command() {
            event.header.flags |= event_flag::COMMAND;
        }
        data.clone_into(&mut event.json);
        let event = Arc::new(event);
        self.serve_message(&event, asked);
        self.routes.deliver(&event, id);
    }

    /// Runs the command that a message is, which another process has received and not begun. Listeners have been told of it.
    pub(super) fn message_again(self: &Arc<Self>, event: Arc<EventRecord>) {
        self.flight.forget(event.header.message_id);
        let (dispatch, guild) = (Arc::clone(self), event.header.guild());
        at_once(async move {
            let rules = dispatch.commands.policy.rules.of(guild).await;
            if let Some(asked) = dispatch.asked(&event, &rules.unwrap_or_default()) {
                dispatch.serve_message(&event, asked);
            }
        });
    }

    /// What a message asks for; `None` for one that does not speak to the bot.
    fn asked(&self, event: &EventRecord, rules: &GuildRules) -> Option<Asked> {
        let config = self.config.now();
        let means = Addressing {
            prefix: rules.prefix.as_deref().unwrap_or(&config.bot.prefix),
            mention: rules.mention_prefix.unwrap_or(config.bot.mention_prefix),
            direct: event.header.guild_id == 0,
            bot_id: self.services.bot_id(),
        };
        let is_own_role = |role| self.is_own_role(event.header.guild_id, role);
        let stripped = prefix::strip(means, &event.content, is_own_role)?;
        let Stripped { prefix, line, .. } = stripped;
        let prefix = prefix.to_owned();
        if line.is_empty() {
            return Some(Asked::Introduction { prefix });
        }
        let (name, rest) = match line.find(char::is_whitespace) {
            Some(end) => line.split_at(end),
            None => (line, ""),
        };
        let name = invisible::trim(name).to_lowercase();
        let rest = invisible::trim(rest);
        let is_owner = self.owner.is_owner(event.header.user());
        if let Some((name, behind)) = owner::find(&name, rest) {
            let line = behind.to_owned();
            return Some(Asked::Owner { name, line });
        }
        // What the host has not got in its group, a plugin may have: `cogwright log` is `fw_log`.
        if name == owner::GROUP
            && is_owner
            && let Some(asked) = self.of_group(&prefix, rest)
        {
            return Some(asked);
        }
        let unknown = Asked::Unknown {
            behind: rest.to_owned(),
            name,
        };
        if stripped.owners_only
            || matches!(&unknown, Asked::Unknown { name, .. } if name == owner::GROUP)
        {
            return Some(unknown);
        }
        Some(match self.routes.find_command(line) {
            Some((Lookup::Command(route), _)) if !route.command.prefix => {
                Asked::SlashOnly(Box::new(route))
            }
            Some((Lookup::Command(route), line)) => Asked::Command {
                route: Box::new(route),
                prefix,
                line: line.to_owned(),
            },
            Some((Lookup::Group(route), typed)) => Asked::Group {
                usage: usage_line::of_group(&prefix, &route, typed),
                route,
            },
            None => unknown,
        })
    }

    /// An owners' command of a plugin, typed as one of the host's group.
    fn of_group(&self, prefix: &str, behind: &str) -> Option<Asked> {
        let (word, line) = behind
            .split_once(char::is_whitespace)
            .unwrap_or((behind, ""));
        let word = word.to_lowercase();
        let alone = format!("{}{}", owner::OWN, word.replace('-', "_"));
        [alone, word.replace('-', "")].iter().find_map(|name| {
            match self.routes.find_command(name) {
                Some((Lookup::Command(route), ""))
                    if route.command.access.owner_only && route.command.prefix =>
                {
                    Some(Asked::Command {
                        route: Box::new(route),
                        prefix: prefix.to_owned(),
                        line: line.trim().to_owned(),
                    })
                }
                _ => None,
            }
        })
    }

    /// Does what a message asks for.
    fn serve_message(self: &Arc<Self>, event: &Arc<EventRecord>, asked: Asked) {
        let origin = message_origin(event);
        let is_owner = self.owner.is_owner(event.header.user());
        match asked {
            Asked::Owner { name, line } if is_owner => {
                self.owner_command(event, origin, name, &line);
            }
            // Others are not told: owner commands are nobody else's business.
            Asked::Owner { .. } => {}
            Asked::Command {
                route,
                prefix,
                line,
            } => self.serve(Request {
                event: Arc::clone(event),
                origin,
                route: *route,
                arguments: Arguments::Line { prefix, line },
            }),
            Asked::Introduction { prefix } => {
                let text = self.introduction(&prefix);
                let private = false;
                self.answer_message(event, origin, Words { text, private });
            }
            Asked::SlashOnly(route) => {
                let path = &route.path;
                let text = match self.commands.registered().slash(path) {
                    Some(slash) => format!("`{path}` is a slash command: type `{slash}`."),
                    None => format!("`{path}` is a slash command, and Discord has not taken it."),
                };
                let private = route.command.is_private(true);
                self.answer_message(event, origin, Words { text, private });
            }
            Asked::Group { route, usage } => {
                let (text, private) = (usage, route.group.is_private(true));
                self.answer_message(event, origin, Words { text, private });
            }
            Asked::Unknown { name, behind } => {
                if is_owner {
                    self.mistyped(event, origin, &name, &behind);
                }
            }
        }
    }

    /// Answers an owner who typed an owner command that does not exist. Nobody else: it may be another bot's.
    fn mistyped(self: &Arc<Self>, event: &EventRecord, origin: Origin, name: &str, behind: &str) {
        let Some(answer) = self.owner.mistyped(name, behind) else {
            return;
        };
        let (dispatch, work) = (Arc::clone(self), self.under_way(&origin, event));
        tokio::spawn(async move {
            dispatch.answer_owner(origin, answer).await;
            work.finish();
        });
    }

    /// Says something of the host's own, once, whatever process hears the message again.
    fn answer_message(self: &Arc<Self>, event: &EventRecord, origin: Origin, words: Words) {
        let (dispatch, work) = (Arc::clone(self), self.under_way(&origin, event));
        tokio::spawn(async move {
            match words.private {
                true => dispatch.whisper(origin, &words.text).await,
                false => dispatch.say(origin, &words.text).await,
            }
            work.finish();
        });
    }

    /// Answer to a member who has only mentioned the bot.
    fn introduction(&self, prefix: &str) -> String {
        let help = match self.routes.find_command("help") {
            Some(_) => format!(" `{prefix}help` shows them."),
            None => String::new(),
        };
        format!(
            "Hello! Commands begin with `{prefix}` here, or with a mention of me; type `/` to see those that Discord lists.{help}"
        )
    }

    /// Whether a role is the bot's own: Discord makes it when the bot is invited, and members pick it for the bot itself in
    /// the list of mentions.
    fn is_own_role(&self, guild: u64, role: u64) -> bool {
        let (Some(guild), Some(role)) = (Id::new_checked(guild), Id::new_checked(role)) else {
            return false;
        };
        let bot = self.services.bot_id();
        self.services
            .cache
            .role(guild, role)
            .is_ok_and(|role| role.tags.and_then(|tags| tags.bot_id).map(Id::get) == Some(bot))
    }
}
