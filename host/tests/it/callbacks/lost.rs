//! First responses that are lost on the way, or whose answers are.

use std::time::Duration;

use sandbox::{Effect, ErrorBody, ResponseState, Way};
use serde_json::json;

use super::{CALLBACK, Story};
use crate::support::PATIENCE;

/// What may happen to a request and its answer on the way.
fn losses() -> [Effect; 6] {
    let fail = |status, body| Effect::FailAnswer { status, body };
    let status = |status, body| Effect::Status { status, body };
    [
        Effect::LoseAnswer,
        Effect::LoseRequest,
        fail(502, ErrorBody::Html),
        fail(500, ErrorBody::Json),
        status(502, ErrorBody::Html),
        status(503, ErrorBody::Empty),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_first_response_is_given_once() {
    let story = Story::begin().await;
    let troubles = losses();
    for (number, effect) in troubles.iter().enumerate() {
        for (command, text) in [
            ("ping", "pong"),
            ("hush", "psst"),
            ("frame_guard", "frame_guard"),
        ] {
            story.fault(CALLBACK, effect.clone(), Some(1));
            let answer = story.ask(command).await;
            assert_eq!(answer.text(), text, "{effect:?}");
            assert_eq!(answer.ephemeral, command == "hush");
            assert_eq!(story.count(text), number + 1, "{effect:?}");
        }
        // What the host says is lost no more than what plugins say.
        for (command, text) in [
            ("broken", "error id"),
            ("no", "not today"),
            ("silent", "Done."),
        ] {
            story.fault(CALLBACK, effect.clone(), Some(1));
            let answer = story.ask(command).await;
            assert!(answer.text().contains(text) && answer.ephemeral);
            assert_eq!(story.count(text), number + 1, "{effect:?}");
        }
    }
    story.nobody_thinks();
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_response_to_a_click_is_given_once() {
    let story = Story::begin().await;
    story.ask("panel").await;
    for (number, effect) in losses().into_iter().enumerate() {
        story.fault(CALLBACK, effect.clone(), Some(1));
        let clicked = story.member.clicks("Reply").await.unwrap();
        let answer = story.member.expects_reply_to(&clicked).await.unwrap();
        assert_eq!(answer.content, "clicked", "{effect:?}");
        assert_eq!(story.count("clicked"), number + 1, "{effect:?}");
        story.fault(CALLBACK, effect.clone(), Some(1));
        story.member.clicks("Update").await.unwrap();
        let text = format!("updated {}", number + 1);
        story.member.expects("general", &text).await.unwrap();
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_modal_is_shown_once_and_choices_are_proposed() {
    let story = Story::begin().await;
    for (number, effect) in losses().into_iter().enumerate() {
        story.fault(CALLBACK, effect.clone(), Some(1));
        let shown = story.slash("form").await;
        assert_eq!(shown.state, ResponseState::Modal, "{effect:?}");
        let sent = story.member.submits(&[("name", "Ada")]).await.unwrap();
        let answer = story.member.expects_reply_to(&sent).await.unwrap();
        assert_eq!(answer.content, "filled in by Ada");
        // And the handler was told so.
        let shown = format!("\"form\": {}", number + 1);
        story.until_told(&shown).await;

        story.fault(CALLBACK, effect.clone(), Some(1));
        let options = [("value", json!("g"))];
        let typing = story
            .member
            .autocompletes("general", "tea", &options, "value");
        assert_eq!(typing.await.unwrap().len(), 2, "{effect:?}");
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_dead_is_not_waited_for() {
    let story = Story::begin().await;
    let hour = Effect::Delay {
        ms: 3_600_000,
        by_clock: false,
    };
    story.fault(CALLBACK, hour, Some(1));
    assert_eq!(story.ask("ping").await.content, "pong");
    assert_eq!(story.count("pong"), 1);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_discord_is_away_two_first_responses_are_all_that_is_tried() {
    let story = Story::begin().await;
    let away = Effect::Status {
        status: 503,
        body: ErrorBody::Empty,
    };
    story.fault(CALLBACK, away, None);
    let used = story.member.start_slash("general", "ping", &[]).unwrap();
    // The answer, the apology, and what the host defers: all are told apart from a first response by then.
    let later = story.member.start_slash("general", "doze", &[]).unwrap();
    let deferred = || {
        let traffic = story.bot.sandbox.traffic();
        let of = |id: u64| {
            let what = format!("/interactions/{id}/");
            let is_it = |crossing: &&sandbox::Crossing| {
                crossing.way == Way::Fault && crossing.what.contains(&what)
            };
            traffic.iter().filter(is_it).count()
        };
        (of(used), of(later))
    };
    tokio::time::timeout(PATIENCE, async {
        while deferred().1 < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    assert_eq!(deferred(), (2, 2));
    story.bot.sandbox.faults().clear();
    assert_eq!(story.ask("ping").await.content, "pong");
    story.end().await;
}
