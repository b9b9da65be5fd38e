//! Tests of listeners for chosen events: a privileged intent is asked for only while somebody's settings need it.

use std::time::Duration;

use twilight_model::gateway::Intents;

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

const SOURCE: &str = r#"//! Counts messages while it is told to.
use std::cell::Cell;

use plugin_api::prelude::*;

export_plugin!(|| {
    Plugin::with_state(|_host: Host| async move { Ok(Cell::new(0_u32)) })
        .listen(Listener::new().chosen().ignore_bots(), |ctx: EventContext<MessageCreate, Cell<u32>>| async move {
            ctx.state().set(ctx.state().get() + 1);
            Ok(())
        })
        .command(Command::new("heed", "Listens, or does not")
            .slash_only()
            .option(CommandOption::string("event", "Which event"))
            .run(|ctx: CommandContext<Cell<u32>>| async move {
                let event: Option<String> = ctx.option("event")?;
                match ctx.host().choose_events(event).await {
                    Ok(()) => ctx.reply("chosen").await,
                    Err(why) => ctx.reply(why.to_string()).await,
                }
            }))
        .command(Command::new("heard", "Tells how many").slash_only().run(|ctx: CommandContext<Cell<u32>>| async move {
            ctx.reply(ctx.state().get().to_string()).await
        }))
});
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_privileged_intent_is_asked_for_only_while_an_event_is_chosen() {
    let library = fixtures::plugin("heeder", "chosen", "0.15.9", "", SOURCE);
    let bot = Fixture::with(&[]).await;
    bot.drop_in(&library, "heeder");
    bot.until_generation("heeder", 1).await;
    for command in ["heed", "heard"] {
        let there = bot.sandbox.commands_registered(command, PATIENCE);
        there.await.unwrap();
    }
    let member = bot.member();
    let wants = || {
        let (intents, reasons) = bot.bot.services().routes().intents();
        let whose = reasons.get(&Intents::MESSAGE_CONTENT.bits());
        (
            intents.contains(Intents::MESSAGE_CONTENT),
            whose.map(|names| names[0].to_string()),
        )
    };
    let asked = async |command: &str, picked: &[(&str, serde_json::Value)]| {
        let asked = member.slash("general", command, picked).await.unwrap();
        member.expects_reply_to(&asked).await.unwrap().content
    };
    assert_eq!(wants(), (false, None));
    member.says("general", "good morning").await.unwrap();
    assert_eq!(asked("heard", &[]).await, "0");
    let other = asked("heed", &[("event", "GUILD_MEMBER_ADD".into())]).await;
    assert!(
        other.contains("declare it with `Listener::chosen`"),
        "{other}"
    );
    assert_eq!(
        asked("heed", &[("event", "MESSAGE_CREATE".into())]).await,
        "chosen"
    );
    // Named, with whoever wants it.
    assert_eq!(wants(), (true, Some("heeder".into())));
    bot.until_content_is_seen().await;
    let count = async || -> u32 { asked("heard", &[]).await.parse().unwrap() };
    let before = count().await;
    member.says("general", "good evening").await.unwrap();
    // Not at once: a session that takes over may tell of a message after the one that it replaces told of what came later.
    let heard = async { while count().await == before {} };
    tokio::time::timeout(PATIENCE, heard).await.unwrap();
    assert_eq!(asked("heed", &[]).await, "chosen");
    assert_eq!(wants(), (false, None));
    let heard = count().await;
    member.says("general", "good night").await.unwrap();
    assert_eq!(count().await, heard);
    // What one load has chosen ends with it.
    assert_eq!(
        asked("heed", &[("event", "MESSAGE_CREATE".into())]).await,
        "chosen"
    );
    bot.plugins().reload("heeder").await.unwrap();
    assert_eq!(wants(), (false, None));
    // What the old generation had chosen is kept until it has ended, which is after the new one serves.
    let ended = async {
        while bot.bot.services().routes().choosers() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.unwrap();
    bot.close().await;
}
