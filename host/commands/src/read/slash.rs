//! Options of a slash command, as Discord sends them.

use std::collections::BTreeMap;

use host_discord::lenient::{self, Field, Fields};
use plugin_api::{
    abi::OptionValue,
    manifest::{CommandKind, OptionKind, OptionManifest},
};
use serde_json::Value;

use super::{line, refused, resolver::Resolver, words};
use crate::{router::CommandRoute, usage_line};

/// Input of a slash command, as far as it can be read.
#[derive(Debug)]
pub struct SlashInput {
    /// The command's names, from the outermost on.
    pub names: Vec<String>,
    /// What kind of command.
    pub kind: CommandKind,
    options: Vec<GivenOption>,
    users: Vec<u64>,
    members: Vec<u64>,
    roles: Vec<u64>,
    files: Vec<(u64, Value)>,
    target: Option<u64>,
}

/// Value that was given to an option.
#[derive(Debug)]
struct GivenOption {
    name: String,
    /// Discord's [type](https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-option-type),
    /// where it can be read.
    kind: Option<u64>,
    /// The value's JSON.
    value: String,
    /// Whether it is being typed.
    is_focused: bool,
    /// Of a group or a subcommand.
    inside: Vec<GivenOption>,
}

/// A group's or a subcommand's type.
const GROUPS: std::ops::RangeInclusive<u64> = 1..=2;

impl SlashInput {
    /// Reads the `data` of a command's interaction; takes the names of groups off the options. `None` if it is not told which
    /// command.
    pub fn read(data: &Fields<'_>) -> Option<Self> {
        let mut names = vec![data.get("name", lenient::text).known()?.into_owned()];
        let mut options = read_options(data);
        while let [given] = &mut *options
            && (given.kind.is_some_and(|kind| GROUPS.contains(&kind)) || !given.inside.is_empty())
        {
            names.push(std::mem::take(&mut given.name));
            options = std::mem::take(&mut given.inside);
        }
        let resolved = data.object("resolved").known().unwrap_or_default();
        let all = |name| resolved.object(name).known().unwrap_or_default();
        let ids = |name| -> Vec<u64> {
            let ids = all(name);
            ids.iter().filter_map(|(id, _)| lenient::id(id)).collect()
        };
        let file = |(id, json): (&str, &str)| {
            let id = lenient::id(id)?;
            Some((id, super::file(Some(id), json)?))
        };
        Some(Self {
            names,
            kind: match data.get("type", lenient::number) {
                Field::Is(2) => CommandKind::User,
                Field::Is(3) => CommandKind::Message,
                _ => CommandKind::Chat,
            },
            options,
            users: ids("users"),
            members: ids("members"),
            roles: ids("roles"),
            files: all("attachments").iter().filter_map(file).collect(),
            target: data.id("target_id").known(),
        })
    }

    /// As an owner command takes it: the values one after the other, and the names of what is true.
    pub fn line(&self) -> String {
        let options = self.options.iter();
        let words: Vec<String> = options
            .filter_map(|given| match given.kind {
                Some(3) => lenient::text(&given.value).map(Into::into),
                Some(5) => (given.value == "true").then(|| given.name.clone()),
                Some(6) => lenient::id(&given.value).map(|id| id.to_string()),
                _ => None,
            })
            .collect();
        words.join(" ")
    }

    /// The same on another command: a context menu that was picked from a list.
    pub fn on(mut self, name: &str) -> Self {
        self.names = vec![name.to_owned()];
        self
    }

    /// The option that is being typed, and what is typed of it.
    pub fn focused(&self) -> Option<(&str, String)> {
        let given = self.options.iter().find(|given| given.is_focused)?;
        let typed = lenient::text(&given.value).map(Into::into);
        Some((&given.name, typed.unwrap_or_else(|| given.value.clone())))
    }
}

/// The options in a command or group; those without a name are none.
fn read_options(of: &Fields<'_>) -> Vec<GivenOption> {
    let options = of.list("options").known().unwrap_or_default();
    let read = |json: &str| {
        let option = Fields::read(json)?;
        Some(GivenOption {
            name: option.get("name", lenient::text).known()?.into_owned(),
            kind: option.get("type", lenient::number).known(),
            value: option.raw("value").unwrap_or("null").to_owned(),
            is_focused: option.get("focused", lenient::flag) == Field::Is(true),
            inside: read_options(&option),
        })
    };
    options.into_iter().filter_map(read).collect()
}

/// Reads what was picked.
///
/// # Errors
///
/// A sentence for the member, as for a line.
pub async fn read(
    route: &CommandRoute,
    picked: &SlashInput,
    resolver: &Resolver<'_>,
) -> Result<BTreeMap<String, OptionValue>, String> {
    let mut options = BTreeMap::new();
    if let Some(target) = picked.target {
        let target = match picked.kind {
            CommandKind::User => OptionValue::User(target),
            _ => OptionValue::Message(target),
        };
        options.insert("target".to_owned(), target);
    }
    for option in &route.command.options {
        let given = picked
            .options
            .iter()
            .find(|given| given.name == option.name);
        let value = match (given, &option.default) {
            (Some(given), _) => value(option, given, picked, resolver).await,
            (None, Some(default)) => line::one(option, default, resolver).await,
            (None, None) => continue,
        };
        let value = value.map_err(|text| {
            let typed = picked.names.join(" ");
            usage_line::with_usage("/", &typed, &route.command, &text)
        })?;
        options.insert(option.name.clone(), value);
    }
    Ok(options)
}

/// The options that are there while another one is being typed; those that can't be read are left out.
pub async fn typed_so_far(
    route: &CommandRoute,
    picked: &SlashInput,
    resolver: &Resolver<'_>,
) -> BTreeMap<String, OptionValue> {
    let mut options = BTreeMap::new();
    for given in &picked.options {
        let option = route
            .command
            .options
            .iter()
            .find(|option| option.name == given.name);
        if let Some(option) = option
            && let Ok(value) = value(option, given, picked, resolver).await
        {
            options.insert(given.name.clone(), value);
        }
    }
    options
}

async fn value(
    option: &OptionManifest,
    given: &GivenOption,
    picked: &SlashInput,
    resolver: &Resolver<'_>,
) -> Result<OptionValue, String> {
    let raw = &*given.value;
    // Some are typed, which Discord has no type for.
    let kind = given.kind.unwrap_or(match option.kind {
        OptionKind::Integer => 4,
        OptionKind::Boolean => 5,
        OptionKind::User | OptionKind::Member => 6,
        OptionKind::Channel => 7,
        OptionKind::Role => 8,
        OptionKind::Mentionable => 9,
        OptionKind::Number => 10,
        OptionKind::Attachment => 11,
        _ => 3,
    });
    let value = match kind {
        3 => match lenient::text(raw) {
            Some(text) => return typed(option, &text, resolver).await,
            None => None,
        },
        4 => raw.parse().ok().map(OptionValue::Integer),
        5 => lenient::flag(raw).map(OptionValue::Boolean),
        6 => match lenient::id(raw) {
            // It may also be that what Discord told of them could not be read.
            Some(id) if option.kind == OptionKind::Member && !picked.members.contains(&id) => {
                let found = resolver.user_with(id, true).await;
                let refuse =
                    |why: Option<String>| refused(option, &format!("<@{id}>"), why.as_deref());
                Some(OptionValue::User(found.map_err(refuse)?))
            }
            id => id.map(OptionValue::User),
        },
        7 => lenient::id(raw).map(OptionValue::Channel),
        8 => lenient::id(raw).map(OptionValue::Role),
        9 => match lenient::id(raw) {
            Some(id) if picked.roles.contains(&id) => Some(OptionValue::Role(id)),
            Some(id) if picked.users.contains(&id) => Some(OptionValue::User(id)),
            Some(id) => Some(resolver.role_or_user(id).await),
            None => None,
        },
        10 => raw
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
            .map(OptionValue::Number),
        11 => {
            let id = lenient::id(raw);
            let file = picked.files.iter().find(|(file, _)| Some(*file) == id);
            let Some((_, file)) = file else {
                let reason = Some("Discord did not send it along");
                return Err(refused(option, "a file", reason));
            };
            Some(OptionValue::Attachment(file.clone()))
        }
        _ => None,
    };
    value.ok_or_else(|| refused(option, "that", None))
}

async fn typed(
    option: &OptionManifest,
    text: &str,
    resolver: &Resolver<'_>,
) -> Result<OptionValue, String> {
    if !option.repeated {
        return line::one(option, text, resolver).await;
    }
    // Discord has no lists.
    let mut values = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (word, after) = words::next(rest);
        rest = after.trim_start_matches(|letter: char| letter.is_whitespace() || letter == ',');
        values.push(line::one(option, word.trim_end_matches(','), resolver).await?);
    }
    Ok(OptionValue::List(values))
}
