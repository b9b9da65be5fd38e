//! Host calls that change and describe settings: a plugin's own freely, all others by power.

use host_base::{PluginName, nearest::nearest, redact};
use host_capability::{Behalf, CallRule, Failure, HostCall, Who};
use host_commands::read::Resolver;
use host_loader::{Caller, Completion};
use host_ops::config::described;
use plugin_api::{
    Power,
    abi::{DescribeCall, DescribeReply, SettingChange, SettingChangeReply, SettingView},
    manifest::{OptionKind, SettingKind},
};
use serde_json::Value;
use twilight_model::id::{Id, marker::GuildMarker};

use super::{Changed, Settings, SettingsError, file::Target, schema};
use crate::services::Services;

/// The host calls.
pub(super) const CALLS: &[CallRule] = &[
    CallRule::reads("settings.describe", Power::SettingsRead, Who::Manager),
    CallRule::free("settings.get"),
    CallRule::free("settings.reset"),
    CallRule::free("settings.set"),
    CallRule::reads("settings.verify", Power::SettingsRead, Who::Owner),
    CallRule::changes("settings.write", Power::SettingsWrite, Who::Manager),
];

/// Settings on a page.
const PAGE: usize = 200;

/// Bytes of a value that a plugin sets, as JSON.
const VALUE_BYTES: usize = 16 << 10;

impl Settings {
    /// `settings.set`, `settings.reset` and `settings.write`.
    pub(super) async fn changed(
        &self,
        services: &Services,
        caller: &Caller,
        call: HostCall,
    ) -> Result<Completion, Failure> {
        let mut change: SettingChange = serde_json::from_value(call.params)?;
        let bytes = change.value.to_string().len();
        if bytes > VALUE_BYTES {
            return Err(Failure::Unfit(format!(
                "a setting's value has {VALUE_BYTES} bytes at most, and this one {bytes}"
            )));
        }
        let target = match &*call.name {
            "settings.write" => self.target(&change.name).map_err(failure)?,
            name => {
                if name == "settings.reset" {
                    change.value = Value::Null;
                }
                self.own(caller, &change.name)?
            }
        };
        if let Behalf::Somebody(invocation) = &call.behalf
            && let Some(rights) = &invocation.rights
            && !rights.all
            && target.is_for_owners()
        {
            let name: String = change.name.chars().take(80).collect();
            return Err(Failure::Denied {
                message: format!(
                    "`{name}` says who may what, or what the bot runs: the role {} may not change it, whatever its rights are",
                    rights.role
                ),
                user_message: format!(
                    "`{name}` is for the bot's owners alone: it says who may what, or what the bot runs."
                ),
            });
        }
        let guild = match change.guild_id.map(|guild| (guild, Id::new_checked(guild))) {
            None => None,
            Some((_, Some(guild))) if services.cache.is_in(guild) => Some(guild),
            Some((guild, _)) => {
                return Err(Failure::Refused(format!(
                    "the bot is not in the server {guild}, so nothing is set for it"
                )));
            }
        };
        if let (Some(guild), Value::String(typed)) = (guild, &change.value)
            && let Some(value) = self.with_ids(services, guild, &target, typed).await?
        {
            change.value = value.into();
        }
        let before = self.value_of(guild, &target).await.map_err(failure)?;
        let changed = self.put_in(guild, &target, &change).await;
        let changed = changed.map_err(failure)?;
        let mut reply = SettingChangeReply::default();
        reply.after = self.value_of(guild, &target).await.map_err(failure)?;
        reply.waits_for_restart = !changed.restart.is_empty();
        reply.waits_for_reload = !changed.reload.is_empty();
        reply.words = match guild {
            None => changed.to_string(),
            Some(_) => "in force from now on in this server".to_owned(),
        };
        call.effect.changed(before.clone(), reply.after.clone());
        reply.before = before;
        Ok(Completion::json(&reply))
    }

    /// What was typed for a setting, with ids in place of what channels, roles and users are called; `None`: it has none.
    async fn with_ids(
        &self,
        services: &Services,
        guild: Id<GuildMarker>,
        target: &Target,
        typed: &str,
    ) -> Result<Option<String>, Failure> {
        let Target::Declared { setting, .. } = target else {
            return Ok(None);
        };
        let typed = schema::typed_ids(setting, typed);
        let (Some((kind, words)), Some(commands)) = (typed, services.commands.pipeline()) else {
            return Ok(None);
        };
        let (kind, what) = match kind {
            SettingKind::Channel => (OptionKind::Channel, "channel"),
            SettingKind::Role => (OptionKind::Role, "role"),
            _ => (OptionKind::User, "user"),
        };
        let resolver = Resolver::in_guild(commands, guild);
        let mut ids = Vec::new();
        for word in words {
            let found = resolver.id(kind, word).await;
            let found = found.map_err(|why| {
                Failure::Unfit(format!("`{word:.40}` is no {what} of this server: {why}"))
            })?;
            ids.push(found.to_string());
        }
        Ok(Some(ids.join(", ")))
    }

    async fn put_in(
        &self,
        guild: Option<Id<GuildMarker>>,
        target: &Target,
        change: &SettingChange,
    ) -> Result<Changed, SettingsError> {
        let Some(guild) = guild else {
            return self.set_json(target, &change.value).await;
        };
        let written = match &change.value {
            Value::Null => None,
            value => Some(target.written(value)?),
        };
        let set = self.set_in_guild(guild, target, &change.name, written);
        set.await.map(|()| Changed::default())
    }

    /// A setting that the caller itself declares.
    fn own(&self, caller: &Caller, name: &str) -> Result<Target, Failure> {
        let declared = self.declared();
        let settings = declared.get(caller).map(|declared| &declared.settings);
        let setting = settings.and_then(|all| all.iter().find(|one| one.name == name));
        let setting = setting.ok_or_else(|| {
            Failure::Refused(format!(
                "the plugin declares no setting `{name}`, and sets its own alone by this call"
            ))
        })?;
        Ok(Target::Declared {
            plugin: caller.plugin.clone(),
            setting: Box::new(setting.clone()),
        })
    }

    /// `settings.describe`.
    pub(super) async fn described(&self, params: Value) -> Result<Completion, Failure> {
        let call: DescribeCall = serde_json::from_value(params)?;
        let mut reply = DescribeReply::default();
        let (host, plugins) = match call.guild_id.and_then(Id::new_checked) {
            Some(guild) => {
                let all = self.describe_guild(guild, call.of.as_deref()).await;
                (Vec::new(), all.map_err(failure)?)
            }
            None => {
                let mut all = self.describe();
                reply.file = all["file"].as_str().map(str::to_owned);
                reply.trouble = all["trouble"].as_str().map(str::to_owned);
                let mut list = |name: &str| match all[name].take() {
                    Value::Array(list) => list,
                    _ => Vec::new(),
                };
                (list("host"), list("plugins"))
            }
        };
        let mut views: Vec<SettingView> =
            host.into_iter().filter_map(|one| view(None, one)).collect();
        for mut plugin in plugins {
            let name = plugin["plugin"].as_str().unwrap_or_default().to_owned();
            let Value::Array(settings) = plugin["settings"].take() else {
                continue;
            };
            views.extend(
                settings
                    .into_iter()
                    .filter_map(|one| view(Some(&name), one)),
            );
        }
        if let Some(of) = &call.of {
            self.narrow(&mut views, of)?;
        }
        let begin = call
            .after
            .as_ref()
            .and_then(|after| views.iter().position(|it| it.path == *after));
        let begin = begin.map_or(0, |at| at + 1);
        let limit = call
            .limit
            .map_or(PAGE, |limit| limit as usize)
            .clamp(1, PAGE);
        let more = views.len() > begin + limit;
        reply.settings = views.into_iter().skip(begin).take(limit).collect();
        reply.next = reply
            .settings
            .last()
            .filter(|_| more)
            .map(|last| last.path.clone());
        // An operator may have written a secret where none belongs.
        let text = serde_json::to_string(&reply)?;
        Ok(Completion {
            head: redact::text(&text).into_owned().into_bytes(),
            ..Completion::default()
        })
    }

    /// Those of one plugin, or of one table.
    fn narrow(&self, views: &mut Vec<SettingView>, of: &str) -> Result<(), Failure> {
        let plugin = PluginName::new(of);
        views.retain(|view| match &view.plugin {
            Some(name) => plugin.is(name),
            None => view.path.split('.').next() == Some(of),
        });
        let is_known = !views.is_empty()
            || self.plugins().contains(&plugin)
            || described().iter().any(|known| known.table == of);
        if is_known {
            return Ok(());
        }
        let plugins = self.plugins();
        if self.routes.with_plugin(&plugin, |_| ()).is_some() {
            return Err(Failure::Unfit(format!(
                "the plugin `{of}` declares no settings"
            )));
        }
        let tables = described().iter().map(|known| known.table);
        let loaded: Vec<PluginName> = self
            .routes
            .plugins()
            .iter()
            .map(|slot| slot.current().plugin.clone())
            .collect();
        let known = tables.chain(plugins.iter().chain(&loaded).map(|name| &**name));
        let hint = match nearest(of, known) {
            Some(near) => format!("; did you mean `{near}`?"),
            None => String::new(),
        };
        Err(Failure::Unfit(format!(
            "there is no table and no plugin with settings called `{of}`{hint}"
        )))
    }
}

/// A setting as `describe.rs` has it, as it crosses.
fn view(plugin: Option<&str>, mut described: Value) -> Option<SettingView> {
    let name = described["name"].as_str()?.to_owned();
    let mut view: SettingView = serde_json::from_value(std::mem::take(&mut described)).ok()?;
    view.path = match plugin {
        Some(plugin) => format!("{plugin}.{name}"),
        None => name,
    };
    view.plugin = plugin.map(str::to_owned);
    // What plugins declare is taken over at once.
    view.live |= plugin.is_some();
    Some(view)
}

/// What is wrong with a value, whoever asked may read; what is wrong with a file the owner finds in the log.
fn failure(error: SettingsError) -> Failure {
    match error {
        SettingsError::Refused(why) => Failure::Unfit(why),
        other => Failure::Refused(other.to_string()),
    }
}
