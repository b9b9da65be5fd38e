//! Words for what a command declares: options, access, limits.

use plugin_api::{
    CommandView,
    manifest::{OptionKind, OptionManifest, Per},
    prelude::*,
    text::{clip, code},
};

/// Characters that the choices of an option may take.
const CHOICES: usize = 200;

/// An option in a line: name, type, whether it must be there, what it means and what it takes.
pub(crate) fn option(option: &OptionManifest) -> String {
    let mut line = format!("{} {}", code(&option.name), kind(option.kind));
    if option.repeated {
        line += ", or several";
    }
    if option.required {
        line += ", **required**";
    }
    line += &format!(": {}", option.description);
    let mut limits = bounds(option);
    if !option.choices.is_empty() {
        let names: Vec<&str> = option.choices.iter().map(|it| &*it.name).collect();
        limits.push(format!("one of {}", clip(&names.join(", "), CHOICES)));
    }
    if let Some(default) = &option.default {
        limits.push(format!("default {}", code(&clip(default, 60))));
    }
    if !limits.is_empty() {
        line += &format!(" ({})", limits.join("; "));
    }
    line
}

fn bounds(option: &OptionManifest) -> Vec<String> {
    let unit = match option.kind {
        OptionKind::String => " characters",
        _ => "",
    };
    let text = match (option.min, option.max) {
        (Some(min), Some(max)) => format!("{min} to {max}{unit}"),
        (Some(min), None) => format!("at least {min}{unit}"),
        (None, Some(max)) => format!("at most {max}{unit}"),
        (None, None) => return Vec::new(),
    };
    vec![text]
}

const fn kind(kind: OptionKind) -> &'static str {
    match kind {
        OptionKind::String => "text",
        OptionKind::Integer => "a whole number",
        OptionKind::Number => "a number",
        OptionKind::Boolean => "yes or no",
        OptionKind::User => "a user",
        OptionKind::Member => "a member",
        OptionKind::Channel => "a channel",
        OptionKind::Role => "a role",
        OptionKind::Mentionable => "a user or a role",
        OptionKind::Attachment => "a file",
        OptionKind::Duration => "a length of time, such as `1h30m`",
        OptionKind::Date => "a point in time, such as `2026-12-24 18:00`",
        OptionKind::Emoji => "an emoji",
        OptionKind::Message => "a message, by its link",
        _ => "a value",
    }
}

/// Who may use it, a sentence each.
pub(crate) fn access(command: &CommandView) -> String {
    let access = &command.access;
    let mut sentences = vec![who(command)];
    let mut places = Vec::new();
    if !command.guilds.is_empty() {
        places.push("chosen servers");
    } else if command.guild_only {
        places.push("servers");
    }
    if command.dm_only {
        places.push("direct messages");
    }
    if command.age_restricted {
        places.push("age-restricted channels");
    }
    if !places.is_empty() {
        sentences.push(format!("In {} only.", places.join(", in ")));
    }
    if access.checked {
        sentences.push("The command has a check of its own, too.".to_owned());
    }
    if access.bot_permissions != 0 {
        let needed = permissions(access.bot_permissions);
        sentences.push(format!("The bot needs {needed} for it."));
    }
    sentences.join(" ")
}

fn who(command: &CommandView) -> String {
    let access = &command.access;
    if access.owner_only {
        return "The bot's owners.".to_owned();
    }
    if access.guild_owner_only {
        return "The owner of the server, and the bot's.".to_owned();
    }
    // Roles that the server has named take the place of what is declared.
    if !command.roles.is_empty() {
        let roles = command.roles.iter().map(|role| format!("<@&{role}>"));
        let roles = any(roles.collect());
        return format!("Members with the role {roles}, as this server wants it.");
    }
    let mut needs = Vec::new();
    if access.permissions != 0 {
        needs.push(permissions(access.permissions));
    }
    if !access.any_role.is_empty() {
        let roles = access
            .any_role
            .iter()
            .map(|role| match role.parse::<u64>() {
                Ok(id) => format!("<@&{id}>"),
                Err(_) => code(role),
            });
        needs.push(format!("the role {}", any(roles.collect())));
    }
    match needs.is_empty() {
        true => "Everybody.".to_owned(),
        false => format!("Members with {}.", needs.join(" and ")),
    }
}

fn any(names: Vec<String>) -> String {
    clip(&names.join(" or "), 200)
}

/// `the permission **Ban Members**`, by Discord's names.
fn permissions(bits: u64) -> String {
    let names: Vec<String> = Permissions::from_bits_truncate(bits)
        .iter_names()
        .map(|(name, _)| format!("**{}**", titled(name)))
        .collect();
    let many = if names.len() == 1 { "" } else { "s" };
    format!("the permission{many} {}", names.join(" and "))
}

/// `BAN_MEMBERS` as Discord's settings have it: `Ban Members`.
fn titled(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        format!("{first}{}", rest.to_lowercase())
    });
    words.collect::<Vec<_>>().join(" ")
}

/// How often it may be used, and how many at once; `None`: as one likes.
pub(crate) fn limits(command: &CommandView) -> Option<String> {
    let cooldown = command.cooldown.and_then(|it| {
        let times = match it.uses? {
            1 => "Once".to_owned(),
            uses => format!("{uses} times"),
        };
        Some(format!(
            "{times} in {}, {}.",
            time(it.period_ms),
            per(it.per)
        ))
    });
    let at_once = command
        .max_concurrency
        .map(|it| format!("{} at once, {}.", it.uses, per(it.per)));
    let limits: Vec<String> = [cooldown, at_once].into_iter().flatten().collect();
    (!limits.is_empty()).then(|| limits.join(" "))
}

const fn per(per: Per) -> &'static str {
    match per {
        Per::User => "for each user",
        Per::Member => "for each member of each server",
        Per::Channel => "for all in a channel",
        Per::Guild => "for all in a server",
        _ => "for everybody together",
    }
}

/// In the largest unit that it is a whole number of.
fn time(ms: u64) -> String {
    let units = [
        (86_400_000, "d"),
        (3_600_000, "h"),
        (60_000, "min"),
        (1_000, "s"),
    ];
    let unit = units
        .into_iter()
        .find(|(unit, _)| ms >= *unit && ms.is_multiple_of(*unit));
    match unit {
        Some((unit, name)) => format!("{} {name}", ms / unit),
        None => format!("{ms} ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_and_times_are_said_as_people_say_them() {
        let both = Permissions::BAN_MEMBERS | Permissions::KICK_MEMBERS;
        assert_eq!(
            permissions(both.bits()),
            "the permissions **Kick Members** and **Ban Members**"
        );
        for (ms, said) in [
            (1, "1 ms"),
            (90_000, "90 s"),
            (120_000, "2 min"),
            (86_400_000, "1 d"),
        ] {
            assert_eq!(time(ms), said);
        }
    }
}
