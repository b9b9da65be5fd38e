//! Tests of what authors are spared: the usual routes, typed settings, who invoked, emoji and message options, chosen servers,
//! groups with a handler of their own.

use std::{fs, path::PathBuf, sync::OnceLock};

use serde_json::{Value, json};
use twilight_model::guild::Permissions;

use crate::{
    fixtures,
    support::{self, Fixture, PATIENCE},
};

const SOURCE: &str = r#"//! Uses everything that spares an author something.
use std::time::Duration;

use plugin_api::{Emoji, prelude::*};

#[derive(Debug, Choices)]
enum Size {
    Cup,
    #[choice("a pot")]
    Pot,
}

#[derive(Debug, Settings)]
struct Shop {
    /// How many cups.
    #[setting(default = 3, min = 1, max = 10, per_guild)]
    limit: u64,
    /// How much.
    #[setting(default = "a pot", per_guild)]
    size: Size,
    /// Who may order.
    #[setting(per_guild)]
    guests: Vec<Id<marker::RoleMarker>>,
    /// Where orders go.
    #[setting(per_guild)]
    kitchen: Option<Id<marker::ChannelMarker>>,
    /// How long to wait.
    #[setting(default = "5m")]
    pause: Duration,
}

export_plugin!(|| {
    // Whoever tests this says which server it is.
    let chosen = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/chosen")).unwrap_or_default();
    let chosen: Vec<Id<marker::GuildMarker>> = chosen.split_whitespace().filter_map(|id| id.parse().ok()).collect();
    let only_there = Command::new("vault", "For one server").run(|ctx: CommandContext| async move { ctx.reply("opened").await });
    let plugin = Plugin::new()
        .intents(Intents::GUILD_MEMBERS)
        .settings::<Shop>()
        .command(shop())
        .command(me())
        .command(act())
        .command(mark())
        .command(tag().alias("t").command(
            Command::new("add", "Adds a tag").option(CommandOption::string("name", "Which").required()).run(|ctx: CommandContext| async move {
                ctx.reply(format!("added {}", ctx.option::<String>("name")?)).await
            }),
        ));
    if chosen.is_empty() { plugin } else { plugin.command(only_there.only_in(chosen)) }
});

/// Shows the settings of this server.
#[command(guild_only)]
async fn shop(ctx: CommandContext) -> Result {
    let guild = ctx.guild_id().ok_or(Error::user("in servers only"))?;
    let shop = Shop::of_guild(ctx.host(), guild).await?;
    let pause = Shop::of(ctx.host())?.pause;
    ctx.reply(format!("{} {:?} guests {} kitchen {} {pause:?}", shop.limit, shop.size, shop.guests.len(), shop.kitchen.is_some())).await
}

/// Shows a tag.
#[command]
async fn tag(
    ctx: CommandContext,
    /// Which one.
    name: Option<String>,
) -> Result {
    ctx.reply(format!("tag {name:?} by {}", ctx.command())).await
}

/// Tells who you are.
#[command]
async fn me(ctx: CommandContext) -> Result {
    let may_ban = ctx.permissions().await?.contains(Permissions::BAN_MEMBERS);
    let member = ctx.member()?.is_some();
    let locale = ctx.locale().is_some();
    let server = ctx.guild_locale().await?.is_some();
    ctx.reply(format!(
        "{} has {} roles, member {member}, may ban {may_ban}, locale {locale}, server's {server}, avatar {}",
        ctx.display_name(), ctx.roles().len(), ctx.avatar_url().starts_with("https://cdn.discordapp.com/"),
    )).await
}

/// Marks a message.
#[command]
async fn mark(
    ctx: CommandContext,
    /// Which.
    what: MessageLink,
    /// With what.
    #[default = "👏"]
    emoji: Emoji,
) -> Result {
    ctx.host().discord().react(what.channel, what.message, &emoji.reaction()).await?;
    ctx.reply(format!("{emoji}")).await
}

/// Does something.
#[command(guild_only)]
async fn act(
    ctx: CommandContext,
    /// What.
    what: String,
    /// With whom.
    whom: Option<Id<marker::UserMarker>>,
    /// With which role.
    role: Option<Id<marker::RoleMarker>>,
) -> Result {
    let guild = ctx.guild_id().ok_or(Error::user("in servers only"))?;
    let (discord, here) = (ctx.host().discord(), ctx.channel_id());
    let target = whom.unwrap_or(ctx.user().id);
    let (hour, nothing) = (Duration::from_secs(3_600), Duration::ZERO);
    let done = match (&*what, role) {
        ("give", Some(role)) => discord.add_role(guild, target, role).reason("given").await.map(|()| "given".into()),
        ("take", Some(role)) => discord.remove_role(guild, target, role).reason("taken").await.map(|()| "taken".into()),
        ("quiet", _) => discord.time_out(guild, target, hour).reason("quiet").await.map(|()| "quiet".into()),
        ("loud", _) => discord.time_out(guild, target, nothing).reason("loud").await.map(|()| "loud".into()),
        ("ban", _) => discord.ban(guild, target, hour).reason("banned").await.map(|()| "banned".into()),
        ("unban", _) => discord.unban(guild, target).reason("unbanned").await.map(|()| "unbanned".into()),
        ("kick", _) => discord.kick(guild, target).reason("kicked").await.map(|()| "kicked".into()),
        ("dm", _) => discord.dm(target, NewMessage::from("psst").file("a.txt", "x")).await.map(|sent| format!("{} file", sent.attachments.len())),
        ("channel", _) => {
            let category = discord.create_channel(guild, NewChannel::category("Tickets")).await?;
            let channel = NewChannel::text("ticket").topic("Tea").below(category.id)
                .deny_role(guild.cast(), Permissions::VIEW_CHANNEL)
                .allow_member(target, Permissions::VIEW_CHANNEL);
            let made = discord.create_channel(guild, channel).reason("a ticket").await?;
            let overwrites = made.permission_overwrites.map_or(0, |all| all.len());
            Ok(format!("{:?} {overwrites} {}", made.topic, made.parent_id == Some(category.id)))
        }
        ("thread", _) => {
            let sent = discord.send(here, "about tea").await?;
            let one = discord.create_thread(here, "Alone").reason("alone").await?;
            let other = discord.create_thread_on(here, sent.id, "On it").await?;
            discord.delete_channel(one.id).reason("gone").await?;
            Ok(format!("{:?} {:?}", one.name, other.name))
        }
        ("post", _) => {
            let channels = ctx.host().cache().channels(guild).known().await?;
            let forum = channels.iter().find(|it| it.name.as_deref() == Some("ideas")).ok_or(Error::new("no forum"))?;
            let post = discord.post(forum.id, "A leak", NewMessage::from("It drips.").file("leak.txt", "drip")).await?;
            let first = discord.history(post.id).next().await?.ok_or(Error::new("it is empty"))?;
            Ok(format!("{:?} {} with {} file", post.name, first.content, first.attachments.len()))
        }
        ("files", _) => {
            let request = discord.request(Method::Post, format!("channels/{here}/messages"));
            let sent = request.json(&plugin_api::Json::from_iter([("content", "two")]))?.file("a", "1").file("b", "2").send().await?.message()?;
            Ok(format!("{} files", sent.attachments.len()))
        }
        ("history", _) => {
            let (mut history, mut count, mut falls) = (discord.history(here), 0, true);
            let mut last: Option<Id<marker::MessageMarker>> = None;
            while let Some(message) = history.next().await? {
                falls &= last.is_none_or(|last| message.id < last);
                (last, count) = (Some(message.id), count + 1);
            }
            Ok(format!("{count} messages, each older: {falls}"))
        }
        ("members", _) => {
            let (mut members, mut seen) = (discord.members(guild), std::collections::BTreeSet::new());
            while let Some(member) = members.next().await? {
                seen.insert(member.user.id);
            }
            Ok(format!("{} members", seen.len()))
        }
        ("leave", _) => {
            ctx.reply("bye").await?;
            return discord.leave(guild).await;
        }
        _ => Err(Error::user("what?")),
    };
    ctx.reply(done?).await
}
"#;

fn library() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY
        .get_or_init(|| fixtures::plugin("comforts", "all", "0.1.0", "", SOURCE))
        .clone()
}

/// A bot that may do everything in the server `Harbour`, which `member` owns; that one's id, and that of the role `Captain`.
async fn bot() -> (Fixture, u64, u64) {
    let (mut harbour, mut captain) = (0, 0);
    let bot = Fixture::with(&["settings"])
        .await
        .restart_after(async |stopped| {
            let extensions = stopped.folder.join("extensions");
            support::drop_in(&library(), &extensions, "comforts");
            stopped.sandbox.change_world(|world| {
                let user = |name: &str| world.user_named(name).unwrap();
                let (owner, member) = (user("owner"), user("member"));
                let guild = world.add_guild("Harbour", member);
                harbour = guild;
                world.add_member(guild, owner, &[]);
                captain = world.add_role(guild, "Captain", Permissions::BAN_MEMBERS);
                let sailor = world.add_user("sailor");
                world.add_member(guild, sailor, &[captain]);
                world.add_role(guild, "Guest", Permissions::empty());
                world.add_channel(guild, "docks");
                let hold = world.add_channel(guild, "hold");
                world.deny(hold, sailor, Permissions::VIEW_CHANNEL);
                world.add_forum(guild, "ideas");
                world.set_bot_permissions(guild, Permissions::ADMINISTRATOR);
                world.raise_bot(guild);
                world.add_crowd(guild, 1_200, &[]);
            });
        })
        .await;
    bot.until_generation("comforts", 1).await;
    bot.sandbox
        .commands_registered("me", PATIENCE)
        .await
        .unwrap();
    (bot, harbour, captain)
}

async fn said(who: &sandbox::Actor, place: &str, text: &str) -> String {
    let sent = who.says(place, text).await.unwrap();
    who.expects_reply_to(&sent).await.unwrap().text()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_usual_routes_do_what_they_say_and_the_audit_log_has_their_reasons() {
    let (bot, harbour, _) = bot().await;
    let (member, sailor) = (bot.member(), bot.sandbox.actor("sailor").unwrap());
    for (text, expect) in [
        ("!act give sailor Guest", "given"),
        ("!act take sailor Guest", "taken"),
        ("!act quiet sailor", "quiet"),
        ("!act loud sailor", "loud"),
        ("!act dm", "1 file"),
        ("!act channel", "Some(\"Tea\") 2 true"),
        ("!act thread", "Some(\"Alone\") Some(\"On it\")"),
        ("!act post", "Some(\"A leak\") It drips. with 1 file"),
        ("!act files", "2 files"),
        ("!act members", "1204 members"),
    ] {
        assert_eq!(said(&member, "docks", text).await, expect, "{text}");
    }
    for number in 0..110 {
        sailor
            .says("docks", &format!("wave {number}"))
            .await
            .unwrap();
    }
    let told = said(&member, "docks", "!act history").await;
    let count: u32 = told.split(' ').next().unwrap().parse().unwrap();
    assert!(count > 130 && told.ends_with("each older: true"), "{told}");
    for (text, expect) in [
        ("!act ban sailor", "banned"),
        ("!act unban sailor", "unbanned"),
    ] {
        let id = sailor.id();
        let text = text.replace("sailor", &format!("<@{id}>"));
        assert_eq!(said(&member, "docks", &text).await, expect, "{text}");
    }
    let log = audit_log(&bot, harbour).await;
    for reason in [
        "given", "taken", "quiet", "loud", "a ticket", "gone", "banned", "unbanned",
    ] {
        assert!(
            log.contains(&reason.to_owned()),
            "{reason} is not in {log:?}"
        );
    }
    assert_eq!(said(&member, "docks", "!act leave").await, "bye");
    bot.close().await;
}

async fn audit_log(bot: &Fixture, guild: u64) -> Vec<String> {
    let discord = &bot.bot.services().discord;
    let path = format!("guilds/{guild}/audit-logs?limit=100");
    let log = discord.json("GET", path, &Value::Null, false).await;
    let log = log.unwrap();
    let entries = log["audit_log_entries"].as_array().unwrap().iter();
    entries
        .filter_map(|entry| Some(entry["reason"].as_str()?.to_owned()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_read_into_a_struct_and_set_by_name() {
    let (bot, _, captain) = bot().await;
    let member = bot.member();
    let before = "3 Pot guests 0 kitchen false 300s";
    assert_eq!(said(&member, "docks", "!shop").await, before);
    for (text, expect) in [
        (
            "!settings set comforts.guests captain, Guest",
            "for this server",
        ),
        ("!settings set comforts.kitchen #docks", "for this server"),
        (
            "!settings set comforts.size Cup",
            "expected one of `cup`, `a pot`",
        ),
        ("!settings set comforts.size cup", "for this server"),
        ("!settings set comforts.limit 11", "expected 1 to 10"),
        (
            "!settings set comforts.guests Captain, Nobody",
            "`Nobody` is no role of this server",
        ),
        (
            "!settings set comforts.kitchen pantry",
            "`pantry` is no channel of this server",
        ),
    ] {
        let told = said(&member, "docks", text).await;
        assert!(told.contains(expect), "{text}: {told}");
    }
    let after = "3 Cup guests 2 kitchen true 300s";
    assert_eq!(said(&member, "docks", "!shop").await, after);
    // Another server has its own.
    assert_eq!(said(&bot.owner(), "general", "!shop").await, before);
    let text = format!("!settings set comforts.guests <@&{captain}>");
    let told = said(&member, "docks", &text).await;
    assert!(told.contains("for this server"), "{told}");
    assert!(said(&member, "docks", "!shop").await.contains("guests 1"));
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_invokes_is_known_by_prefix_and_by_slash() {
    let (bot, ..) = bot().await;
    let sailor = bot.sandbox.actor("sailor").unwrap();
    let typed = said(&sailor, "docks", "!me").await;
    assert_eq!(
        typed,
        "sailor has 1 roles, member true, may ban true, locale false, server's true, avatar true"
    );
    let asked = sailor.slash("docks", "me", &[]).await.unwrap();
    let picked = sailor.expects_reply_to(&asked).await.unwrap().text();
    assert_eq!(picked, typed.replace("locale false", "locale true"));
    let private = said(&sailor, "dm", "!me").await;
    assert!(
        private.contains("has 0 roles, member false, may ban true"),
        "{private}"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn emojis_and_messages_are_options_and_no_message_that_the_member_cannot_read() {
    let (bot, harbour, _) = bot().await;
    let (member, sailor) = (bot.member(), bot.sandbox.actor("sailor").unwrap());
    let here = sailor.says("docks", "ahoy").await.unwrap();
    let secret = member.says("hold", "gold").await.unwrap();
    let elsewhere = bot.owner().says("general", "hello").await.unwrap();
    let link =
        |channel: u64, id: u64| format!("https://discord.com/channels/{harbour}/{channel}/{id}");
    let place = |name: &str| bot.sandbox.channel_id(name).unwrap();
    let (docks, hold, general) = (place("docks"), place("hold"), place("general"));
    for (text, expect) in [
        (format!("!mark {}", here.id), "👏"),
        (format!("!mark {} 👍🏽", link(docks, here.id)), "👍🏽"),
        (format!("!mark {docks}-{} ☕", here.id), "☕"),
        (format!("!mark {} tea", here.id), "an emoji is expected"),
        (format!("!mark {} 👏👏", here.id), "an emoji is expected"),
        (
            "!mark that".into(),
            "a message, as a link or an id, is expected",
        ),
        (
            format!("!mark {}", link(hold, secret.id)),
            "you can read no channel of this server",
        ),
        (
            format!("!mark {general}-{}", elsewhere.id),
            "you can read no channel of this server",
        ),
        (
            format!(
                "!mark https://discord.com/channels/{}/{general}/{}",
                bot.sandbox.guild_id(),
                elsewhere.id
            ),
            "not of this server",
        ),
    ] {
        let told = said(&sailor, "docks", &text).await;
        assert!(told.contains(expect), "{text}: {told}");
    }
    let told = said(
        &member,
        "docks",
        &format!("!mark {}", link(hold, secret.id)),
    )
    .await;
    assert_eq!(told, "👏");
    let options = [("what", json!(here.id.to_string())), ("emoji", json!("🎉"))];
    let asked = sailor.slash("docks", "mark", &options).await.unwrap();
    assert_eq!(sailor.expects_reply_to(&asked).await.unwrap().text(), "🎉");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_may_have_a_handler_of_its_own_by_prefix() {
    let (bot, ..) = bot().await;
    let member = bot.member();
    for (text, expect) in [
        ("!tag", "tag None by tag"),
        ("!t tea", "tag Some(\"tea\") by tag"),
        ("!tag add tea", "added tea"),
        ("!t add", "`name` is missing"),
        ("!tag tea milk", "`milk` is one too many"),
    ] {
        let told = said(&member, "docks", text).await;
        assert!(told.contains(expect), "{text}: {told}");
    }
    let asked = member
        .slash("docks", "tag add", &[("name", json!("tea"))])
        .await
        .unwrap();
    let told = member.expects_reply_to(&asked).await.unwrap().text();
    assert_eq!(told, "added tea");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_for_chosen_servers_is_registered_there_and_refused_elsewhere() {
    let library = fixtures::plugin("comforts", "chosen", "0.1.0", "", SOURCE);
    let (bot, harbour, _) = bot().await;
    fs::write(library.with_file_name("chosen"), harbour.to_string()).unwrap();
    bot.drop_in(&library, "comforts");
    bot.until_generation("comforts", 2).await;
    // With another file than before, what it declares has changed.
    bot.sandbox
        .commands_registered("vault", PATIENCE)
        .await
        .unwrap();
    assert_eq!(bot.commands(Some(harbour)).await, ["vault"]);
    assert!(!bot.commands(None).await.contains(&"vault".to_owned()));
    let (member, owner) = (bot.member(), bot.owner());
    let asked = member.slash("docks", "vault", &[]).await.unwrap();
    assert_eq!(
        member.expects_reply_to(&asked).await.unwrap().text(),
        "opened"
    );
    assert_eq!(said(&member, "docks", "!vault").await, "opened");
    let told = said(&owner, "general", "!vault").await;
    assert_eq!(told, "`!vault` works in other servers only.");
    let told = said(&member, "dm", "!vault").await;
    assert!(told.contains("works in servers only"), "{told}");
    // What is not for it any more is taken away.
    fs::write(library.with_file_name("chosen"), "").unwrap();
    bot.plugins().reload("comforts").await.unwrap();
    bot.until_unregistered(Some(harbour), "vault").await;
    bot.close().await;
}
