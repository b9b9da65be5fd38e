//! Commands for settings: the owner's for the bot, and those of a server's managers for their server.

use host_base::{PluginName, nearest::nearest};
use host_ops::config::described;
use plugin_api::manifest::{OptionKind, SettingKind};
use serde_json::Value;
use twilight_model::guild::Permissions;
use twilight_model::id::{
    Id,
    marker::{GuildMarker, UserMarker},
};

use host_commands::read::Resolver;

use super::{Owner, embeds};
use crate::services::settings::{Changed, SettingsError};

const USAGE_SET: &str = "cogwright set PLUGIN.NAME VALUE";
const USAGE_OF_MANAGERS: &str =
    "settings [PLUGIN] | settings set PLUGIN.NAME VALUE | settings reset PLUGIN.NAME";

impl Owner {
    /// `cogwright config [PLUGIN | TABLE]`.
    pub(super) async fn settings(&self, line: &str) -> Value {
        let all = self.services.settings.describe();
        let entries = |list: &Value| list.as_array().cloned().unwrap_or_default();
        let plugins = entries(&all["plugins"]);
        let (title, shown) = if line.is_empty() {
            // What is not as it comes, and the plugins' all: the host's own are many.
            let own = entries(&all["host"])
                .into_iter()
                .filter(|one| one["from"] == "file");
            let of = |plugin: &Value| qualified(plugin, &entries(&plugin["settings"]));
            (
                "Settings".to_owned(),
                own.chain(plugins.iter().flat_map(of)).collect::<Vec<_>>(),
            )
        } else if let Some(plugin) = plugins
            .iter()
            .find(|one| one["plugin"] == PluginName::new(line).as_str())
        {
            (
                format!("Settings of {line}"),
                qualified(plugin, &entries(&plugin["settings"])),
            )
        } else if described().iter().any(|known| known.table == line) {
            let own = entries(&all["host"]).into_iter();
            let of_table = |one: &Value| {
                one["name"]
                    .as_str()
                    .is_some_and(|name| name.split('.').next() == Some(line))
            };
            (format!("[{line}]"), own.filter(of_table).collect())
        } else {
            let why = match self.plugins.loaded_name(line).await {
                Ok(_) => "the plugin declares no settings".to_owned(),
                Err(error) => match nearest(line, described().iter().map(|known| known.table)) {
                    Some(near) => format!(
                        "there is no table and no plugin of that name; did you mean `{near}`?"
                    ),
                    None => error.to_string(),
                },
            };
            return embeds::failed("Not shown", line, &why);
        };
        let trouble = all["trouble"].as_str();
        listed(&title, trouble, &shown)
    }

    /// `cogwright set PATH VALUE`.
    pub(super) async fn set(&self, line: &str) -> Value {
        let Some((path, value)) = line.split_once(char::is_whitespace) else {
            let what = "Changes a setting of a plugin, or of the host, as in `cogwright set bot.prefix ?`.";
            return match line {
                "" => embeds::usage(USAGE_SET, what),
                path => embeds::misused(&no_value(path), USAGE_SET, what),
            };
        };
        match self.services.settings.set(path, value).await {
            Ok(changed) => embeds::changed("Set", path, &in_words(path, &changed)),
            Err(error) => embeds::failed("Not set", path, &error.to_string()),
        }
    }

    /// `cogwright unset PATH`.
    pub(super) async fn unset(&self, line: &str) -> Value {
        if line.is_empty() {
            return embeds::usage(
                "cogwright unset PLUGIN.NAME",
                "Gives a setting its default again.",
            );
        }
        match self.services.settings.unset(line).await {
            Ok(changed) => embeds::changed("Unset", line, &in_words(line, &changed)),
            Err(error) => embeds::failed("Not unset", line, &error.to_string()),
        }
    }

    /// `settings …`, for one server.
    pub(super) async fn of_server(&self, guild: Id<GuildMarker>, line: &str) -> Value {
        let settings = &self.services.settings;
        let (verb, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let (path, value) = rest
            .trim()
            .split_once(char::is_whitespace)
            .unwrap_or((rest.trim(), ""));
        let done = match verb {
            "set" if !value.is_empty() => match self.with_ids(guild, path, value).await {
                Ok(value) => settings.set_for_guild(guild, path, Some(&value)).await,
                Err(why) => return embeds::failed("Not set", path, &why),
            },
            "reset" if !path.is_empty() && value.is_empty() => {
                settings.set_for_guild(guild, path, None).await
            }
            "set" | "reset" => {
                let why = match (verb, path) {
                    (_, "") => format!("`{verb}` needs the name of a setting"),
                    ("set", path) => no_value(path),
                    _ => format!(
                        "`reset` has a setting as its only argument, and was given `{value}` as well"
                    ),
                };
                let what = "Shows and changes what this server may set for itself.";
                return embeds::misused(&why, USAGE_OF_MANAGERS, what);
            }
            plugin => {
                let plugin = match (plugin, path) {
                    ("show", "") | ("", _) => None,
                    ("show", of) | (of, _) => of.split('.').next(),
                };
                let shown = match settings.describe_guild(guild, plugin).await {
                    Ok(all) => all,
                    Err(error) => {
                        return embeds::failed("Not shown", "settings", &for_members(error));
                    }
                };
                let of = |plugin: &Value| {
                    qualified(
                        plugin,
                        plugin["settings"].as_array().map_or(&[][..], Vec::as_slice),
                    )
                };
                let shown: Vec<Value> = shown.iter().flat_map(of).collect();
                if let (Some(plugin), []) = (plugin, &shown[..]) {
                    let why = "no loaded plugin of that name has settings that a server may change; `settings` shows all that do";
                    return embeds::failed("Not shown", plugin, why);
                }
                return listed("Settings of this server", None, &shown);
            }
        };
        match done {
            Ok(()) if verb == "set" => embeds::changed("Set", path, "for this server"),
            Ok(()) => embeds::changed("Reset", path, "this server has the bot's value again"),
            Err(error) => embeds::failed("Not set", path, &for_members(error)),
        }
    }

    /// What was typed for a setting, with ids in place of what channels, roles and users are called.
    async fn with_ids(
        &self,
        guild: Id<GuildMarker>,
        path: &str,
        value: &str,
    ) -> Result<String, String> {
        let Some((kind, words)) = self.services.settings.typed_ids(path, value) else {
            return Ok(value.to_owned());
        };
        let (kind, what) = match kind {
            SettingKind::Channel => (OptionKind::Channel, "channel"),
            SettingKind::Role => (OptionKind::Role, "role"),
            _ => (OptionKind::User, "user"),
        };
        let resolver = Resolver::in_guild(&self.commands, guild);
        let mut ids = Vec::new();
        for word in words {
            let found = resolver.id(kind, word).await;
            let why = |why| format!("`{word:.40}` is no {what} of this server: {why}");
            ids.push(found.map_err(why)?.to_string());
        }
        Ok(ids.join(", "))
    }

    /// Whether somebody manages a server. Discord is asked where the message does not tell.
    pub(crate) async fn manages(
        &self,
        guild: Id<GuildMarker>,
        user: Id<UserMarker>,
        event: &Value,
    ) -> bool {
        let enough = Permissions::ADMINISTRATOR | Permissions::MANAGE_GUILD;
        let any = |bits: &Value| bits_of(bits).intersects(enough);
        // An interaction brings what Discord has computed.
        if !event["member"]["permissions"].is_null() {
            return any(&event["member"]["permissions"]);
        }
        let asked = self
            .services
            .discord
            .json("GET", format!("guilds/{guild}"), &Value::Null, false)
            .await;
        let Ok(of_guild) = asked else { return false };
        let (guild_id, user_id) = (guild.to_string(), user.to_string());
        let has = |role: &Value| {
            let everyone = role["id"].as_str() == Some(&*guild_id);
            let own = event["member"]["roles"]
                .as_array()
                .is_some_and(|own| own.contains(&role["id"]));
            (everyone || own) && any(&role["permissions"])
        };
        of_guild["owner_id"].as_str() == Some(&*user_id)
            || of_guild["roles"]
                .as_array()
                .is_some_and(|roles| roles.iter().any(has))
    }
}

/// What has become of a change of this one value, whose name stands above; of more than that, all of it by name.
fn in_words(path: &str, changed: &Changed) -> String {
    let Changed {
        applied,
        restart,
        reload,
        refused,
    } = changed;
    let all = [
        (applied, "in force from now on"),
        (restart, "in force after a restart of the bot"),
        (reload, "in force after a reload of the plugin"),
    ];
    let mut some = all.iter().filter(|(paths, _)| !paths.is_empty());
    match (some.next(), some.next()) {
        (Some((paths, words)), None) if refused.is_empty() => match &paths[..] {
            [only] if only.strip_prefix("plugins.").unwrap_or(only) == path => (*words).to_owned(),
            _ => changed.to_string(),
        },
        _ => changed.to_string(),
    }
}

fn bits_of(bits: &Value) -> Permissions {
    let bits = bits.as_str().and_then(|bits| bits.parse().ok());
    Permissions::from_bits_truncate(bits.unwrap_or_default())
}

/// The settings of a plugin, named with it: `shop.limit`.
fn qualified(plugin: &Value, settings: &[Value]) -> Vec<Value> {
    let name = plugin["plugin"].as_str().unwrap_or_default();
    let qualify = |setting: &Value| {
        let mut setting = setting.clone();
        setting["name"] = format!("{name}.{}", setting["name"].as_str().unwrap_or_default()).into();
        setting
    };
    settings.iter().map(qualify).collect()
}

fn no_value(path: &str) -> String {
    format!("there is no value behind `{path}`")
}

/// What a server's managers may read: no paths of the host's.
fn for_members(error: SettingsError) -> String {
    match error {
        SettingsError::Refused(why) => why,
        other => {
            tracing::error!("a server's setting was not changed: {other}");
            "it could not be written; the bot's owner finds the reason in the log".into()
        }
    }
}

/// Settings, as the service describes them.
fn listed(title: &str, trouble: Option<&str>, all: &[Value]) -> Value {
    let plain = |value: &Value| match value {
        Value::Null => "unset".to_owned(),
        value => format!("`{value}`"),
    };
    let lines = |one: &Value| {
        let takes = one["takes"]
            .as_str()
            .map_or_else(String::new, |takes| format!(" · {takes}"));
        let restart = match &one["waits_for_restart"] {
            Value::Bool(true) => " · waits for a restart",
            _ => "",
        };
        format!(
            "{}\n{} ({}) · default {}{takes}{restart}",
            one["description"].as_str().unwrap_or_default(),
            plain(&one["value"]),
            one["from"].as_str().unwrap_or_default(),
            plain(&one["default"]),
        )
    };
    let fields: Vec<Value> = all
        .iter()
        .take(embeds::FIELDS)
        .map(|one| {
            embeds::field(
                one["name"].as_str().unwrap_or_default(),
                &embeds::shorten(&lines(one), 220),
            )
        })
        .collect();
    let description = match (trouble, all.len()) {
        (Some(trouble), _) => format!(
            "⚠ config.toml can't be read, the last good values hold:\n{}",
            embeds::shorten(trouble, 300)
        ),
        (None, 0) => "Nothing is set, and no loaded plugin declares settings.".to_owned(),
        (None, count) if count > embeds::FIELDS => {
            format!(
                "{} of {count}; name a plugin or a table for the others",
                embeds::FIELDS
            )
        }
        _ => String::new(),
    };
    embeds::embed(
        title,
        if trouble.is_some() {
            embeds::RED
        } else {
            embeds::BLUE
        },
        &description,
        &fields,
    )
}
