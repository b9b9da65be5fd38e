//! Bans and kicks: permissions are the declaration's, the order of roles is looked up in the host's cache, and the audit log
//! says who wanted it and why.

use plugin_api::{prelude::*, twilight_model::guild::Member};

export_plugin!(|| {
    Plugin::new()
        .description("Bans and kicks")
        .command(ban())
        .command(kick())
});

/// Bans a user, who need not be a member.
#[command(permissions(BAN_MEMBERS), bot_permissions(BAN_MEMBERS))]
async fn ban(
    ctx: CommandContext,
    /// Whom.
    whom: Id<marker::UserMarker>,
    /// Why, for the audit log.
    #[max = 400]
    #[rest]
    reason: Option<String>,
) -> Result {
    act(&ctx, whom, Method::Put, "bans", reason).await?;
    ctx.reply(format!("<@{whom}> is banned.")).await
}

/// Sends a member away, who may come back.
#[command(permissions(KICK_MEMBERS), bot_permissions(KICK_MEMBERS))]
async fn kick(
    ctx: CommandContext,
    /// Whom.
    #[members_only]
    whom: Id<marker::UserMarker>,
    /// Why, for the audit log.
    #[max = 400]
    #[rest]
    reason: Option<String>,
) -> Result {
    act(&ctx, whom, Method::Delete, "members", reason).await?;
    ctx.reply(format!("<@{whom}> was sent away.")).await
}

async fn act(
    ctx: &Invocation,
    whom: Id<marker::UserMarker>,
    method: Method,
    list: &str,
    reason: Option<String>,
) -> Result {
    let guild = ctx.guild()?;
    may_act_on(ctx, guild, whom).await?;
    let reason = reason.unwrap_or_else(|| "no reason given".to_owned());
    let path = format!("guilds/{guild}/{list}/{whom}");
    let request = ctx.host().discord().request(method, path);
    let reason = format!("{} ({}): {reason}", ctx.user().name, ctx.user().id);
    request.reason(reason).send().await?;
    Ok(())
}

/// Discord's [order of roles](https://discord.com/developers/docs/topics/permissions#permission-hierarchy): one acts on those
/// alone whose highest role is below one's own. Discord holds the bot to it, and this the moderator, too.
async fn may_act_on(
    ctx: &Invocation,
    guild_id: Id<marker::GuildMarker>,
    whom: Id<marker::UserMarker>,
) -> Result {
    let (cache, moderator) = (ctx.host().cache(), ctx.user().id);
    let bot = ctx.host().bot_id().ok_or(Error::new("not logged in"))?;
    let owner = cache.guild(guild_id).known().await?.owner_id;
    if whom == moderator {
        return Err(Error::user("That is you."));
    }
    if whom == bot {
        return Err(Error::user("That is me."));
    }
    if whom == owner {
        return Err(Error::user("That is the server's owner."));
    }
    let target = match cache.member(guild_id, whom).or_fetch().await {
        Ok(member) => member,
        // Whoever is no member has no roles.
        Err(error) if matches!(error.discord_code(), Some(10_007 | 10_013)) => return Ok(()),
        Err(error) => return Err(error),
    };
    // The lowest first.
    let roles = cache.roles(guild_id).known().await?;
    let rank = |member: &Member| {
        let has = |role: &_| member.roles.contains(role);
        roles.iter().rposition(|role| has(&role.id))
    };
    let own = cache.member(guild_id, moderator).or_fetch().await?;
    if moderator != owner && rank(&own) <= rank(&target) {
        return Err(Error::user(format!(
            "Your highest role is not above that of <@{whom}>."
        )));
    }
    let bot = cache.member(guild_id, bot).or_fetch().await?;
    if rank(&bot) <= rank(&target) {
        return Err(Error::user(format!(
            "My highest role is not above that of <@{whom}>: move it up in the server's settings."
        )));
    }
    Ok(())
}
