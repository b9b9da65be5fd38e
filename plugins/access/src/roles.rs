//! Command `config`: roles of which one is needed for a command.

use std::collections::BTreeMap;

use plugin_api::{
    prelude::*,
    text::{FIELD, clip},
};

/// Discord's limit for a description, with room for what else is said.
const LISTED: usize = 3_500;

pub(super) fn config() -> Command {
    Command::new("config", "Sets which roles may use a command")
        .help(
            "`config ban @Moderator` names a role, and more may follow: they take the place of those before. `config ban add @Admin` and \
             `config ban remove @Admin` leave the others; `config ban none` lifts the rule; `config` alone shows all.",
        )
        .example("config ban add @Moderator")
        .guild_owner_only()
        .option(CommandOption::string("command", "Which command or group; write one of several words in quotes"))
        .option(CommandOption::string("roles", "Roles of which one is needed; add or remove before them leaves the others; none lifts the rule").rest())
        .autocomplete("command", super::commands)
        .run(run)
}

async fn run(ctx: CommandContext) -> Result {
    let guild = ctx.guild()?;
    let commands = ctx.host().commands();
    let command: Option<String> = ctx.option("command")?;
    let Some(command) = command else {
        return list(&ctx, guild).await;
    };
    let words: Option<String> = ctx.option("roles")?;
    let Some(words) = words else {
        return Err(Error::user(format!(
            "Which roles? `{typed} {command} @Role`, or `{typed} {command} none` to lift the rule.",
            typed = ctx.typed()
        )));
    };
    let change = Change::of(&words);
    let set = match &change {
        Change::To(roles) => commands.require_roles(guild, &command, roles).await?,
        Change::Add(roles) => commands.add_roles(guild, &command, roles).await?,
        Change::Remove(roles) => commands.remove_roles(guild, &command, roles).await?,
    };
    let text = match (&*set.roles, set.roles == set.before) {
        ([], true) => format!("`{}` needed no role, and needs none.", set.command),
        ([], false) => format!("`{}` needs no role any more.", set.command),
        (roles, true) => format!(
            "`{}` is for members with {} as before.",
            set.command,
            mentions(roles)
        ),
        (roles, false) => format!(
            "`{}` is for members with {} now. Whether others still see its slash command is set in Server Settings > Integrations.",
            set.command,
            mentions(roles)
        ),
    };
    let mut card = embed("Command access").description(text);
    if set.roles != set.before {
        let change = format!("{} → {}", side(&set.before), side(&set.roles));
        card = card.field("Before → after", clip(&change, FIELD), false);
    }
    ctx.reply(card.build()).await
}

/// What is wished of the roles of a command.
#[derive(Debug, PartialEq, Eq)]
enum Change {
    To(Vec<String>),
    Add(Vec<String>),
    Remove(Vec<String>),
}

impl Change {
    fn of(words: &str) -> Self {
        let words = words.trim();
        let (verb, rest) = words.split_once(' ').unwrap_or((words, ""));
        // A role may be called `add`: alone, it is one.
        match &*verb.to_lowercase() {
            "none" if rest.is_empty() => Self::To(Vec::new()),
            "add" if !rest.is_empty() => Self::Add(split(rest)),
            "remove" if !rest.is_empty() => Self::Remove(split(rest)),
            _ => Self::To(split(words)),
        }
    }
}

/// Roles, on one side of a change.
fn side(roles: &[u64]) -> String {
    match roles {
        [] => "everybody".to_owned(),
        roles => {
            let roles: Vec<String> = roles.iter().map(|role| format!("<@&{role}>")).collect();
            roles.join(", ")
        }
    }
}

async fn list(ctx: &CommandContext, guild: Id<marker::GuildMarker>) -> Result {
    let commands = ctx.host().commands().list(Some(guild)).await?;
    let mut ruled: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let mut owners = Vec::new();
    // The host's own are among them: no server opens them.
    for command in commands {
        if command.owner_only {
            owners.push(format!("`{}`", command.path));
        } else if !command.roles.is_empty() {
            ruled.insert(command.path, command.roles);
        }
    }
    let mut text = String::new();
    for (path, roles) in &ruled {
        let line = format!("`{path}`: {}\n", mentions(roles));
        if text.len() + line.len() > LISTED {
            text.push_str("…\n");
            break;
        }
        text.push_str(&line);
    }
    if ruled.is_empty() {
        let typed = ctx.typed();
        text.push_str(&format!(
            "No command needs a role. `{typed} COMMAND @Role` changes that.\n"
        ));
    }
    if !owners.is_empty() {
        text.push_str(&format!(
            "\nFor the bot's owner alone, and never for others: {}",
            owners.join(", ")
        ));
    }
    ctx.reply(embed("Command access").description(text).build())
        .await
}

fn mentions(roles: &[u64]) -> String {
    let roles: Vec<String> = roles.iter().map(|role| format!("<@&{role}>")).collect();
    match &*roles {
        [role] => format!("the role {role}"),
        roles => format!("one of {}", roles.join(", ")),
    }
}

/// Words, and what stands in quotes: a role's name may have blanks.
fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut quoted = false;
    for part in text.split('"') {
        if quoted {
            words.push(part.to_owned());
        } else {
            let parts = part.split([' ', ',']).filter(|word| !word.is_empty());
            words.extend(parts.map(str::to_owned));
        }
        quoted = !quoted;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::{Change, split};

    #[test]
    fn names_with_blanks_stand_in_quotes() {
        assert_eq!(
            split(r#"<@&1> "The Staff", Mods"#),
            ["<@&1>", "The Staff", "Mods"]
        );
    }

    #[test]
    fn the_first_word_says_what_becomes_of_those_that_there_are() {
        let roles = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        for (words, change) in [
            (" NONE ", Change::To(roles(&[]))),
            ("@A @B", Change::To(roles(&["@A", "@B"]))),
            ("add @A", Change::Add(roles(&["@A"]))),
            (
                "Remove \"The Staff\"",
                Change::Remove(roles(&["The Staff"])),
            ),
            ("add", Change::To(roles(&["add"]))),
            ("none @A", Change::To(roles(&["none", "@A"]))),
        ] {
            assert_eq!(Change::of(words), change, "{words}");
        }
    }
}
