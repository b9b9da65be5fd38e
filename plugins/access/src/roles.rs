//! Command `config`: roles of which one is needed for a command.

use std::collections::BTreeMap;

use plugin_api::prelude::*;

/// The host, as if it were a plugin.
const HOST: &str = "cogwright";

/// Discord's limit for a description, with room for what else is said.
const LISTED: usize = 3_500;

pub(super) fn config() -> Command {
    Command::new("config", "Sets which roles may use a command")
        .help("`config ban @Moderator` names a role, and more may follow; `config ban none` lifts the rule; `config` alone shows all.")
        .guild_owner_only()
        .option(CommandOption::string("command", "Which command or group; write one of several words in quotes"))
        .option(CommandOption::string("roles", "Roles of which one is needed, or none").rest())
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
    let roles = match &*words.trim().to_lowercase() {
        "none" => Vec::new(),
        _ => split(&words),
    };
    let set = commands.require_roles(guild, &command, &roles).await?;
    let text = if set.roles.is_empty() {
        format!("`{}` needs no role any more.", set.command)
    } else {
        format!(
            "`{}` is for members with {} now. Whether others still see its slash command is set in Server Settings > Integrations.",
            set.command,
            mentions(&set.roles)
        )
    };
    ctx.reply(embed("Command access").description(text).build())
        .await
}

async fn list(ctx: &CommandContext, guild: Id<marker::GuildMarker>) -> Result {
    let commands = ctx.host().commands().list(Some(guild)).await?;
    let mut ruled: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let mut owners = Vec::new();
    // Nobody opens the host's own.
    for command in commands.into_iter().filter(|it| it.plugin != HOST) {
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
    use super::split;

    #[test]
    fn names_with_blanks_stand_in_quotes() {
        assert_eq!(
            split(r#"<@&1> "The Staff", Mods"#),
            ["<@&1>", "The Staff", "Mods"]
        );
    }
}
