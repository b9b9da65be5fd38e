//! Rights of whoever makes and changes automations, as things stand now.

use plugin_api::prelude::*;

use crate::{
    automation::Definition,
    model::{Guild, User},
    store,
};

/// What those are told who may not manage webhooks.
const WEBHOOKS: &str =
    "It posts to a webhook: that is for those who have \"Manage Webhooks\" in the server.";

/// What somebody may do in a server; nothing, where they are no member.
pub(crate) async fn held(host: &Host, guild: Guild, user: User) -> Result<Permissions> {
    match host.cache().guild_permissions(guild, user).or_fetch().await {
        Ok(permissions) => Ok(permissions),
        Err(error) if matches!(error.discord_code(), Some(10_007 | 10_013)) => {
            Ok(Permissions::empty())
        }
        Err(error) => Err(error),
    }
}

/// Whether somebody may see and change where automations post to: who knows a webhook's address can post there. It takes the right in the
/// whole server, since the webhook may be anywhere.
async fn sees_addresses(host: &Host, guild: Guild, user: User) -> Result<bool> {
    Ok(held(host, guild, user)
        .await?
        .contains(Permissions::MANAGE_WEBHOOKS))
}

/// Refuses somebody a definition that posts to a webhook, if they may not manage webhooks: whoever changes what is posted acts with it.
///
/// # Errors
///
/// They may not, in a sentence.
pub(crate) async fn may_change(
    host: &Host,
    guild: Guild,
    user: User,
    definition: &Definition,
) -> Result {
    match definition.has_address() && !sees_addresses(host, guild, user).await? {
        true => Err(Error::user(WEBHOOKS)),
        false => Ok(()),
    }
}

/// Whether whoever uses a command or a form sees addresses. By the roles that came with it: what is known of a member may be older.
pub(crate) async fn invoker_sees_addresses(ctx: &Invocation) -> Result<bool> {
    let (cache, guild) = (ctx.host().cache(), ctx.guild()?);
    if cache.guild(guild).or_fetch().await?.owner_id == ctx.user().id {
        return Ok(true);
    }
    let roles = cache.roles(guild).or_fetch().await?;
    let has = |id: Id<marker::RoleMarker>| id == guild.cast() || ctx.roles().contains(&id);
    let held = roles
        .iter()
        .filter(|it| has(it.id))
        .map(|it| it.permissions);
    let held = held.fold(Permissions::empty(), |all, it| all | it);
    Ok(held.intersects(Permissions::MANAGE_WEBHOOKS | Permissions::ADMINISTRATOR))
}

/// As [`may_change`], for whoever uses a command or a form.
///
/// # Errors
///
/// They may not, in a sentence.
pub(crate) async fn invoker_may_change(ctx: &Invocation, definition: &Definition) -> Result {
    match definition.has_address() && !invoker_sees_addresses(ctx).await? {
        true => Err(Error::user(WEBHOOKS)),
        false => Ok(()),
    }
}

/// The same of the automation that is kept by this number. One that is gone nobody is refused: saving says so.
///
/// # Errors
///
/// As for [`may_change`].
pub(crate) async fn invoker_may_change_kept(ctx: &Invocation, id: i64) -> Result {
    let all = store::all(ctx.host(), ctx.guild()?).await?;
    match all.iter().find(|it| it.id == id) {
        Some(kept) => invoker_may_change(ctx, &kept.definition).await,
        None => Ok(()),
    }
}
