//! The form: conditions, steps, the choice of a template, drafts that are over, export and import.

use super::{Form, bot, typed};

#[tokio::test(flavor = "multi_thread")]
async fn conditions_and_steps_are_made_shown_and_corrected() {
    let bot = bot().await;
    let owner = bot.owner();
    let seen = typed(&owner, "automations create").await;
    let picked = owner
        .picks_on(&seen, "Which template?", &["Goodbye"])
        .await
        .unwrap();
    let seen = owner.expects_reply_to(&picked).await.unwrap();
    let mut form = Form { who: &owner, seen };
    form.fill("Message", &[("channel", "log"), ("message", "Bye")])
        .await;
    let text = form
        .fill("Conditions", &[("conditions", "time 25:00-06:00")])
        .await;
    assert!(
        text.contains("line 1: `25:00` is no time of day") && text.contains("time 25:00-06:00"),
        "{text}"
    );
    let conditions = "time 22:00-06:00\nany:\n  role has @Tea\n  messages >= 10";
    let text = form.fill("Conditions", &[("conditions", conditions)]).await;
    assert!(text.contains(conditions), "{text}");
    let text = form.step("Time out", &[("time", "soon")]).await;
    assert!(
        text.contains("`soon` is no time") && text.contains("was not added"),
        "{text}"
    );
    form.step("Give a role", &[("role", "Tea")]).await;
    form.step("Delete the message", &[]).await;
    let text = form
        .step("Run another automation", &[("automation", "other")])
        .await;
    for wanted in [
        "1. gives the role",
        "2. deletes the message",
        "3. runs `other`",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let text = form.click("Drop the last step").await;
    assert!(!text.contains("3. runs"), "{text}");
    form.saved().await;

    let asked = owner
        .slash_line("general", "automations export automation:goodbye")
        .await
        .unwrap();
    let seen = owner.expects_reply_to(&asked).await.unwrap();
    assert_eq!(seen.attachments, ["automation-1.json"]);
    let text = typed(&owner, "automations test automation:goodbye")
        .await
        .text();
    assert!(text.contains("says in"), "{text}");
    let text = typed(&owner, "automations templates").await.text();
    for wanted in [
        "welcome",
        "goodbye",
        "reaction_roles",
        "word_filter",
        "levels",
        "announcement",
        "tickets",
        "voice_log",
        "webhook_bridge",
        "rooms",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_has_the_cards_as_they_will_look_and_mentions_nobody() {
    let bot = bot().await;
    let owner = bot.owner();
    let mut form = Form::begin(&owner, "welcome").await;
    let fields = [
        ("channel", "log"),
        ("message", "Hello {user}"),
        ("title", "For {username}"),
        ("color", "#7c3aed"),
    ];
    form.fill("Greeting", &fields).await;
    let fields = [("title", "Second"), ("description", "{math:2*3} words")];
    form.step("Say something", &fields).await;
    let clicked = owner.clicks_on(&form.seen, "Preview").await.unwrap();
    let seen = owner.expects_reply_to(&clicked).await.unwrap();
    let text = seen.text();
    assert!(text.contains("card 1") && text.contains("card 2"), "{text}");
    assert!(!text.contains("<@"), "{text}");
    let cards = &seen.embeds[1..];
    assert_eq!(cards.len(), 2, "{cards:?}");
    assert_eq!(
        (&cards[0]["title"], &cards[0]["description"]),
        (&"For owner".into(), &"Hello owner".into())
    );
    assert_eq!(cards[0]["color"], 0x7c_3aed);
    assert_eq!(
        (&cards[1]["title"], &cards[1]["description"]),
        (&"Second".into(), &"6 words".into())
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_lives_over_a_reload_and_ends_with_the_next_one() {
    let bot = bot().await;
    let owner = bot.owner();
    let mut first = Form::begin(&owner, "goodbye").await;
    first
        .fill("Message", &[("channel", "log"), ("message", "Bye")])
        .await;
    bot.plugins().reload("automations").await.unwrap();
    let text = first.fill("Name", &[("name", "farewell")]).await;
    assert!(text.contains("farewell") && text.contains("Bye"), "{text}");
    let mut second = Form::begin(&owner, "welcome").await;
    let text = first.click("Conditions").await;
    assert!(text.contains("This form is over"), "{text}");
    let text = second.click("Discard").await;
    assert!(text.contains("thrown away"), "{text}");
    let text = typed(&owner, "automations list").await.text();
    assert!(text.contains("no automations yet"), "{text}");
    bot.close().await;
}
