//! Messages that are prefix commands.

use std::sync::Arc;

use host_base::invisible;
use host_loader::EventRecord;
use plugin_api::{
    abi::{Origin, event_flag},
    manifest::CommandManifest,
};
use twilight_model::id::Id;

use super::{Dispatch, command::at_once};
use crate::owner;
use host_commands::{
    GuildRules,
    prefix::{self, Addressing, Stripped},
    request::{Arguments, Request},
    router::Lookup,
    usage_line,
};

impl Dispatch {
    /// Runs the command that a message is, if it is one.
    pub(super) fn message(self: &Arc<Self>, event: &Arc<EventRecord>) {
        if event.header.flags & event_flag::BOT != 0 || event.content.is_empty() {
            return;
        }
        let (guild, rules) = (event.header.guild(), &self.commands.policy.rules);
        if let Some(rules) = rules.now(guild) {
            return self.message_by(event, &rules);
        }
        let (dispatch, event) = (Arc::clone(self), Arc::clone(event));
        at_once(async move {
            let rules = dispatch.commands.policy.rules.of(guild).await;
            let rules = rules.unwrap_or_else(|error| {
                tracing::error!(
                    guild = guild.map(Id::get),
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
        let means = Addressing {
            prefix: rules.prefix.as_deref().unwrap_or(&config.bot.prefix),
            mention: rules.mention_prefix.unwrap_or(config.bot.mention_prefix),
            direct: event.header.guild_id == 0,
            bot_id: self.services.bot_id(),
        };
        let is_own_role = |role| self.is_own_role(event.header.guild_id, role);
        let Some(stripped) = prefix::strip(means, &event.content, is_own_role) else {
            return;
        };
        let Stripped { prefix, line, .. } = stripped;
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
        let name = invisible::trim(name).to_lowercase();
        let is_owner = self.owner.is_owner(event.header.user());
        let rest = invisible::trim(rest);
        if name == owner::OF_MANAGERS && (is_owner || !stripped.owners_only) {
            return self.managers_command(event, origin, rest);
        }
        if let Some((own, behind)) = owner::find(&name, rest) {
            // Others are not told: owner commands are nobody else's business.
            if is_owner {
                self.owner_command(event, origin, own, behind);
            }
            return;
        }
        if stripped.owners_only || name == owner::GROUP {
            return self.mistyped(origin, &name, rest, is_owner);
        }
        match self.routes.find_command(line) {
            Some((Lookup::Command(route), line)) => {
                if !route.command.prefix {
                    let text = match self.commands.registered().slash(&route.path) {
                        Some(slash) => {
                            format!("`{}` is a slash command: type `{slash}`.", route.path)
                        }
                        None => format!(
                            "`{}` is a slash command, and Discord has not taken it.",
                            route.path
                        ),
                    };
                    return self.tell_about(&route.command, origin, text);
                }
                self.serve(Request {
                    event: Arc::clone(event),
                    origin,
                    route,
                    arguments: Arguments::Line {
                        prefix: prefix.to_owned(),
                        line: line.to_owned(),
                    },
                });
            }
            Some((Lookup::Group(route), typed)) => {
                let text = usage_line::of_group(prefix, &route, typed);
                self.tell_about(&route.group, origin, text);
            }
            None => self.mistyped(origin, &name, rest, is_owner),
        }
    }

    /// Answers an owner who typed an owner command that does not exist. Nobody else: it may be another bot's.
    fn mistyped(self: &Arc<Self>, origin: Origin, name: &str, behind: &str, is_owner: bool) {
        if let Some(answer) = self.owner.mistyped(name, behind).filter(|_| is_owner) {
            let dispatch = Arc::clone(self);
            tokio::spawn(async move { dispatch.answer_owner(origin, answer).await });
        }
    }

    /// What the host says about a command or a group that is not used by it.
    fn tell_about(self: &Arc<Self>, command: &CommandManifest, origin: Origin, text: String) {
        match command.ephemeral {
            true => self.whisper(origin, text),
            false => self.tell(origin, text),
        }
    }

    /// Answer to a member who has only mentioned the bot.
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
