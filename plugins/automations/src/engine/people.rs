//! Members and roles of a server, as the engine sees them.

use plugin_api::{
    prelude::*,
    twilight_model::{channel, guild::Member, user, util::ImageHash},
};

use crate::{
    core::Person,
    model::{Guild, Rank, Role, RoleAt, User},
};

/// A member.
pub(crate) fn member(member: &Member) -> Person {
    of(&member.user, member.nick.as_deref(), &member.roles)
}

/// Somebody who is no member (any more).
pub(crate) fn stranger(user: &user::User) -> Person {
    of(user, None, &[])
}

/// Who has written a message.
pub(crate) fn author(message: &channel::Message) -> Person {
    let member = message.member.as_ref();
    let roles = member.map(|it| it.roles.as_slice()).unwrap_or_default();
    of(
        &message.author,
        member.and_then(|it| it.nick.as_deref()),
        roles,
    )
}

/// Who has used a command, a button or a menu.
pub(crate) fn invoker(ctx: &Invocation) -> Person {
    Person {
        id: ctx.user().id,
        name: ctx.user().name.to_owned(),
        display: ctx.display_name().to_owned(),
        avatar: ctx.avatar_url(),
        roles: ctx.roles().to_vec(),
    }
}

/// The roles that whoever has clicked has.
pub(crate) fn own_roles(ctx: &Invocation) -> &[Role] {
    ctx.roles()
}

/// A member whom an event names by their id alone.
pub(crate) async fn fetched(host: &Host, guild: Guild, user: User) -> Result<Person> {
    Ok(member(&host.cache().member(guild, user).or_fetch().await?))
}

fn of(user: &user::User, nick: Option<&str>, roles: &[Role]) -> Person {
    let display = nick.or(user.global_name.as_deref()).unwrap_or(&user.name);
    Person {
        id: user.id,
        name: user.name.clone(),
        display: display.to_owned(),
        avatar: picture(user.id, user.avatar.as_ref()),
        roles: roles.to_vec(),
    }
}

/// The address of somebody's picture: <https://discord.com/developers/docs/reference#image-formatting>.
fn picture(user: User, hash: Option<&ImageHash>) -> String {
    const CDN: &str = "https://cdn.discordapp.com";
    match hash {
        Some(hash) => format!("{CDN}/avatars/{user}/{hash}.png"),
        None => format!("{CDN}/embed/avatars/{}.png", (user.get() >> 22) % 6),
    }
}

/// The server's roles.
pub(crate) async fn roles(host: &Host, guild: Guild) -> Result<Vec<RoleAt>> {
    let roles = host.cache().roles(guild).or_fetch().await?.into_iter();
    let seen = roles.map(|role| RoleAt {
        id: role.id,
        rank: Rank::new(role.position, role.id),
        managed: role.managed || role.id.get() == guild.get(),
        permissions: role.permissions,
        name: role.name,
    });
    Ok(seen.collect())
}

/// The role that somebody has named: by a mention, an id, or its name with or without `@`.
pub(crate) fn named(roles: &[RoleAt], typed: &str) -> Option<Role> {
    let typed = typed.trim();
    let bare = typed
        .strip_prefix("<@&")
        .and_then(|it| it.strip_suffix('>'))
        .unwrap_or(typed);
    if let Ok(id) = bare.parse::<u64>()
        && let Some(role) = roles.iter().find(|it| it.id.get() == id)
    {
        return Some(role.id);
    }
    let name = typed.strip_prefix('@').unwrap_or(typed);
    let exact = roles.iter().find(|it| it.name == name);
    let found = exact.or_else(|| {
        roles
            .iter()
            .find(|it| it.name.to_lowercase() == name.to_lowercase())
    });
    found.map(|it| it.id)
}

/// A role as [`named`] finds it again.
pub(crate) fn shown(roles: &[RoleAt], role: Role) -> String {
    let Some(it) = roles.iter().find(|it| it.id == role) else {
        return role.to_string();
    };
    match named(roles, &it.name) == Some(role) && it.name.trim() == it.name {
        true => format!("@{}", it.name.trim_start_matches('@')),
        false => role.to_string(),
    }
}

/// The highest of somebody's roles.
pub(crate) fn top(roles: &[RoleAt], has: &[Role]) -> Rank {
    let own = roles.iter().filter(|it| has.contains(&it.id));
    own.map(|it| it.rank).max().unwrap_or(Rank::NONE)
}

/// A role's own name for people.
pub(crate) fn name_of(roles: &[RoleAt], role: Role) -> String {
    let found = roles.iter().find(|it| it.id == role);
    found.map_or_else(|| "a role that is gone".into(), |it| it.name.clone())
}
