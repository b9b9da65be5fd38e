//! Authorization: who may use a command, and where, by one list of rules in one order, whatever the command came by.
//!
//! 1. Where it works: servers, direct messages, age-restricted channels. This holds for everybody.
//! 2. The bot's owners may use everything that is left, and what is for owners alone is for nobody else.
//! 3. The server's owner may use everything that is left, and what is for server owners alone is for nobody else.
//! 4. Roles that the server has named for the command: one of them is needed, and is enough.
//! 5. Where it has named none: the permissions and roles that the command declares.
//! 6. What the bot itself needs to carry it out.
//!
//! Administrators have all roles and permissions, as with Discord. The plugin's own checks (`checks.rs`) come after these, and
//! the limits (`limits.rs`) last: what is refused has not been counted. `why` asks in the same order.

mod invoker;
mod phrases;

use host_discord::Cache;
use plugin_api::manifest::CommandManifest;
use twilight_model::{guild::Permissions, id::Id};

pub use self::invoker::Invoker;

use super::policy::Policy;

/// Refusal of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which rule.
    pub rule: Rule,
    /// For the member.
    pub text: String,
}

/// The rules, in the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Where it works.
    Place,
    /// For the bot's owners alone.
    Owner,
    /// For the server's owner.
    GuildOwner,
    /// Roles that the server has named.
    Roles,
    /// Permissions and roles that it declares.
    Permissions,
    /// What the bot needs.
    Bot,
    /// What could not be found out.
    Unknown,
}

impl Rule {
    /// Its name: a stable word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Place => "place",
            Self::Owner => "owner",
            Self::GuildOwner => "guild_owner",
            Self::Roles => "roles",
            Self::Permissions => "permissions",
            Self::Bot => "bot",
            Self::Unknown => "unknown",
        }
    }
}

/// Command that somebody wants to use.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Its path as declared.
    pub path: &'a str,
    /// What it declares, its groups' included.
    pub command: &'a CommandManifest,
    /// How it is typed, for sentences.
    pub name: &'a str,
}

/// Whether a command may be used: the first rule that refuses.
///
/// # Errors
///
/// That rule, with the sentence for the member.
pub async fn check(
    policy: &Policy,
    cache: &Cache,
    subject: Subject<'_>,
    invoker: &Invoker,
) -> Result<(), Refusal> {
    place(cache, subject, invoker).await?;
    if !invoker.user.is_some_and(|user| policy.is_owner(user)) {
        member(policy, cache, subject, invoker).await?;
    }
    bot(cache, subject, invoker).await
}

async fn place(cache: &Cache, subject: Subject<'_>, invoker: &Invoker) -> Result<(), Refusal> {
    let Subject { command, name, .. } = subject;
    let refuse = |text: String| {
        Err(Refusal {
            rule: Rule::Place,
            text,
        })
    };
    if command.guild_only && invoker.guild.is_none() {
        return refuse(format!("`{name}` works in servers only."));
    }
    if command.dm_only && invoker.guild.is_some() {
        return refuse(format!("`{name}` works in direct messages only."));
    }
    let guild = invoker.guild.map_or(0, Id::get);
    if !command.guilds.is_empty() && !command.guilds.contains(&guild) {
        return refuse(format!("`{name}` works in other servers only."));
    }
    if command.age_restricted && invoker.guild.is_some() && !invoker.is_age_restricted(cache).await
    {
        return refuse(format!("`{name}` works in age-restricted channels only."));
    }
    Ok(())
}

async fn member(
    policy: &Policy,
    cache: &Cache,
    subject: Subject<'_>,
    invoker: &Invoker,
) -> Result<(), Refusal> {
    let Subject { command, name, .. } = subject;
    let access = &command.access;
    if access.owner_only {
        return Err(Refusal {
            rule: Rule::Owner,
            text: format!("`{name}` is for the bot's owner alone."),
        });
    }
    if invoker.guild.is_none() {
        return Ok(());
    }
    // What can't be read refuses nobody by accident, and nobody gets in by accident either.
    let rules = invoker
        .rules(policy)
        .await
        .map_err(|why| unknown(name, why))?;
    let named = rules.roles_for(subject.path);
    let declares = access.permissions != 0 || !access.any_role.is_empty();
    if !access.guild_owner_only && named.is_none() && !declares {
        return Ok(());
    }
    if invoker.is_guild_owner(cache).await {
        return Ok(());
    }
    if access.guild_owner_only {
        return Err(Refusal {
            rule: Rule::GuildOwner,
            text: format!("`{name}` is for the owner of this server."),
        });
    }
    let has = invoker
        .permissions(cache)
        .await
        .map_err(|why| unknown(name, why))?;
    if has.contains(Permissions::ADMINISTRATOR) {
        return Ok(());
    }
    if let Some((_, roles)) = named {
        if invoker.has_one_of(cache, roles).await {
            return Ok(());
        }
        let text = format!(
            "`{name}` is for members with {}.",
            phrases::one_of(roles.iter().map(|role| format!("<@&{role}>")))
        );
        return Err(Refusal {
            rule: Rule::Roles,
            text,
        });
    }
    let missing = Permissions::from_bits_truncate(access.permissions) - has;
    if !missing.is_empty() {
        return Err(Refusal {
            rule: Rule::Permissions,
            text: format!("`{name}` needs {}.", phrases::permissions(missing, "you")),
        });
    }
    if !access.any_role.is_empty() && !invoker.has_a_role_called(cache, &access.any_role).await {
        let roles = access.any_role.iter().map(|role| match role.parse() {
            Ok(id) => phrases::role(id),
            Err(_) => format!("`{role}`"),
        });
        return Err(Refusal {
            rule: Rule::Permissions,
            text: format!("`{name}` is for members with {}.", phrases::one_of(roles)),
        });
    }
    Ok(())
}

async fn bot(cache: &Cache, subject: Subject<'_>, invoker: &Invoker) -> Result<(), Refusal> {
    let Subject { command, name, .. } = subject;
    let needed = Permissions::from_bits_truncate(command.access.bot_permissions);
    if needed.is_empty() || invoker.guild.is_none() {
        return Ok(());
    }
    // Where it is not known what the bot may do, Discord itself will say it.
    let Ok(has) = invoker.bot_permissions(cache).await else {
        return Ok(());
    };
    if has.contains(Permissions::ADMINISTRATOR) || has.contains(needed) {
        return Ok(());
    }
    Err(Refusal {
        rule: Rule::Bot,
        text: format!(
            "`{name}` can't be carried out: {} here.",
            phrases::permissions(needed - has, "the bot")
        ),
    })
}

fn unknown(name: &str, why: &str) -> Refusal {
    Refusal {
        rule: Rule::Unknown,
        text: format!("Whether you may use `{name}` can't be determined: {why}."),
    }
}
