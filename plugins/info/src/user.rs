//! Command `userinfo`: a member of this server, or a user.

use std::collections::HashMap;

use plugin_api::{
    EmbedBuilder,
    prelude::*,
    text::{listed, made},
    twilight_model::{guild::Member, user::User},
};

use crate::{
    given,
    words::{day, picture_kind},
};

const CDN: &str = "https://cdn.discordapp.com";

/// Permissions that say what somebody is there for, the greatest first.
const KEY_PERMISSIONS: &[(Permissions, &str)] = &[
    (Permissions::MANAGE_GUILD, "manage the server"),
    (Permissions::MANAGE_ROLES, "manage roles"),
    (Permissions::MANAGE_CHANNELS, "manage channels"),
    (Permissions::MANAGE_WEBHOOKS, "manage webhooks"),
    (Permissions::MANAGE_GUILD_EXPRESSIONS, "manage emoji"),
    (Permissions::MANAGE_EVENTS, "manage events"),
    (Permissions::MANAGE_NICKNAMES, "manage nicknames"),
    (Permissions::MANAGE_THREADS, "manage threads"),
    (Permissions::MANAGE_MESSAGES, "manage messages"),
    (Permissions::BAN_MEMBERS, "ban members"),
    (Permissions::KICK_MEMBERS, "kick members"),
    (Permissions::MODERATE_MEMBERS, "time members out"),
    (Permissions::MOVE_MEMBERS, "move members"),
    (Permissions::VIEW_AUDIT_LOG, "read the audit log"),
];

pub(super) fn userinfo() -> Command {
    Command::new("userinfo", "Shows what there is to know of a user")
        .alias("whois")
        .option(CommandOption::user("user", "Whom; left out: yourself"))
        .example("userinfo")
        .example("userinfo @mod")
        .run(run)
}

async fn run(ctx: CommandContext) -> Result {
    let id: Option<Id<marker::UserMarker>> = ctx.option("user")?;
    let id = id.unwrap_or(ctx.user().id);
    let member = match ctx.guild_id() {
        Some(guild) => match ctx.host().cache().member(guild, id).or_fetch().await {
            Ok(member) => Some(member),
            // 10007: whoever is no member is a user all the same.
            Err(error) if error.discord_code() == Some(10_007) => None,
            Err(error) => return Err(error),
        },
        None => None,
    };
    let (guild, card) = match (ctx.guild_id(), member) {
        (Some(guild), Some(member)) => (guild, of_member(guild, &member)),
        (place, _) => {
            let card = of_user(&user(&ctx, id).await?);
            let footer = match place {
                Some(_) => format!("User {id}, no member of this server"),
                None => format!("User {id}"),
            };
            return ctx.reply(card.0.footer(footer)).await;
        }
    };
    let (card, roles) = card;
    let card = with_roles(&ctx, guild, card, &roles).await;
    let card = with_permissions(&ctx, guild, id, card).await;
    ctx.reply(card.footer(format!("User {id}"))).await
}

/// A user who need not be in any server of the bot's.
async fn user(ctx: &CommandContext, id: Id<marker::UserMarker>) -> Result<User> {
    let request = ctx
        .host()
        .discord()
        .request(Method::Get, format!("users/{id}"));
    match request.send().await {
        Ok(answer) => answer.json(),
        // 10013: there is none.
        Err(error) if error.discord_code() == Some(10_013) => {
            Err(Error::user("Discord knows no such user."))
        }
        Err(error) => Err(error),
    }
}

type Roles = Vec<Id<marker::RoleMarker>>;

fn of_user(user: &User) -> (EmbedBuilder, Roles) {
    let name = user.global_name.as_deref().unwrap_or(&user.name);
    let kind = match user.bot {
        true => "bot",
        false => "person",
    };
    let card = embed(name)
        .thumbnail(picture(user))
        .field("Mention", format!("<@{}>", user.id), true)
        .field("User name", format!("`{}`", user.name), true)
        .field("Is a", kind, true)
        .field("Created", day(made(user.id.get())), true);
    (card, Vec::new())
}

fn of_member(guild: Id<marker::GuildMarker>, member: &Member) -> (EmbedBuilder, Roles) {
    let user = &member.user;
    let (mut card, _) = of_user(user);
    if let Some(nick) = &member.nick {
        card = card.field("Nickname", nick, true);
    }
    if let Some(joined) = member.joined_at {
        card = card.field("Joined", day(joined.as_secs()), true);
    }
    if let Some(since) = member.premium_since {
        card = card.field("Boosts since", day(since.as_secs()), true);
    }
    if let Some(own) = member.avatar {
        let (user, kind) = (user.id, picture_kind(own.is_animated()));
        card = card.thumbnail(format!(
            "{CDN}/guilds/{guild}/users/{user}/avatars/{own}.{kind}"
        ));
    }
    (card, member.roles.clone())
}

fn picture(user: &User) -> String {
    let id = user.id;
    match user.avatar {
        Some(hash) => format!(
            "{CDN}/avatars/{id}/{hash}.{}",
            picture_kind(hash.is_animated())
        ),
        None => format!("{CDN}/embed/avatars/{}.png", (id.get() >> 22) % 6),
    }
}

/// The roles, the highest first.
async fn with_roles(
    ctx: &CommandContext,
    guild: Id<marker::GuildMarker>,
    card: EmbedBuilder,
    roles: &Roles,
) -> EmbedBuilder {
    let known = given("cache.roles", ctx.host().cache().roles(guild).known().await);
    let known = known.unwrap_or_default();
    // Lowest first, they came.
    let place: HashMap<_, _> = known
        .iter()
        .enumerate()
        .map(|(at, role)| (role.id, at))
        .collect();
    let mut roles = roles.clone();
    roles.sort_by_key(|role| std::cmp::Reverse(place.get(role).copied()));
    let mentions: Vec<String> = roles.iter().map(|role| format!("<@&{role}>")).collect();
    let title = format!("Roles ({})", roles.len());
    card.field(title, listed(&mentions, " "), false)
}

async fn with_permissions(
    ctx: &CommandContext,
    guild: Id<marker::GuildMarker>,
    user: Id<marker::UserMarker>,
    card: EmbedBuilder,
) -> EmbedBuilder {
    let cache = ctx.host().cache();
    let known = cache.guild_permissions(guild, user).or_fetch().await;
    let Some(permissions) = given("cache.permissions", known) else {
        return card;
    };
    card.field("Permissions", in_words(permissions), false)
}

fn in_words(permissions: Permissions) -> String {
    if permissions.contains(Permissions::ADMINISTRATOR) {
        return "administrator: all of them".into();
    }
    let has = KEY_PERMISSIONS.iter();
    let has = has.filter(|(permission, _)| permissions.contains(*permission));
    let words: Vec<String> = has.map(|(_, words)| (*words).to_owned()).collect();
    if words.is_empty() {
        return "none beyond those of members".into();
    }
    listed(&words, ", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_those_that_matter() {
        assert_eq!(in_words(Permissions::all()), "administrator: all of them");
        assert_eq!(
            in_words(Permissions::SEND_MESSAGES),
            "none beyond those of members"
        );
        assert_eq!(
            in_words(Permissions::KICK_MEMBERS | Permissions::MANAGE_MESSAGES),
            "manage messages, kick members"
        );
    }
}
