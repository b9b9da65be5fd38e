//! Stories of the plugin `hooks`: who sees and switches handlers, what is remembered, and where its alerts go.

use std::{path::PathBuf, sync::OnceLock};

use sandbox::{Actor, MessageView};
use serde_json::json;
use twilight_model::guild::Permissions;

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

/// Rings, and has handlers that fail whenever it does.
const SOURCE: &str = r#"//! A door with a bell.
use plugin_api::{hook::Hook, prelude::*};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Rung { who: String }
impl Hook for Rung { const EVENT: &'static str = "door.rung"; }

#[derive(Serialize, Deserialize)]
struct Knocked {}
impl Hook for Knocked { const EVENT: &'static str = "door.knocked"; }

export_plugin!(|| {
    Plugin::new()
        .on_hook("hear", hear)
        .on_hook_with("open", 7, open)
        .on_hook("wake", wake)
        .command(Command::new("ring", "Rings").option(CommandOption::integer("times", "How often")).run(ring))
        .command(Command::new("knock", "Knocks").run(knock))
});

async fn hear(_ctx: HookContext<Rung>) -> Result { Ok(()) }
async fn open(_ctx: HookContext<Rung>) -> Result { Err(Error::new("it is stuck")) }
async fn wake(_ctx: HookContext<Knocked>) -> Result { Err(Error::new("nobody is in")) }

async fn ring(ctx: CommandContext) -> Result {
    let times: Option<u64> = ctx.option("times")?;
    for _ in 0..times.unwrap_or(1) {
        ctx.host().emit(&Rung { who: ctx.user().name.to_owned() }).await?;
    }
    ctx.reply("Ding!").await
}

async fn knock(ctx: CommandContext) -> Result {
    ctx.host().emit(&Knocked {}).await?;
    ctx.reply("Knock!").await
}
"#;

const HEAR: &str = "door:door.rung:hear";
const OPEN: &str = "door:door.rung:open";
const WAKE: &str = "door:door.knocked:wake";

/// Each failure makes a handler rest, for longer than a story takes.
const FRAGILE: &str = "[hooks]\nfailures = 1\nrest_s = 3600\n";

fn door() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY
        .get_or_init(|| fixtures::plugin("door", "handlers", "0.16.1", "", SOURCE))
        .clone()
}

/// A bot with the door, and a second server that `member` owns.
async fn bot(config: &str) -> Fixture {
    let bot = Fixture::configured(&["hooks"], config).await;
    bot.drop_in(&door(), "door");
    bot.until_generation("door", 1).await;
    let bot = bot
        .restart_after(async |stopped| {
            stopped.add_harbour(Permissions::MANAGE_MESSAGES);
            let bot = stopped.sandbox.application_id();
            stopped.sandbox.change_world(|world| {
                let pier = world.channel_named("pier").unwrap();
                world.deny(pier, bot, Permissions::SEND_MESSAGES);
            });
        })
        .await;
    up(&bot).await;
    bot
}

async fn up(bot: &Fixture) {
    bot.until_generation("door", 1).await;
    bot.until_generation("hooks", 1).await;
    bot.sandbox
        .commands_registered("eh_list", PATIENCE)
        .await
        .unwrap();
    bot.until_content_is_seen().await;
}

async fn said(who: &Actor, place: &str, text: &str) -> MessageView {
    let sent = who.says(place, text).await.unwrap();
    who.expects_reply_to(&sent).await.unwrap()
}

async fn typed(who: &Actor, place: &str, line: &str) -> MessageView {
    let asked = who.slash_line(place, line).await.unwrap();
    who.expects_reply_to(&asked).await.unwrap()
}

fn has(seen: &MessageView, words: &[&str]) {
    let text = seen.text();
    for word in words {
        assert!(text.contains(word), "no {word:?} in {text}");
    }
}

/// Waits until a handler has failed so often.
async fn until_failed(bot: &Fixture, id: &str, failures: u64) {
    let failed = || {
        let all = bot.bot.services().hooks.list();
        let found = all.into_iter().find(|hook| hook.id == id);
        found.map_or(0, |hook| hook.figures.failures)
    };
    let waited = async {
        while failed() < failures {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waited).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bots_owner_sees_and_switches_handlers_and_nobody_else_does() {
    let bot = bot(FRAGILE).await;
    let (owner, member) = (bot.owner(), bot.member());
    let moderator = bot.sandbox.actor("mod").unwrap();
    said(&member, "general", "!ring").await;
    until_failed(&bot, OPEN, 1).await;
    for name in ["eh_list", "hooks", "fw_hooks", "cogwright hooks"] {
        let list = said(&owner, "general", &format!("!{name}")).await;
        has(
            &list,
            &[
                "**door.knocked**",
                "**door.rung**",
                &format!("`{OPEN}` · ⚠️ rests after failures · priority 7\n1 run · 1 failed"),
                &format!("`{HEAR}` · on · priority 0\n1 run · 0 failed"),
                "last error: it is stuck",
                "3 handlers: 2 runs, 1 failed, 0 dropped",
            ],
        );
        let text = list.text();
        // The one with the higher priority is called first.
        assert!(text.find(OPEN) < text.find(HEAR), "{text}");
        assert!(!list.ephemeral);
    }
    let history = said(&owner, "general", "!hookhistory 50").await;
    has(
        &history,
        &["door.rung by door", "for 2 handlers", "with who"],
    );
    let private = typed(&owner, "general", "eh_list").await;
    assert!(private.ephemeral, "{}", private.text());
    has(&private, &[OPEN]);
    let private = typed(&owner, "general", "eh_history limit:1").await;
    assert!(private.ephemeral, "{}", private.text());
    has(&said(&owner, "dm", "!eh_list").await, &[OPEN]);
    has(&typed(&owner, "dm", "eh_list").await, &[OPEN]);

    // Switched off, on and reset; each answer shows the one handler.
    let off = said(&owner, "general", &format!("!eh_disable `{HEAR}`")).await;
    has(
        &off,
        &[
            "The handler is off, also after a restart",
            "🔴 switched off",
        ],
    );
    assert!(!off.text().contains(OPEN), "{}", off.text());
    let again = typed(&owner, "general", &format!("eh_disable id:{HEAR}")).await;
    has(&again, &["The handler is off already"]);
    assert!(again.ephemeral);
    has(
        &said(&owner, "general", &format!("!eh_enable {HEAR}")).await,
        &["The handler is on\n", " · on · "],
    );
    has(
        &said(&owner, "general", &format!("!eh_reset_circuit {OPEN}")).await,
        &["The handler's rest is over", " · on · "],
    );
    has(
        &said(&owner, "general", &format!("!eh_reset_circuit {OPEN}")).await,
        &["The handler was not at rest"],
    );

    // Bad input: what was meant is named.
    for (wrong, told) in [
        ("eh_disable door:door.rung:hera", HEAR),
        ("eh_enable door:door.rung:opne", OPEN),
        // The reference says "done" to an id that nothing has.
        ("eh_reset_circuit door:door.knocked:wkae", WAKE),
        ("eh_history 51", "50"),
        ("eh_history 0", "1"),
        ("eh_history many", "many"),
        ("eh_disable", "id"),
        ("fw_hooks enable this", "enable this"),
    ] {
        let seen = said(&owner, "general", &format!("!{wrong}")).await;
        has(&seen, &[told]);
        assert!(!seen.text().contains("error id"), "{}", seen.text());
    }
    let ids = owner
        .autocompletes("general", "eh_disable", &[("id", json!("KNOCK"))], "id")
        .await
        .unwrap();
    let ids: Vec<_> = ids.iter().map(|id| &id["value"]).collect();
    assert_eq!(ids, [&json!(WAKE)]);

    // A server's owner, a moderator and a member are refused, and nothing has happened.
    for (who, place) in [
        (&member, "docks"),
        (&moderator, "general"),
        (&member, "general"),
        (&member, "dm"),
    ] {
        for command in [
            "eh_list".to_owned(),
            "eh_history".to_owned(),
            format!("eh_disable {HEAR}"),
            format!("eh_enable {HEAR}"),
            format!("eh_reset_circuit {OPEN}"),
            "eh_alert_channel".to_owned(),
        ] {
            let seen = said(who, place, &format!("!{command}")).await;
            has(&seen, &["owner"]);
            assert!(!seen.text().contains("priority"), "{}", seen.text());
        }
    }
    has(
        &said(&owner, "general", "!eh_list").await,
        &[&format!("`{HEAR}` · on")],
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_is_switched_off_stays_so_over_a_reload_and_a_restart() {
    let bot = bot("").await;
    let (owner, member) = (bot.owner(), bot.member());
    said(&owner, "general", &format!("!eh_disable {HEAR}")).await;
    let bot = bot.restart().await;
    up(&bot).await;
    has(
        &said(&owner, "general", "!eh_list").await,
        &[&format!("`{HEAR}` · 🔴 switched off")],
    );
    said(&member, "general", "!ring").await;
    until_failed(&bot, OPEN, 1).await;
    has(
        &said(&owner, "general", "!eh_list").await,
        &["0 runs · 0 failed · 1 skipped"],
    );
    bot.drop_in(&door(), "door");
    said(&owner, "general", "!reload door").await;
    bot.until_generation("door", 2).await;
    has(
        &said(&owner, "general", "!eh_list").await,
        &[&format!("`{HEAR}` · 🔴 switched off")],
    );
    said(&owner, "general", &format!("!eh_enable {HEAR}")).await;
    let bot = bot.restart().await;
    up(&bot).await;
    has(
        &said(&owner, "general", "!eh_list").await,
        &[&format!("`{HEAR}` · on")],
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_events_are_pages_for_the_invoker_alone_also_after_a_reload() {
    let bot = bot("[hooks]\nfailures = 1000\n").await;
    let (owner, member) = (bot.owner(), bot.member());
    let moderator = bot.sandbox.actor("mod").unwrap();
    // 20 of a kind are kept; commands are told of, too.
    said(&member, "general", "!ring 30").await;
    for _ in 0..12 {
        said(&member, "general", "!knock").await;
    }
    // More fields than Discord takes would be refused by it: the reference is.
    let open = said(&owner, "general", "!eh_history 50").await;
    assert!(open.embeds[0]["fields"].as_array().unwrap().len() <= 25);
    let pages = open.buttons()[2].clone();
    let count: usize = pages.trim_start_matches("1 / ").parse().unwrap();
    assert!((4..=5).contains(&count), "{pages}");
    has(&open, &["door.knocked by door"]);
    let theirs = moderator.clicks_on(&open, "›").await.unwrap();
    assert!(theirs.message.unwrap().ephemeral);
    bot.drop_in(&fixtures::example("hooks"), "hooks");
    said(&owner, "general", "!reload hooks").await;
    bot.until_generation("hooks", 2).await;
    let turned = owner.clicks_on(&open, "»").await.unwrap();
    let last = owner.expects_reply_to(&turned).await.unwrap();
    assert_eq!(last.buttons()[2], format!("{count} / {count}"));
    // By slash they are turned as privately as they were opened.
    let private = typed(&owner, "general", "eh_history limit:50").await;
    assert!(private.ephemeral);
    let turned = owner.clicks_on(&private, "›").await.unwrap();
    let second = owner.expects_reply_to(&turned).await.unwrap();
    assert!(second.ephemeral && second.buttons()[2].starts_with("2 / "));
    // Whoever deletes the message closes the menu, and nothing comes of it.
    let open = said(&owner, "general", "!eh_history 50").await;
    owner.deletes(&open).await.unwrap();
    assert!(owner.clicks_on(&open, "›").await.is_err());
    has(&said(&owner, "general", "!eh_list").await, &[HEAR]);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opened_circuit_is_told_of_once_in_the_channel_that_was_chosen() {
    let bot = bot(FRAGILE).await;
    let (owner, member) = (bot.owner(), bot.member());
    let id = |channel: &str| bot.sandbox.channel_id(channel).unwrap();
    let first = said(&owner, "general", "!eh_alert_channel").await;
    has(
        &first,
        &[
            &format!("<#{}>", id("general")),
            "had no channel of their own before",
        ],
    );
    let other = said(&owner, "docks", "!eh_alert_channel #docks").await;
    has(
        &other,
        &[&format!(
            "<#{}> from now on, and no longer to <#{}>",
            id("docks"),
            id("general")
        )],
    );
    has(
        &said(&owner, "docks", "!eh_alert_channel").await,
        &["already"],
    );
    // One that the bot can't write to is refused, and the other stays.
    let refused = said(&owner, "docks", "!eh_alert_channel #pier").await;
    has(&refused, &["can't write in", "send messages"]);
    let refused = said(&owner, "docks", "!eh_alert_channel #nowhere").await;
    has(&refused, &["nowhere"]);
    let said_so = bot.bot.services().authority.config().alerts.of("hooks").0;
    assert_eq!(said_so, Some(id("docks")));

    let text = format!(
        "⚠️ The hook `{OPEN}` failed too often and rests for 3600s. Its last failure: it is stuck"
    );
    said(&member, "general", "!ring").await;
    owner.expects("docks", &text).await.unwrap();
    // It opens again within the cool-down; another handler's alert comes behind it.
    said(&owner, "general", &format!("!eh_reset_circuit {OPEN}")).await;
    said(&member, "general", "!ring").await;
    until_failed(&bot, OPEN, 2).await;
    said(&member, "general", "!knock").await;
    owner.expects("docks", WAKE).await.unwrap();
    let alerts = |channel: &str| {
        let all = owner.messages(channel).into_iter();
        all.filter(|it| it.content == text).count()
    };
    assert_eq!((alerts("docks"), alerts("general")), (1, 0));
    // In direct messages it is the owner's own channel.
    let private = said(&owner, "dm", "!eh_alert_channel").await;
    has(&private, &["from now on, and no longer to"]);
    said(&owner, "general", &format!("!eh_reset_circuit {WAKE}")).await;
    bot.close().await;
}

/// A handler that never ends, and a command that fills its queue.
const WELL: &str = r#"//! A well that nobody empties.
use plugin_api::{hook::Hook, prelude::*};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Poured {}
impl Hook for Poured { const EVENT: &'static str = "well.poured"; }

export_plugin!(|| {
    Plugin::new()
        .on_hook("drink", |_: HookContext<Poured>| std::future::pending())
        .command(Command::new("pour", "Pours six times").run(|ctx: CommandContext| async move {
            for _ in 0..6 {
                ctx.host().emit(&Poured {}).await?;
            }
            ctx.reply("Poured.").await
        }))
});
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_is_full_is_told_of_once_in_the_channel_that_was_chosen() {
    let bot = bot("[hooks]\nqueue = 2\npush_timeout_ms = 1\ntimeout_ms = 600000\n").await;
    let (owner, member) = (bot.owner(), bot.member());
    said(&owner, "docks", "!eh_alert_channel #docks").await;
    let well = fixtures::plugin("well", "handlers", "0.16.2", "", WELL);
    bot.drop_in(&well, "well");
    bot.until_generation("well", 1).await;
    said(&member, "general", "!pour").await;
    let text = "The hook `well:well.poured:drink` is too far behind: events for it are dropped.";
    owner.expects("docks", text).await.unwrap();
    // The next ones are within the cool-down; an alert of something else comes behind them.
    said(&member, "general", "!pour").await;
    let services = bot.bot.services();
    services
        .alerts
        .raise("hooks", "something else", "Something else.");
    owner.expects("docks", "Something else.").await.unwrap();
    let told = owner.messages("docks").into_iter();
    assert_eq!(told.filter(|it| it.content.contains(text)).count(), 1);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_power_a_command_names_it_and_the_others_work() {
    let bot = bot("[grants.hooks]\npowers = [\"hooks.read\"]\n").await;
    let owner = bot.owner();
    has(&said(&owner, "general", "!eh_list").await, &[OPEN]);
    for (command, power) in [
        (format!("eh_disable {HEAR}"), "hooks.manage"),
        (format!("eh_reset_circuit {HEAR}"), "hooks.manage"),
        ("eh_alert_channel".to_owned(), "settings.write"),
    ] {
        let seen = said(&owner, "general", &format!("!{command}")).await;
        has(&seen, &[&format!("`{power}`"), "[grants.hooks]"]);
    }
    let bot = bot.reconfigured("[grants.hooks]\npowers = []\n").await;
    up(&bot).await;
    has(
        &said(&owner, "general", "!eh_list").await,
        &["`hooks.read`"],
    );
    has(
        &said(&owner, "general", "!eh_history").await,
        &["`hooks.read`"],
    );
    bot.close().await;
}
