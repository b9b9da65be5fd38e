//! Welcomes and goodbyes: made by the form, seen, switched off and on, changed, kept over a reload and a restart, deleted.

use twilight_model::gateway::Intents;

use super::{Form, bot, comes, goes, hears, typed, until_role, until_shown};

#[tokio::test(flavor = "multi_thread")]
async fn a_welcome_is_made_seen_switched_changed_and_deleted() {
    let bot = bot().await;
    let (intents, _) = bot.bot.services().routes().intents();
    assert!(
        !intents.intersects(Intents::GUILD_MEMBERS | Intents::MESSAGE_CONTENT),
        "{intents:?}"
    );
    let owner = bot.owner();
    let mut form = Form::begin(&owner, "welcome").await;
    let text = form.seen.text();
    assert!(text.contains("it does nothing yet"), "{text}");
    let text = form
        .fill(
            "Greeting",
            &[
                ("channel", "log"),
                ("message", "Hello {user}, you are {username}! {math:2*3}"),
                ("card", "no"),
            ],
        )
        .await;
    assert!(
        text.contains("Hello {user}") && !text.contains("Still in its way"),
        "{text}"
    );
    let text = form
        .fill(
            "Role and direct message",
            &[("role", "Tea"), ("direct", "Welcome to {guild_name}.")],
        )
        .await;
    assert!(text.contains("Welcome to {guild_name}."), "{text}");
    let text = form.click("Preview").await;
    for wanted in [
        "Somebody joins",
        "gives owner the role <@&",
        "you are owner! 6",
        "Welcome to Sandbox.",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    form.saved().await;
    hears(&bot, Intents::GUILD_MEMBERS).await;

    // Until there is a session that tells of members.
    let newcomer = bot.sandbox.actor("newcomer").unwrap();
    let again = async || comes(&newcomer).await;
    let greeting = until_shown(&owner, "log", "you are newcomer! 6", again).await;
    assert!(
        greeting
            .content
            .starts_with(&format!("Hello <@{}>", newcomer.id())),
        "{greeting:?}"
    );
    newcomer.expects("dm", "Welcome to Sandbox.").await.unwrap();

    // It goes on in the next generation.
    bot.plugins().reload("automations").await.unwrap();
    let second = bot.sandbox.actor("second").unwrap();
    second.joins("Sandbox").await.unwrap();
    owner.expects("log", "you are second!").await.unwrap();
    until_role(&bot, "second", "Tea", true).await;

    let text = typed(&owner, "automations info automation:welcome")
        .await
        .text();
    for wanted in ["Hello {user}", "State\non", " run", "Made by"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let text = typed(&owner, "automations toggle automation:1")
        .await
        .text();
    assert!(text.contains("is off"), "{text}");
    let (intents, _) = bot.bot.services().routes().intents();
    assert!(!intents.contains(Intents::GUILD_MEMBERS), "{intents:?}");
    let text = typed(&owner, "automations toggle automation:welcome")
        .await
        .text();
    assert!(text.contains("is on"), "{text}");

    let mut form = Form::edit(&owner, "welcome").await;
    form.fill(
        "Greeting",
        &[
            ("channel", "panel"),
            ("message", "Good day, {username}."),
            ("card", "yes"),
            ("title", "New!"),
        ],
    )
    .await;
    form.fill("Name", &[("name", "greeting")]).await;
    form.fill("Role and direct message", &[("direct", "")])
        .await;
    form.saved().await;
    let bot = bot.restart().await;
    let owner = bot.owner();
    bot.until_generation("automations", 1).await;
    hears(&bot, Intents::GUILD_MEMBERS).await;
    let third = bot.sandbox.actor("third").unwrap();
    let again = async || comes(&third).await;
    let greeting = until_shown(&owner, "panel", "Good day, third.", again).await;
    assert_eq!(greeting.embeds[0]["title"], "New!");

    super::ready(&bot).await;
    let asked = owner
        .slash_line("general", "automations delete automation:greeting")
        .await
        .unwrap();
    owner.expects_reply_to(&asked).await.unwrap();
    owner.clicks("Yes").await.unwrap();
    owner.expects("general", "is deleted").await.unwrap();
    let text = typed(&owner, "automations list").await.text();
    assert!(text.contains("no automations yet"), "{text}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_left_is_told_of() {
    let bot = bot().await;
    let owner = bot.owner();
    let mut form = Form::begin(&owner, "goodbye").await;
    form.fill(
        "Message",
        &[
            ("channel", "log"),
            ("message", "{username} has gone from {guild_name}."),
        ],
    )
    .await;
    form.saved().await;
    hears(&bot, Intents::GUILD_MEMBERS).await;
    let newcomer = bot.sandbox.actor("newcomer").unwrap();
    let again = async || goes(&newcomer).await;
    until_shown(&owner, "log", "newcomer has gone from Sandbox.", again).await;
    bot.close().await;
}
