//! The `commands.…` host calls.

use std::sync::Arc;

use host_base::nearest::nearest;
use host_capability::{CallRule, Effect, Failure, HostCall, Who};
use host_loader::Completion;
use host_ops::config::check_prefix;
use host_store::storage::DailyUses;
use plugin_api::{
    Power,
    abi::{CheckCall, CommandsCall, EventHeader, PrefixReply, RequireReply, UsageView, WhyReply},
    manifest::CommandKind,
};
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

use twilight_model::id::{
    Id,
    marker::{ChannelMarker, GuildMarker, UserMarker},
};

use super::{
    authorize::{self, Invoker, Subject},
    checks::{self, NotChecked},
    limits::{Use, Wait},
    names::Resolution,
    own::OwnCommand,
    pipeline::Pipeline,
    read,
    refusal::refusal,
    usage_line,
    view::Listed,
};
use crate::router::{CommandRoute, Lookup};

/// Query of a host call.
struct Query {
    /// `None`: the bot as a whole, or a direct message.
    guild: Option<Id<GuildMarker>>,
    channel: Option<Id<ChannelMarker>>,
    user: Option<Id<UserMarker>>,
    call: CommandsCall,
}

impl Query {
    fn of(call: CommandsCall) -> Self {
        Self {
            guild: call.guild_id.and_then(Id::new_checked),
            channel: call.channel_id.and_then(Id::new_checked),
            user: call.user_id.and_then(Id::new_checked),
            call,
        }
    }
}

impl Pipeline {
    /// The host calls about commands, by name.
    pub const CALLS: &'static [CallRule] = &[
        CallRule::free("commands.list"),
        CallRule::free("commands.prefix"),
        CallRule::changes("commands.require", Power::CommandsRules, Who::GuildOwner),
        CallRule::changes(
            "commands.set_prefix",
            Power::CommandsRules,
            Who::Administrator,
        ),
        CallRule::free("commands.usable"),
        CallRule::free("commands.usage"),
        CallRule::free("commands.why"),
    ];

    /// Serves one of [`CALLS`](Self::CALLS).
    ///
    /// # Errors
    ///
    /// The parameters can't be read, there is no such command, or the database can't be used.
    pub async fn serve(&self, call: HostCall) -> Result<Completion, Failure> {
        let query: CommandsCall = serde_json::from_value(call.params)?;
        let query = Query::of(query);
        match &*call.name {
            "commands.list" => {
                let of_plugin = query.call.of_plugin.as_deref();
                answer(&self.list(query.guild, of_plugin).await?)
            }
            "commands.usable" => {
                let invoker = Invoker::somebody(query.user, query.guild, query.channel);
                answer(&self.usable(&invoker, &query.call).await?)
            }
            "commands.why" => answer(&self.why(&query).await?),
            "commands.require" => answer(&self.require(&query, &call.effect).await?),
            "commands.set_prefix" => answer(&self.set_prefix(&query, &call.effect).await?),
            "commands.usage" => answer(&self.used(&query).await?),
            _ => answer(&self.prefix(&query).await?),
        }
    }

    /// How many uses of commands are at work.
    #[must_use]
    pub fn at_work(&self) -> usize {
        self.policy.limits.running_count()
    }

    async fn used(&self, query: &Query) -> Result<Vec<UsageView>, Failure> {
        let counts = &self.usage;
        let used = counts
            .by_day(query.guild, query.call.since.as_deref())
            .await?;
        let view = |used: DailyUses| {
            let mut view = UsageView::default();
            view.day = used.day;
            view.command = used.command;
            view.plugin = used.plugin;
            view.uses = used.uses;
            view.errors = used.errors;
            view.took_us = used.took_us;
            view
        };
        let command = &query.call.command;
        let wanted = |used: &DailyUses| command.is_empty() || used.command == *command;
        Ok(used.into_iter().filter(wanted).map(view).collect())
    }

    async fn why(&self, query: &Query) -> Result<WhyReply, Failure> {
        let prefix = self.policy.prefix(query.guild).await?.text;
        let listed = self.named_or_own(&query.call.command, &prefix)?;
        let invoker = Invoker::somebody(query.user, query.guild, query.channel);
        let mut reply = WhyReply::default();
        reply.command = listed.subject().path.to_owned();
        reply.typed = match &listed {
            Listed::Plugin(route) => self.registered().ways(&prefix, route),
            Listed::Host(own) => own.ways(&prefix, &self.registered()),
        };
        let name = reply.typed.first().unwrap_or(&reply.command);
        let subject = Subject {
            name,
            ..listed.subject()
        };
        let asked = authorize::check(&self.policy, &self.cache, subject, &invoker).await;
        let refused = match (asked, &listed) {
            (Err(refusal), _) => Some((refusal.rule.name(), refusal.text)),
            (Ok(()), Listed::Host(_)) => None,
            (Ok(()), Listed::Plugin(route)) => match self.asked_why(route, query).await? {
                Some(text) => Some(("check", text)),
                None => self
                    .waits(route, query)
                    .map(|wait| (wait.rule(), wait.sentence(name))),
            },
        };
        if let Some((rule, text)) = refused {
            reply.rule = Some(rule.to_owned());
            reply.text = text;
        }
        Ok(reply)
    }

    fn named_or_own(&self, path: &str, prefix: &str) -> Result<Listed, Failure> {
        let bare = path.strip_prefix('/').or(path.strip_prefix(prefix));
        let own = [Some(path), bare].into_iter().flatten();
        if let Some(own) = own.into_iter().find_map(|path| self.own_named(path)) {
            return Ok(Listed::Host(own));
        }
        match self.found(path, prefix)? {
            Lookup::Command(route) => Ok(Listed::Plugin(route)),
            Lookup::Group(group) => Err(told(format!(
                "`{}` is a group: name one of its commands.",
                group.path
            ))),
        }
    }

    fn own_named(&self, path: &str) -> Option<OwnCommand> {
        let words: Vec<String> = path.split_whitespace().map(str::to_lowercase).collect();
        let name = self.reserved(&words)?;
        self.own().iter().find(|own| own.name == name).cloned()
    }

    async fn asked_why(
        &self,
        route: &CommandRoute,
        query: &Query,
    ) -> Result<Option<String>, Failure> {
        let call = CheckCall {
            command: route.path.to_string(),
            user_id: query.call.user_id.unwrap_or_default(),
            guild_id: query.call.guild_id,
            channel_id: query.call.channel_id,
        };
        checks::ask(route, &call)
            .await
            .map_err(|error| match error {
                NotChecked::Refused(refused) => {
                    let text = format!("`{}` can't be asked: {}", route.plugin, refusal(refused));
                    Failure::Refused(text)
                }
                NotChecked::Failed(error) => Failure::Plugin {
                    message: format!("the check of `{}` failed: {}", route.path, error.message),
                    user_message: error.user_message,
                },
            })
    }

    fn waits(&self, route: &CommandRoute, query: &Query) -> Option<Wait> {
        let mut header = EventHeader::EMPTY;
        header.user_id = query.call.user_id.unwrap_or_default();
        header.guild_id = query.call.guild_id.unwrap_or_default();
        header.channel_id = query.call.channel_id.unwrap_or_default();
        self.policy.limits.look(Use {
            path: &route.path,
            command: &route.command,
            header: &header,
            default: self.policy.default_cooldown(),
            now: Instant::now(),
        })
    }

    async fn require(&self, query: &Query, effect: &Effect) -> Result<RequireReply, Failure> {
        let prefix = self.policy.prefix(query.guild).await?.text;
        let named = &query.call.command;
        let found = self.found(named, &prefix);
        let found = found.map_err(|unknown| match self.own_called(named, &prefix) {
            Some(own) => for_owners(&own),
            None => unknown,
        })?;
        let (path, access) = match found {
            Lookup::Command(route) => (Arc::clone(&route.path), route.command.access.clone()),
            Lookup::Group(group) => (Arc::clone(&group.path), group.group.access.clone()),
        };
        if access.owner_only {
            return Err(for_owners(&path));
        }
        let resolver = read::Resolver::new(&self.cache, &self.discord, query.guild, "{}");
        let mut roles = Vec::new();
        for word in &query.call.roles {
            let role = resolver.role(word).await.map_err(|reason| {
                told(format!(
                    "{} can't be: {}.",
                    usage_line::quoted(word),
                    reason.as_deref().unwrap_or("no role is called so")
                ))
            })?;
            if !roles.contains(&role) {
                roles.push(role);
            }
        }
        let guild = query
            .guild
            .ok_or_else(|| told("There are no roles in direct messages.".into()))?;
        let rules = &self.policy.rules;
        let _one_at_a_time = rules.one_change().await;
        let ruled = rules.of(Some(guild)).await?;
        // A group's rule is not the command's own: what is added to a command begins with none.
        let own = ruled.roles_for(&path).filter(|(of, _)| *of == &*path);
        let before = own.map(|(_, roles)| roles.to_vec()).unwrap_or_default();
        let roles = changed(&query.call.change, &path, &before, roles)?;
        rules.set_roles(guild, &path, &roles).await?;
        effect.changed(ids(&before), ids(&roles));
        let mut reply = RequireReply::default();
        reply.command = path.to_string();
        reply.roles = roles;
        reply.before = before;
        Ok(reply)
    }

    /// Changes a server's prefix.
    async fn set_prefix(&self, query: &Query, effect: &Effect) -> Result<PrefixReply, Failure> {
        let before = self.prefix(query).await?;
        let rules = &self.policy.rules;
        let guild = || {
            let none = || told("There is no prefix in direct messages.".into());
            query.guild.ok_or_else(none)
        };
        match query.call.prefix.as_deref() {
            None => {}
            Some("") => rules.set_prefix(guild()?, None).await?,
            Some(prefix) => {
                let checked = match prefix.contains(char::is_whitespace) {
                    true => Err("1 to 5 characters without blanks are expected".to_owned()),
                    false => check_prefix(prefix),
                };
                checked.map_err(|why| {
                    told(format!(
                        "{} can't be the prefix: {why}.",
                        usage_line::quoted(prefix)
                    ))
                })?;
                rules.set_prefix(guild()?, Some(prefix)).await?;
            }
        }
        if let Some(on) = query.call.mention_prefix {
            rules.set_mention_prefix(guild()?, Some(on)).await?;
        }
        let after = self.prefix(query).await?;
        effect.changed(
            serde_json::to_value(&before)?,
            serde_json::to_value(&after)?,
        );
        Ok(after)
    }

    async fn prefix(&self, query: &Query) -> Result<PrefixReply, Failure> {
        let prefix = self.policy.prefix(query.guild).await?;
        let mut reply = PrefixReply::default();
        reply.prefix = prefix.text;
        reply.mention_prefix = prefix.mention;
        reply.own = prefix.own;
        Ok(reply)
    }

    /// The command or group with this path; an alias does as well, and so does what a member types: `!ban`, `/shop ban`.
    fn found(&self, path: &str, prefix: &str) -> Result<Lookup, Failure> {
        let bare = path.strip_prefix('/').or(path.strip_prefix(prefix));
        let found = self.named(path).or_else(|| self.named(bare?.trim_start()));
        found.ok_or_else(|| self.unknown(path))
    }

    fn named(&self, path: &str) -> Option<Lookup> {
        let routes = &self.routes;
        for kind in [CommandKind::User, CommandKind::Message] {
            if let Some(route) = routes.with_command(kind, path, Clone::clone) {
                return Some(Lookup::Command(route));
            }
        }
        if let Some((found, "")) = routes.find_command(path) {
            return Some(found);
        }
        let words: Vec<String> = path.split_whitespace().map(str::to_lowercase).collect();
        match self.resolve(CommandKind::Chat, &words)? {
            Resolution::Command(route) => Some(Lookup::Command(*route)),
            _ => None,
        }
    }

    /// The command of the host's own with this name, also as a member types it.
    fn own_called(&self, path: &str, prefix: &str) -> Option<String> {
        let bare = path.strip_prefix('/').or(path.strip_prefix(prefix));
        [Some(path), bare].into_iter().flatten().find_map(|path| {
            let words: Vec<String> = path.split_whitespace().map(str::to_lowercase).collect();
            match self.resolve(CommandKind::Chat, &words)? {
                Resolution::Host(name) => Some(name),
                _ => None,
            }
        })
    }

    fn unknown(&self, path: &str) -> Failure {
        let commands = self.routes.commands();
        let nearest = nearest(path, commands.iter().map(|route| &*route.path));
        let hint = nearest.map_or_else(String::new, |near| format!(" Did you mean `{near}`?"));
        told(format!(
            "There is no command {}.{hint}",
            usage_line::quoted(path)
        ))
    }
}

/// Refusal of a rule for a command that is an owner's.
fn for_owners(path: &str) -> Failure {
    told(format!(
        "`{path}` is for the bot's owner alone, and no server can open it."
    ))
}

/// A failure whose text the member may read as it is.
fn told(text: String) -> Failure {
    Failure::Plugin {
        message: text.clone(),
        user_message: Some(text),
    }
}

fn answer(reply: &impl Serialize) -> Result<Completion, Failure> {
    Ok(Completion {
        status: 0,
        head: serde_json::to_vec(reply)?,
        body: Vec::new(),
    })
}

/// The roles that a command needs one of after a change.
fn changed(change: &str, path: &str, before: &[u64], named: Vec<u64>) -> Result<Vec<u64>, Failure> {
    match change {
        "" => Ok(named),
        "add" | "remove" if named.is_empty() => Err(told("Which roles?".into())),
        "add" => {
            let new = named.into_iter().filter(|role| !before.contains(role));
            Ok(before.iter().copied().chain(new).collect())
        }
        "remove" => match named.iter().find(|role| !before.contains(role)) {
            None => Ok(before
                .iter()
                .copied()
                .filter(|role| !named.contains(role))
                .collect()),
            Some(role) if before.is_empty() => Err(told(format!(
                "`{path}` needs no role of its own, so <@&{role}> can't be taken from it."
            ))),
            Some(role) => Err(told(format!(
                "<@&{role}> is none of the roles that `{path}` needs one of."
            ))),
        },
        other => Err(Failure::Unfit(format!(
            "there is no change `{other}`; there are `add` and `remove`, and none replaces all"
        ))),
    }
}

/// Ids as they stand in the audit journal.
fn ids(ids: &[u64]) -> Value {
    ids.iter().map(u64::to_string).collect()
}
