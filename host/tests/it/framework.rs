//! Tests of the framework's own hook events, and of the owner's commands for hooks.

use std::{path::PathBuf, sync::OnceLock};

use host::services::hooks::{Circuit, HookView};
use serde_json::json;

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

const SOURCE: &str = r#"//! Stands at the door.
use std::cell::RefCell;

use plugin_api::{hook::{BotReady, GuildJoined, GuildLeft}, prelude::*};

#[derive(Default)]
struct Porter(RefCell<Vec<String>>);

export_plugin!(|| {
    Plugin::with_state(|_host| async { Ok(Porter::default()) })
        .on_hook("ready", ready)
        .on_hook("joined", joined)
        .on_hook("left", left)
        .on_hook_with("grumble", 3, grumble)
        .command(Command::new("news", "Tells").run(news))
});

async fn ready(ctx: HookContext<BotReady, Porter>) -> Result {
    let it = ctx.payload();
    assert_eq!(ctx.from(), None);
    assert_eq!(ctx.host().bot_id().map(|id| id.get()), Some(it.user_id));
    ctx.state().0.borrow_mut().push(format!("shard {} ready with {}", it.shard, it.guilds));
    Ok(())
}

async fn joined(ctx: HookContext<GuildJoined, Porter>) -> Result {
    let it = ctx.payload();
    ctx.state().0.borrow_mut().push(format!("joined {} {} of {}", it.guild_id, it.name, it.members));
    Ok(())
}

async fn left(ctx: HookContext<GuildLeft, Porter>) -> Result {
    ctx.state().0.borrow_mut().push(format!("left {}", ctx.payload().guild_id));
    Ok(())
}

async fn grumble(_ctx: HookContext<GuildLeft, Porter>) -> Result { Err(Error::new("nobody says goodbye")) }

async fn news(ctx: CommandContext<Porter>) -> Result {
    let news = ctx.state().0.take().join("; ");
    ctx.reply(format!("news: {news}")).await
}
"#;

/// A bot with a porter, who was there when it logged in.
async fn porter(config: &str) -> Fixture {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let built = BUILT.get_or_init(|| fixtures::plugin("porter", "hooks", "0.9.52", "", SOURCE));
    let bot = Fixture::configured(&["hooks"], config).await;
    bot.drop_in(built, "porter");
    bot.until_generation("porter", 1).await;
    let bot = bot.restart().await;
    until_runs(&bot, "bot_ready:ready", 1).await;
    bot
}

/// Waits until a handler has run so often.
async fn until_runs(bot: &Fixture, handler: &str, runs: u64) -> HookView {
    let id = format!("porter:{handler}");
    let find = || {
        let hooks = bot.bot.services().hooks.list();
        hooks.into_iter().find(|hook| hook.id == id).unwrap()
    };
    let waited = tokio::time::timeout(PATIENCE, async {
        while find().figures.runs < runs {
            tokio::task::yield_now().await;
        }
        find()
    });
    waited.await.unwrap_or_else(|_| panic!("{:?}", find()))
}

/// Tells the bot of a server as Discord does when the bot joins it, or when it is there again.
fn arrives(bot: &Fixture, guild: u64, name: &str) {
    let data = json!({
        "id": guild.to_string(), "name": name, "owner_id": "1", "member_count": 7, "unavailable": false,
    });
    bot.sandbox.dispatch("GUILD_CREATE", Some(guild), data);
}

fn departs(bot: &Fixture, guild: u64) {
    let data = json!({"id": guild.to_string()});
    bot.sandbox.dispatch("GUILD_DELETE", Some(guild), data);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_login_and_servers_that_come_and_go_are_told() {
    let bot = porter("").await;
    let (member, owner_id) = (bot.member(), bot.sandbox.owner_id());
    let teahouse = bot
        .sandbox
        .change_world(|world| world.add_guild("Tea house", owner_id));
    arrives(&bot, teahouse, "Tea house");
    until_runs(&bot, "guild_joined:joined", 1).await;
    // An outage takes it away and brings it back: it was neither left nor joined.
    let outage = json!({"id": teahouse.to_string(), "unavailable": true});
    bot.sandbox.dispatch("GUILD_DELETE", Some(teahouse), outage);
    arrives(&bot, teahouse, "Tea house");
    // The server that was there at the login was not joined either.
    assert_eq!(
        bot.ask(&member, "!news").await.content,
        format!("news: shard 0 ready with 1; joined {teahouse} Tea house of 7")
    );
    // A new session: both servers come again.
    bot.sandbox.invalidate_sessions();
    until_runs(&bot, "bot_ready:ready", 2).await;
    bot.sandbox.bot_ready(PATIENCE).await.unwrap();
    let bot_id = bot.sandbox.application_id();
    bot.sandbox
        .change_world(|world| world.remove_member(teahouse, bot_id));
    departs(&bot, teahouse);
    until_runs(&bot, "guild_left:left", 1).await;
    assert_eq!(
        bot.ask(&member, "!news").await.content,
        format!("news: shard 0 ready with 2; left {teahouse}")
    );
    let history = bot.bot.services().hooks.history(100);
    for (event, count) in [("bot_ready", 2), ("guild_joined", 1), ("guild_left", 1)] {
        let told = history.iter().filter(|told| told.event == event).count();
        assert_eq!(told, count, "{event} in {history:#?}");
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_lists_switches_and_resets_hooks() {
    let bot = porter("[hooks]\nfailures = 1\nrest_s = 3600").await;
    let owner = bot.owner();
    let told = async |line: &str| bot.ask(&owner, &format!("!{line}")).await.text();
    let (grumble, left) = ("porter:guild_left:grumble", "porter:guild_left:left");

    let answer = told("eh_list").await;
    for line in [
        "`porter:bot_ready:ready` · on · priority 0\n1 run · 0 failed",
        "`porter:guild_left:grumble` · on · priority 3\n0 runs · 0 failed\n",
    ] {
        assert!(answer.contains(line), "{line} is not in: {answer}");
    }
    arrives(&bot, 77, "Short visit");
    departs(&bot, 77);
    let grumbled = until_runs(&bot, "guild_left:grumble", 1).await;
    assert_eq!(grumbled.circuit, Circuit::Open);
    let answer = told("fw_hooks").await;
    let line =
        "`porter:guild_left:grumble` · ⚠️ rests after failures · priority 3\n1 run · 1 failed";
    assert!(answer.contains(line), "{answer}");

    // Both answers show the one handler that was changed.
    let answer = told(&format!("eh_reset_circuit {grumble}")).await;
    assert!(answer.contains("· on · priority 3\n1 run"), "{answer}");
    assert!(!answer.contains(left), "{answer}");
    let answer = told(&format!("eh_disable {left}")).await;
    assert!(answer.contains("🔴 switched off · priority 0"), "{answer}");
    arrives(&bot, 77, "Short visit");
    departs(&bot, 77);
    until_runs(&bot, "guild_left:grumble", 2).await;
    let answer = told("eh_history 50").await;
    assert_eq!(answer.matches("guild_left by the framework").count(), 2);
    for line in [
        "for 2 handlers",
        "for 1 handler ·",
        "1 skipped",
        "guild_joined by the framework",
    ] {
        assert!(answer.contains(line), "{line} is not in: {answer}");
    }
    let answer = told(&format!("eh_enable {left}")).await;
    assert!(answer.contains("· on · priority 0\n1 run"), "{answer}");
    assert!(answer.contains("1 skipped"), "{answer}");

    let answer = told("eh_enable porter:guild_left:lef").await;
    assert!(
        answer.contains(
            "here is no hook `porter:guild_left:lef`; did you mean `porter:guild_left:left`?"
        ),
        "{answer}"
    );
    bot.close().await;
}
