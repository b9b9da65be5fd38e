//! The options of a slash command.

use std::collections::BTreeMap;

use plugin_api::{
    abi::OptionValue,
    manifest::{CommandKind, OptionKind, OptionManifest},
};
use twilight_model::{
    application::interaction::{
        InteractionDataResolved,
        application_command::{CommandData, CommandDataOption, CommandOptionValue},
    },
    id::{Id, marker::GenericMarker},
};

use super::{line, people::Place, refused, words};
use crate::commands::{CommandRoute, usage};

/// What a member has picked.
#[derive(Debug)]
pub(crate) struct Picked {
    /// The command's names, from the outermost on.
    pub(crate) names: Vec<String>,
    /// What kind of command.
    pub(crate) kind: CommandKind,
    options: Vec<CommandDataOption>,
    resolved: Option<InteractionDataResolved>,
    target: Option<Id<GenericMarker>>,
}

impl Picked {
    /// Takes the names of groups off the options.
    pub(crate) fn of(data: CommandData) -> Self {
        use twilight_model::application::command::CommandType;
        let mut names = vec![data.name];
        let mut options = data.options;
        while let [
            CommandDataOption {
                value: CommandOptionValue::SubCommand(_) | CommandOptionValue::SubCommandGroup(_),
                ..
            },
        ] = &*options
        {
            let Some(CommandDataOption { name, value }) = options.pop() else {
                break;
            };
            names.push(name);
            options = match value {
                CommandOptionValue::SubCommand(inside)
                | CommandOptionValue::SubCommandGroup(inside) => inside,
                _ => Vec::new(),
            };
        }
        Self {
            names,
            kind: match data.kind {
                CommandType::User => CommandKind::User,
                CommandType::Message => CommandKind::Message,
                _ => CommandKind::Chat,
            },
            options,
            resolved: data.resolved,
            target: data.target_id,
        }
    }

    /// As an owner command takes it: the values one after the other, and the names of what is true.
    pub(crate) fn line(&self) -> String {
        let options = self.options.iter();
        let words: Vec<String> = options
            .filter_map(|option| match &option.value {
                CommandOptionValue::String(text) => Some(text.clone()),
                CommandOptionValue::Boolean(true) => Some(option.name.clone()),
                CommandOptionValue::User(id) => Some(id.to_string()),
                _ => None,
            })
            .collect();
        words.join(" ")
    }

    /// The same on another command: a context menu that was picked from a list.
    pub(crate) fn on(mut self, name: &str) -> Self {
        self.names = vec![name.to_owned()];
        self
    }

    /// The option that is being typed, and what is typed of it.
    pub(crate) fn focused(&self) -> Option<(&str, &str)> {
        self.options.iter().find_map(|option| match &option.value {
            CommandOptionValue::Focused(typed, _) => Some((&*option.name, &**typed)),
            _ => None,
        })
    }

    fn is_member(&self, user: u64) -> bool {
        self.resolved
            .as_ref()
            .is_some_and(|resolved| resolved.members.keys().any(|id| id.get() == user))
    }

    fn is_role(&self, id: u64) -> bool {
        self.resolved
            .as_ref()
            .is_some_and(|resolved| resolved.roles.keys().any(|role| role.get() == id))
    }
}

/// Reads what was picked.
///
/// # Errors
///
/// A sentence for the member, as for a line.
pub(crate) async fn read(
    route: &CommandRoute,
    picked: &Picked,
    place: &Place<'_>,
) -> Result<BTreeMap<String, OptionValue>, String> {
    let mut options = BTreeMap::new();
    if let Some(target) = picked.target {
        let target = match picked.kind {
            CommandKind::User => OptionValue::User(target.get()),
            _ => OptionValue::Message(target.get()),
        };
        options.insert("target".to_owned(), target);
    }
    for option in &route.command.options {
        let given = picked
            .options
            .iter()
            .find(|given| given.name == option.name);
        let value = match (given, &option.default) {
            (Some(given), _) => value(option, &given.value, picked, place).await,
            (None, Some(default)) => line::one(option, default, place).await,
            (None, None) => continue,
        };
        let value = value.map_err(|text| {
            let typed = picked.names.join(" ");
            usage::with_usage("/", &typed, &route.command, &text)
        })?;
        options.insert(option.name.clone(), value);
    }
    Ok(options)
}

/// The options that are there while another one is being typed; those that can't be read are left out.
pub(crate) async fn typed_so_far(
    route: &CommandRoute,
    picked: &Picked,
    place: &Place<'_>,
) -> BTreeMap<String, OptionValue> {
    let mut options = BTreeMap::new();
    for given in &picked.options {
        let option = route
            .command
            .options
            .iter()
            .find(|option| option.name == given.name);
        if let Some(option) = option
            && let Ok(value) = value(option, &given.value, picked, place).await
        {
            options.insert(given.name.clone(), value);
        }
    }
    options
}

async fn value(
    option: &OptionManifest,
    given: &CommandOptionValue,
    picked: &Picked,
    place: &Place<'_>,
) -> Result<OptionValue, String> {
    Ok(match given {
        // Discord has no lists, lengths and points of time: they are typed.
        CommandOptionValue::String(text) if option.repeated => {
            let mut values = Vec::new();
            let mut rest = text.trim();
            while !rest.is_empty() {
                let (word, after) = words::next(rest);
                rest = after
                    .trim_start_matches(|letter: char| letter.is_whitespace() || letter == ',');
                values.push(line::one(option, word.trim_end_matches(','), place).await?);
            }
            OptionValue::List(values)
        }
        CommandOptionValue::String(text) => line::one(option, text, place).await?,
        CommandOptionValue::Integer(number) => OptionValue::Integer(*number),
        CommandOptionValue::Number(number) => OptionValue::Number(*number),
        CommandOptionValue::Boolean(yes) => OptionValue::Boolean(*yes),
        CommandOptionValue::User(id) => {
            if option.kind == OptionKind::Member && !picked.is_member(id.get()) {
                let reason = Some("no such member is in this server");
                return Err(refused(option, &format!("<@{id}>"), reason));
            }
            OptionValue::User(id.get())
        }
        CommandOptionValue::Channel(id) => OptionValue::Channel(id.get()),
        CommandOptionValue::Role(id) => OptionValue::Role(id.get()),
        CommandOptionValue::Mentionable(id) if picked.is_role(id.get()) => {
            OptionValue::Role(id.get())
        }
        CommandOptionValue::Mentionable(id) => OptionValue::User(id.get()),
        CommandOptionValue::Attachment(id) => {
            let file = picked
                .resolved
                .as_ref()
                .and_then(|resolved| resolved.attachments.get(id));
            match file.map(serde_json::to_value) {
                Some(Ok(file)) => OptionValue::Attachment(file),
                _ => {
                    return Err(refused(
                        option,
                        "a file",
                        Some("Discord did not send it along"),
                    ));
                }
            }
        }
        _ => return Err(refused(option, "that", None)),
    })
}
