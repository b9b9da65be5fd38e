//! Tests of the cache, queried by a plugin: servers, members, permissions; and Discord itself where it does not know.

use crate::{fixtures, support::Fixture};

const SOURCE: &str = r##"//! Asks the cache.
use plugin_api::{prelude::*, twilight_model::guild::Permissions};

export_plugin!(|| {
    Plugin::new()
        .command(Command::new("server", "What is known of the server").run(server))
        .command(user(Command::new("known", "Whether a member is known")).run(known))
        .command(user(Command::new("ask", "Asks Discord for a member")).run(ask))
        .command(user(Command::new("may", "What a member may do here")).run(may))
});

fn user(command: Command<()>) -> Command<()> {
    command.option(CommandOption::string("user", "Id of a user"))
}

fn who(ctx: &CommandContext) -> Result<(Id<marker::GuildMarker>, Id<marker::UserMarker>)> {
    let user: String = ctx.option("user")?;
    Ok((ctx.guild_id().ok_or(Error::user("no server"))?, Id::new(user.parse()?)))
}

async fn server(ctx: CommandContext) -> Result {
    let (cache, id) = (ctx.host().cache(), ctx.guild_id().ok_or(Error::user("no server"))?);
    let guild = cache.guild(id).known().await?;
    let channels = cache.channels(id).known().await?;
    let here = cache.channel(ctx.channel_id()).await?.and_then(|channel| channel.name);
    let me = cache.current_user().known().await?;
    let role = cache.role(id, guild.roles[0].id).known().await?;
    ctx.reply(format!(
        "{} {} {} {} {} {}",
        guild.name,
        channels.len() == channels.iter().filter(|channel| channel.guild_id == Some(id)).count(),
        here.unwrap_or_default(),
        Some(me.id) == ctx.host().bot_id(),
        role.name,
        cache.guilds().known().await?.contains(&id),
    ))
    .await
}

async fn known(ctx: CommandContext) -> Result {
    let (guild, user) = who(&ctx)?;
    let answer = match ctx.host().cache().member(guild, user).known().await {
        Ok(member) => format!("known: {}", member.user.name),
        Err(error) => error.to_string(),
    };
    ctx.reply(answer).await
}

async fn ask(ctx: CommandContext) -> Result {
    let (guild, user) = who(&ctx)?;
    let answer = match ctx.host().cache().member(guild, user).or_fetch().await {
        Ok(member) => format!("asked: {}", member.user.name),
        Err(error) => format!("{:?}", error.discord_code()),
    };
    ctx.reply(answer).await
}

async fn may(ctx: CommandContext) -> Result {
    let (guild, user) = who(&ctx)?;
    let cache = ctx.host().cache();
    let here = cache.permissions(guild, user, ctx.channel_id()).or_fetch().await?;
    let all = cache.guild_permissions(guild, user).known().await?;
    ctx.reply(format!(
        "speak: {}, ban: {}",
        here.contains(Permissions::SEND_MESSAGES),
        all.contains(Permissions::BAN_MEMBERS)
    ))
    .await
}
"##;

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_asks_what_is_known_and_discord_where_nothing_is() {
    let bot = Fixture::with(&[]).await;
    let library = fixtures::plugin("knows", "cache", "0.7.11", "", SOURCE);
    bot.drop_in(&library, "knows");
    bot.until_generation("knows", 1).await;
    bot.until_content_is_seen().await;
    let (owner, member, moderator) = (bot.owner(), bot.member(), bot.sandbox.actor("mod").unwrap());
    let answer = bot.ask(&member, "!server").await.content;
    assert_eq!(answer, "Sandbox true general true @everyone true");

    let ask = async |text: String| {
        let sent = owner.says("general", &text).await.unwrap();
        owner.expects_reply_to(&sent).await.unwrap().content
    };
    let answer = ask(format!("!known {}", moderator.id())).await;
    assert!(
        answer.contains("is unknown, and the bot is not subscribed to members: declare `intents(Intents::GUILD_MEMBERS)`"),
        "{answer}"
    );
    assert_eq!(
        ask(format!("!may {}", moderator.id())).await,
        "speak: true, ban: true"
    );
    assert_eq!(
        ask(format!("!known {}", moderator.id())).await,
        "known: mod"
    );
    assert_eq!(
        ask(format!("!may {}", member.id())).await,
        "speak: true, ban: false"
    );
    assert_eq!(ask("!ask 77".into()).await, "Some(10013)");
    // The host's own commands ask the same service, without a call.
    let guild = bot.bot.services().cache.guilds()[0];
    let permissions = |user: u64| {
        let cache = &bot.bot.services().cache;
        cache.permissions(guild, twilight_model::id::Id::new(user), None)
    };
    assert!(
        permissions(owner.id())
            .unwrap()
            .contains(twilight_model::guild::Permissions::all())
    );
    assert!(permissions(bot.bot.services().bot_id()).is_ok());
    bot.close().await;
}
