//! Somebody else with the bot's token was faster (40060), or has deleted "is thinking…".

use sandbox::{Effect, Forestaller, MessageView, ResponseState};

use super::{CALLBACK, Story};

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_has_begun_goes_on() {
    let story = Story::begin().await;
    let forestall = |by| story.fault(CALLBACK, Effect::Forestall { by }, Some(1));
    // "Is thinking…" becomes the answer.
    for (command, text) in [
        ("ping", "pong"),
        ("frame_guard", "frame_guard"),
        ("broken", "error id"),
        ("no", "not today"),
        ("silent", "Done."),
    ] {
        let before = story.responses();
        forestall(Forestaller::Thinking);
        if command == "silent" {
            // There is nothing to say: somebody else has answered.
            assert_eq!(story.slash(command).await.state, ResponseState::Deferred);
            continue;
        }
        let answer = story.ask(command).await;
        assert!(answer.text().contains(text), "{answer:?}");
        assert!(!answer.ephemeral, "as it was begun");
        assert_eq!(story.count(text), 1);
        // Theirs, and one of ours.
        assert_eq!(story.responses() - before, 2, "{command}");
    }
    forestall(Forestaller::PrivateThinking);
    let answer = story.ask("hush").await;
    assert!(answer.content == "psst" && answer.ephemeral);
    // A message stays, and the answer follows it.
    forestall(Forestaller::Message);
    let used = story.slash("hush").await;
    let is_ours = |view: &MessageView| view.content == "psst" && view.ephemeral;
    let followed = story.member.expects_where("general", "psst", is_ours);
    followed.await.unwrap();
    assert_eq!(used.message.unwrap().content, "Somebody else was faster.");
    assert_eq!(story.count("Somebody else was faster."), 1);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_answer_never_takes_the_place_of_what_everybody_sees() {
    let story = Story::begin().await;
    let by = Forestaller::Thinking;
    story.fault(CALLBACK, Effect::Forestall { by }, Some(1));
    // The handler fails with that, and this may be told to everybody.
    let answer = story.ask("hush").await;
    assert!(answer.text().contains("error id"), "{answer:?}");
    assert_eq!(story.count("psst"), 0);
    story.nobody_thinks();
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_that_somebody_else_has_deferred_is_answered() {
    let story = Story::begin().await;
    story.ask("panel").await;
    for (label, text) in [("Reply", "clicked"), ("Update", "updated 1")] {
        let by = Forestaller::Update;
        story.fault(CALLBACK, Effect::Forestall { by }, Some(1));
        story.member.clicks(label).await.unwrap();
        let is_it = |view: &MessageView| view.content == text;
        let shown = story.member.expects_where("general", text, is_it);
        shown.await.unwrap();
    }
    assert_eq!((story.count("clicked"), story.count("panel")), (1, 0));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_host_defers_is_deferred_once() {
    let story = Story::begin().await;
    let troubles = [
        Effect::LoseAnswer,
        Effect::LoseRequest,
        Effect::Forestall {
            by: Forestaller::Thinking,
        },
    ];
    for (number, effect) in troubles.into_iter().enumerate() {
        story.fault(CALLBACK, effect.clone(), Some(1));
        let asked = story.slash("doze").await;
        assert_eq!(asked.state, ResponseState::Deferred, "{effect:?}");
        story.ask("release").await;
        let answer = story.member.expects_reply_to(&asked).await.unwrap();
        assert_eq!(answer.content, "dozed", "{effect:?}");
        assert_eq!(story.count("dozed"), number + 1);
    }
    story.nobody_thinks();
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_says_nothing_leaves_nobody_thinking() {
    let story = Story::begin().await;
    for (command, private) in [("nap", false), ("dream", true)] {
        let asked = story.slash(command).await;
        assert_eq!(asked.state, ResponseState::Deferred);
        story.ask("release").await;
        let is_it = |view: &MessageView| view.text() == "Done." && view.ephemeral == private;
        let shown = story.member.expects_where("general", "Done.", is_it).await;
        shown.unwrap_or_else(|error| panic!("/{command}: {error}"));
    }
    story.nobody_thinks();
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_is_thinking_gets_a_follow_up() {
    let story = Story::begin().await;
    let moderator = story.bot.owner();
    for (command, text, private) in [
        ("think", "thought again", false),
        ("muse", "thought again", true),
        ("doze", "dozed", false),
        ("fret", "nothing comes to mind", false),
        ("pack", "packed", false),
    ] {
        let asked = story.slash(command).await;
        assert_eq!(asked.state, ResponseState::Deferred);
        moderator.deletes(&asked.message.unwrap()).await.unwrap();
        let before = story.count(text);
        story.ask("release").await;
        let is_it = |view: &MessageView| view.text() == text && view.ephemeral == private;
        let shown = story.member.expects_where("general", text, is_it).await;
        shown.unwrap_or_else(|error| panic!("/{command}: {error}"));
        assert_eq!(story.count(text) - before, 1, "/{command}");
    }
    story.nobody_thinks();
    story.end().await;
}
