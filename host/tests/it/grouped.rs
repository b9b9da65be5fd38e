//! Tests of grouped commands, below their plugin's name or left to the prefix: called what a member can type, and as
//! guarded as ever.

use serde_json::{Value, json};

use crate::{
    access::library,
    support::{Fixture, PATIENCE},
};

/// Whatever can be grouped is.
const GROUP: &str = "[commands]\ngroup_at = 1";

/// The same, but that what has a prefix is left to it.
const TO_PREFIX: &str = "[commands]\ngroup_at = 1\noverflow = \"prefix\"";

/// `registered` is something that Discord has then.
async fn bot(config: &str, registered: &str) -> Fixture {
    let bot = Fixture::configured(&["access"], config).await;
    bot.drop_in(&library(), "guarded");
    bot.until_generation("guarded", 1).await;
    bot.sandbox
        .commands_registered(registered, PATIENCE)
        .await
        .unwrap();
    bot
}

async fn slash(bot: &Fixture, line: &str, options: &[(&str, Value)]) -> String {
    let member = bot.member();
    let asked = member.slash("general", line, options).await.unwrap();
    member.expects_reply_to(&asked).await.unwrap().text()
}

async fn said(bot: &Fixture, text: &str) -> String {
    bot.ask(&bot.member(), text).await.text()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grouped_command_is_called_what_can_be_typed() {
    let bot = bot(GROUP, "guarded").await;
    assert!(bot.member().slash("general", "open", &[]).await.is_err());
    assert_eq!(slash(&bot, "guarded open", &[]).await, "opened");
    assert_eq!(slash(&bot, "guarded name", &[]).await, "/guarded name");
    assert_eq!(said(&bot, "!name").await, "!name");

    // Refusals and usage lines.
    let missing = "needs the permission **Ban Members**, which you lack.";
    assert_eq!(
        slash(&bot, "guarded ban", &[]).await,
        format!("`/guarded ban` {missing}")
    );
    assert_eq!(said(&bot, "!ban").await, format!("`!ban` {missing}"));
    let soon = [("time", json!("soon"))];
    let refused = slash(&bot, "guarded wait", &soon).await;
    assert!(
        refused.ends_with("Usage: `/guarded wait <time>`"),
        "{refused}"
    );
    let refused = said(&bot, "!wait soon").await;
    assert!(refused.ends_with("Usage: `!wait <time>`"), "{refused}");
    let refused = said(&bot, "!open sesame").await;
    assert!(refused.starts_with("`!open` takes no options"), "{refused}");
    let refused = said(&bot, "!typed").await;
    assert_eq!(
        refused,
        "`typed` is a slash command: type `/guarded typed`."
    );

    // One count of uses, whatever it is called.
    assert_eq!(slash(&bot, "guarded daily", &[]).await, "daily");
    let refused = slash(&bot, "guarded daily", &[]).await;
    assert!(
        refused.starts_with("`/guarded daily` can be used again"),
        "{refused}"
    );
    let refused = said(&bot, "!daily").await;
    assert!(
        refused.starts_with("`!daily` can be used again"),
        "{refused}"
    );

    // `why` takes what is typed, and says how it is.
    for (command, told) in [
        ("ban", "reads: `!ban` needs the permission"),
        ("!ban", "reads: `!ban` needs the permission"),
        ("/guarded ban", "reads: `!ban` needs the permission"),
        ("guarded ban", "It is typed `!ban` or `/guarded ban`."),
        ("typed", "reads: `/guarded typed` needs the permission"),
        ("open", "may use it here: `!open` or `/guarded open`."),
        (
            "tag add",
            "may use it here: `!tag add` or `/guarded tag add`.",
        ),
    ] {
        let why = slash(&bot, "access why", &[("command", json!(command))]).await;
        assert!(why.contains(told), "{command}: {why}");
    }
    let owner = bot.owner();
    let options = [("command", json!("ban"))];
    let asked = owner
        .slash("general", "access config", &options)
        .await
        .unwrap();
    let told = owner.expects_reply_to(&asked).await.unwrap().text();
    assert!(told.contains("`/access config ban @Role`"), "{told}");

    // Lists count commands as one uses them.
    let list = bot.ask(&owner, "!extensions").await.text();
    assert!(
        list.contains(" 20 commands\n") && list.contains("\n20 grouped under /guarded"),
        "{list}"
    );
    let figures = said(&bot, "!figures ban").await;
    assert!(
        figures.starts_with("hybrid, grouped: /guarded ban: !ban or /guarded ban;"),
        "{figures}"
    );
    private_answers_stay_private(&bot).await;
    bot.close().await;
}

async fn private_answers_stay_private(bot: &Fixture) {
    let member = bot.member();
    member.says("general", "!secret").await.unwrap();
    member.expects("dm", "psst").await.unwrap();
    if let Ok(asked) = member.slash("general", "guarded secret", &[]).await {
        let answer = member.expects_reply_to(&asked).await.unwrap();
        assert!(answer.ephemeral && answer.text() == "psst", "{answer:?}");
    }
    // A command later, so that nothing is still under way.
    said(bot, "!name").await;
    let seen = bot.owner().messages("general");
    assert!(seen.iter().all(|message| !message.content.contains("psst")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_to_the_prefix_is_as_guarded_as_it_was() {
    let bot = bot(TO_PREFIX, "typed").await;
    let member = bot.member();
    for gone in ["ban", "guarded ban", "secret", "guarded secret"] {
        assert!(member.slash("general", gone, &[]).await.is_err(), "{gone}");
    }
    assert_eq!(said(&bot, "!open").await, "opened");
    for (line, refusal) in [
        ("!ban", "`!ban` needs the permission **Ban Members**"),
        ("!root", "`!root` is for the bot's owner alone"),
        ("!crown", "`!crown` is for the owner of this server"),
        ("!picky", "Not today."),
    ] {
        let refused = said(&bot, line).await;
        assert!(refused.starts_with(refusal), "{line}: {refused}");
    }
    assert_eq!(said(&bot, "!daily").await, "daily");
    assert!(said(&bot, "!daily").await.contains("can be used again"));
    private_answers_stay_private(&bot).await;
    let figures = said(&bot, "!figures ban").await;
    assert!(
        figures.starts_with("prefix only: there are more commands than Discord accepts: !ban;"),
        "{figures}"
    );
    bot.close().await;
}
