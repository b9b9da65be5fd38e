//! The word filter: deletes, warns, times out and logs, new messages and edited ones.

use twilight_model::gateway::Intents;

use super::{Form, bot, hears, typed, until};

#[tokio::test(flavor = "multi_thread")]
async fn words_that_are_not_wanted_are_taken_away() {
    let bot = bot().await;
    let (owner, member) = (bot.owner(), bot.member());
    let mut form = Form::begin(&owner, "word_filter").await;
    form.fill(
        "Words",
        &[("words", "coffee\nhot milk"), ("exempt", "Helper")],
    )
    .await;
    let text = form
        .fill(
            "What happens",
            &[("delete", "yes"), ("time_out", "x"), ("log", "log")],
        )
        .await;
    assert!(text.contains("`x` is no whole number"), "{text}");
    form.fill(
        "What happens",
        &[
            ("delete", "yes"),
            ("time_out", "60"),
            ("log", "log"),
            ("warning", "Not {word}, please."),
        ],
    )
    .await;
    form.saved().await;
    hears(&bot, Intents::MESSAGE_CONTENT).await;

    let fine = member.says("general", "coffeehouse").await.unwrap();
    let said = member
        .says("general", "I like COFFEE @everyone")
        .await
        .unwrap();
    let gone = || !member.messages("general").iter().any(|it| it.id == said.id);
    until("the message is deleted", gone).await;
    member.expects("dm", "Not coffee, please.").await.unwrap();
    let log = owner.expects("log", "Filtered").await.unwrap();
    assert!(
        log.text().contains("I like COFFEE @\u{200b}everyone"),
        "{}",
        log.text()
    );
    assert!(member.messages("general").iter().any(|it| it.id == fine.id));

    // What the owner says is deleted, and they can't be timed out: that is no failure.
    let said = owner.says("general", "hot milk").await.unwrap();
    let gone = || !owner.messages("general").iter().any(|it| it.id == said.id);
    until("the owner's message is deleted", gone).await;
    let log = owner.expects("log", "hot milk").await.unwrap();
    assert!(log.text().contains("Filtered"), "{}", log.text());
    let text = typed(&owner, "automations info automation:1").await.text();
    assert!(!text.contains("Last failure"), "{text}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_edited_is_filtered_and_what_is_exempt_is_not() {
    let bot = bot().await;
    let (owner, member) = (bot.owner(), bot.member());
    let mut form = Form::begin(&owner, "word_filter").await;
    form.fill("Words", &[("words", "coffee"), ("exempt", "Helper")])
        .await;
    form.fill("What happens", &[("delete", "yes"), ("warning", "")])
        .await;
    form.saved().await;
    hears(&bot, Intents::MESSAGE_CONTENT).await;
    let said = member.says("general", "tea").await.unwrap();
    member.edits(&said, "coffee").await.unwrap();
    until("the edited message is deleted", || {
        !member.messages("general").iter().any(|it| it.id == said.id)
    })
    .await;
    owner
        .gives_role("general", "member", "Helper")
        .await
        .unwrap();
    let kept = member.says("general", "coffee, please").await.unwrap();
    // By somebody else, behind it: events of one server come in order.
    let last = owner.says("general", "coffee").await.unwrap();
    until("the last one is deleted", || {
        !owner.messages("general").iter().any(|it| it.id == last.id)
    })
    .await;
    assert!(member.messages("general").iter().any(|it| it.id == kept.id));
    bot.close().await;
}
