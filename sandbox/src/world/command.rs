//! Application commands that the bot has registered.

use serde_json::{Map, Value, json};

use super::World;

/// What kind of command it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum CommandKind {
    Slash,
    User,
    Message,
}

impl CommandKind {
    /// Reads Discord's number.
    pub(crate) const fn from_number(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::Slash),
            2 => Some(Self::User),
            3 => Some(Self::Message),
            _ => None,
        }
    }

    /// Discord's number.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Slash => 1,
            Self::User => 2,
            Self::Message => 3,
        }
    }
}

/// A registered command. `body` is what the bot sent, already checked.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub id: u64,
    pub version: u64,
    pub guild: Option<u64>,
    pub kind: CommandKind,
    pub name: String,
    pub body: Map<String, Value>,
}

impl Command {
    /// The command object.
    pub(crate) fn json(&self, application: u64) -> Value {
        let or = |key: &str, default: Value| self.body.get(key).cloned().unwrap_or(default);
        let mut json = json!({
            "id": self.id.to_string(),
            "application_id": application.to_string(),
            "version": self.version.to_string(),
            "type": self.kind.number(),
            "name": self.name,
            "name_localizations": or("name_localizations", Value::Null),
            "description": or("description", json!("")),
            "description_localizations": or("description_localizations", Value::Null),
            "default_member_permissions": or("default_member_permissions", Value::Null),
            "nsfw": or("nsfw", json!(false)),
            "options": or("options", json!([])),
        });
        match self.guild {
            Some(guild) => json["guild_id"] = json!(guild.to_string()),
            None => {
                json["dm_permission"] = or("dm_permission", json!(true));
                json["contexts"] = or("contexts", Value::Null);
                json["integration_types"] = or("integration_types", json!([0]));
            }
        }
        json
    }

    /// The command object as lists have it: in one language, without the others.
    /// <https://discord.com/developers/docs/interactions/application-commands#retrieving-localized-commands>.
    pub(crate) fn localized_json(&self, application: u64, locale: Option<&str>) -> Value {
        let mut json = self.json(application);
        localize(&mut json, locale);
        json
    }

    /// The options, or those of a subcommand.
    pub(crate) fn options(&self) -> &[Value] {
        self.body
            .get("options")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// Whether the command can be used in direct messages.
    pub(crate) fn in_direct_messages(&self) -> bool {
        let contexts = self.body.get("contexts").and_then(Value::as_array);
        self.guild.is_none()
            && self.body.get("dm_permission") != Some(&json!(false))
            && contexts.is_none_or(|contexts| contexts.iter().any(|context| *context == 1))
    }

    /// Whether the command can be used in guilds.
    pub(crate) fn in_guilds(&self) -> bool {
        let contexts = self.body.get("contexts").and_then(Value::as_array);
        self.guild.is_some()
            || contexts.is_none_or(|contexts| contexts.iter().any(|context| *context == 0))
    }
}

/// Takes the dictionaries of languages out of a command, an option or a choice, for the words of one language.
fn localize(value: &mut Value, locale: Option<&str>) {
    let Some(fields) = value.as_object_mut() else {
        return;
    };
    for word in ["name", "description"] {
        let words = fields.remove(&format!("{word}_localizations"));
        let own = locale.and_then(|locale| words.as_ref()?.get(locale).cloned());
        if let Some(own) = own {
            fields.insert(format!("{word}_localized"), own);
        }
    }
    for key in ["options", "choices"] {
        let inner = fields.get_mut(key).and_then(Value::as_array_mut);
        for nested in inner.into_iter().flatten() {
            localize(nested, locale);
        }
    }
}

impl World {
    /// The command that a user would get by this name here: a guild's own goes before a global one.
    pub(crate) fn command_named(
        &self,
        guild: Option<u64>,
        kind: CommandKind,
        name: &str,
    ) -> Option<&Command> {
        let fits = |command: &&Command| command.kind == kind && command.name == name;
        let own = self
            .commands
            .values()
            .filter(fits)
            .find(|command| command.guild.is_some() && command.guild == guild);
        own.or_else(|| {
            self.commands
                .values()
                .filter(fits)
                .find(|command| command.guild.is_none())
        })
    }

    /// Registers a command, or changes the one of the same name and kind; gives the id and whether it is new.
    pub(crate) fn register(
        &mut self,
        guild: Option<u64>,
        kind: CommandKind,
        name: &str,
        body: Map<String, Value>,
    ) -> (u64, bool) {
        let known = self
            .commands
            .values()
            .find(|command| command.guild == guild && command.kind == kind && command.name == name)
            .map(|command| command.id);
        if known.is_none() {
            self.daily_creates.count(guild, &self.clock);
        }
        let version = self.snowflakes.next();
        let id = known.unwrap_or(version);
        self.commands.insert(
            id,
            Command {
                id,
                version,
                guild,
                kind,
                name: name.to_owned(),
                body,
            },
        );
        (id, known.is_none())
    }
}
