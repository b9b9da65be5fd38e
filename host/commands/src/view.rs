//! Views of commands: what `commands.list` and `commands.usable` tell of each.

use std::{collections::HashMap, sync::Arc};

use host_capability::Failure;
use host_store::storage::DailyUses;
use plugin_api::{
    CommandView, UsableReply,
    abi::CommandsCall,
    manifest::{CommandManifest, CooldownManifest},
};
use twilight_model::id::{Id, marker::GuildMarker};

use super::{
    Registered,
    authorize::{self, Invoker, Subject},
    pipeline::Pipeline,
    registered::HOST,
    rules::GuildRules,
    usage_line,
};
use crate::{own::OwnCommand, router::CommandRoute};

/// A command of a plugin or of the host.
#[derive(Debug)]
pub(crate) enum Listed {
    Plugin(CommandRoute),
    Host(OwnCommand),
}

impl Listed {
    pub(crate) fn subject(&self) -> Subject<'_> {
        let (path, command): (&str, &CommandManifest) = match self {
            Self::Plugin(route) => (&route.path, &route.command),
            Self::Host(own) => (&own.command.name, &own.command),
        };
        Subject {
            path,
            command,
            name: path,
        }
    }

    fn plugin(&self) -> &str {
        match self {
            Self::Plugin(route) => &route.plugin,
            Self::Host(_) => HOST,
        }
    }
}

/// What views are made with.
struct Viewing {
    prefix: String,
    registered: Arc<Registered>,
    default_cooldown: Option<CooldownManifest>,
}

impl Viewing {
    fn view(&self, listed: &Listed) -> CommandView {
        let Subject { path, command, .. } = listed.subject();
        let mut view = CommandView::default();
        view.path = path.to_owned();
        view.kind = command.kind;
        view.plugin = listed.plugin().to_owned();
        view.description.clone_from(&command.description);
        view.help.clone_from(&command.help);
        view.aliases.clone_from(&command.aliases);
        view.usage = usage_line::usage("", path, command);
        view.prefix = command.prefix;
        view.slash = command.slash;
        view.owner_only = command.access.owner_only;
        view.options.clone_from(&command.options);
        view.access.clone_from(&command.access);
        view.guild_only = command.guild_only;
        view.dm_only = command.dm_only;
        view.age_restricted = command.age_restricted;
        view.ephemeral = command.ephemeral;
        view.max_concurrency = command.concurrency;
        view.localized.clone_from(&command.localized);
        view.hidden = command.hidden;
        view.guilds.clone_from(&command.guilds);
        view.examples.clone_from(&command.examples);
        match listed {
            Listed::Plugin(route) => {
                let generation = route.slot.current();
                view.category.clone_from(&generation.manifest.category);
                view.icon.clone_from(&generation.manifest.icon);
                let cooldown = command.cooldown.or(self.default_cooldown);
                view.cooldown = cooldown.filter(|cooldown| cooldown.uses.is_some());
                view.typed = self.registered.ways(&self.prefix, route);
                view.reached = self.registered.kind(route);
            }
            Listed::Host(own) => {
                view.typed = own.ways(&self.prefix, &self.registered);
                view.reached = own.kind();
            }
        }
        view
    }
}

fn roles(view: &mut CommandView, rules: &GuildRules) {
    if let Some((_, roles)) = rules.roles_for(&view.path) {
        view.roles = roles.to_vec();
    }
}

impl Pipeline {
    /// All commands, by plugin and as declared, then the host's own; those of a plugin alone, if it is named.
    fn listed<'a>(&'a self, of_plugin: Option<&'a str>) -> impl Iterator<Item = Listed> + 'a {
        let plugins = self.routes.commands().into_iter().map(Listed::Plugin);
        let all = plugins.chain(self.own().iter().cloned().map(Listed::Host));
        all.filter(move |it| of_plugin.is_none_or(|of| it.plugin() == of))
    }

    async fn viewing(&self, guild: Option<Id<GuildMarker>>) -> Result<Viewing, Failure> {
        Ok(Viewing {
            prefix: self.policy.prefix(guild).await?.text,
            registered: self.registered(),
            default_cooldown: self.policy.default_cooldown(),
        })
    }

    pub(crate) async fn list(
        &self,
        guild: Option<Id<GuildMarker>>,
        of_plugin: Option<&str>,
    ) -> Result<Vec<CommandView>, Failure> {
        let rules = self.policy.rules.of(guild).await?;
        let used = self.usage.recent(guild).await?;
        let used: HashMap<(&str, &str), &DailyUses> = used
            .iter()
            .map(|used| ((&*used.plugin, &*used.command), used))
            .collect();
        let viewing = self.viewing(guild).await?;
        let view = |listed: Listed| {
            let mut view = viewing.view(&listed);
            roles(&mut view, &rules);
            if let Some(used) = used.get(&(&*view.plugin, &*view.path)) {
                (view.uses, view.errors) = (used.uses, used.errors);
                view.mean_us = used.took_us / used.uses.max(1);
                view.last_day.clone_from(&used.day);
            }
            view
        };
        Ok(self.listed(of_plugin).map(view).collect())
    }

    /// The commands that somebody may use, by the rules that `why` asks before the plugin's own checks.
    pub(crate) async fn usable(
        &self,
        invoker: &Invoker,
        call: &CommandsCall,
    ) -> Result<UsableReply, Failure> {
        let viewing = self.viewing(invoker.guild).await?;
        let (from, most) = (call.offset as usize, call.limit as usize);
        let mut reply = UsableReply::default();
        let mut total = 0;
        for listed in self.listed(call.of_plugin.as_deref()) {
            let asked =
                authorize::check(&self.policy, &self.cache, listed.subject(), invoker).await;
            if asked.is_err() && !call.refused {
                continue;
            }
            let is_on_page = total >= from && (most == 0 || reply.commands.len() < most);
            total += 1;
            if is_on_page {
                let mut view = viewing.view(&listed);
                if let Ok(rules) = invoker.rules(&self.policy).await {
                    roles(&mut view, rules);
                }
                view.rule = asked.err().map(|refusal| refusal.rule.name().to_owned());
                reply.commands.push(view);
            }
        }
        reply.total = u32::try_from(total).unwrap_or(u32::MAX);
        Ok(reply)
    }
}
