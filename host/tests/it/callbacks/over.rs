//! Interactions that Discord does not know any more (10062), and those that it sends twice.

use std::time::Duration;

use sandbox::{Effect, Fault, Way};
use serde_json::json;

use super::{CALLBACK, Story, library};
use crate::{fixtures, process::Process, support::PATIENCE};

#[tokio::test(flavor = "multi_thread")]
async fn an_interaction_that_is_over_is_left_alone() {
    let story = Story::begin().await;
    story.ask("panel").await;
    story.fault(CALLBACK, Effect::Refuse { code: 10_062 }, None);
    let commands = [
        "ping",
        "hush",
        "form",
        "broken",
        "no",
        "silent",
        "frame_guard",
    ];
    for command in commands {
        story.member.start_slash("general", command, &[]).unwrap();
    }
    // What the host would have deferred of those before is due before what it defers of this one.
    story.member.start_slash("general", "doze", &[]).unwrap();
    let wanted = commands.len() + 1;
    tokio::time::timeout(PATIENCE, async {
        while story.strikes() < wanted {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    story.bot.sandbox.faults().clear();
    assert_eq!(story.ask("release").await.content, "released");
    let told = story.ask("tell").await.content;
    assert_eq!(story.strikes(), wanted, "each was tried once");
    let asked = story.bot.sandbox.traffic();
    let asked = asked
        .iter()
        .filter(|it| it.way == Way::Rest && it.what.contains("/webhooks/"));
    assert_eq!(asked.count(), 0, "and nothing else");
    // The handler learns why.
    assert!(
        told.contains("Some(404) Some(10062)")
            && told.contains("within 3 s")
            && told.contains("error id"),
        "{told}"
    );
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_tells_once_of_an_interaction_that_is_over() {
    let bot = Process::run(&[("callbacks", library())], "").await;
    let registered = bot.sandbox.commands_registered("tell", PATIENCE);
    registered.await.unwrap();
    let fault = Fault::request(CALLBACK, Effect::Refuse { code: 10_062 });
    bot.sandbox.faults().add(fault, None).unwrap();
    let member = bot.member();
    let mut ids = Vec::new();
    let told = |id: &u64| format!("interaction={id}");
    // What is released answers an interaction that has been over for long.
    for command in ["ping", "no", "silent", "doze", "release"] {
        let id = member.start_slash("general", command, &[]).unwrap();
        bot.until_said(&told(&id)).await;
        ids.push(id);
    }
    bot.signal("TERM");
    bot.ended().await;
    let said = bot.said();
    for id in &ids {
        let lines: Vec<&str> = said
            .lines()
            .filter(|line| line.contains(&told(id)))
            .collect();
        assert_eq!(lines.len(), 1, "{said}");
        assert!(
            lines[0].contains("WARN")
                && lines[0].contains("error_id=")
                && lines[0].contains("does not know this interaction any more"),
            "{said}"
        );
    }
    assert!(!said.contains("ERROR"), "{said}");
    assert!(!said.contains("could not"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_interaction_runs_once() {
    let story = Story::begin().await;
    story.ask("panel").await;
    let event = "INTERACTION_CREATE".to_owned();
    let doubled = Fault::DoubleDispatch { event };
    story.bot.sandbox.faults().add(doubled, None).unwrap();
    story.ask("ping").await;
    story.slash("form").await;
    story.member.submits(&[("name", "Ada")]).await.unwrap();
    story.member.clicks("Reply").await.unwrap();
    story.member.clicks("Update").await.unwrap();
    let options = [("value", json!("g"))];
    let typing = story
        .member
        .autocompletes("general", "tea", &options, "value");
    typing.await.unwrap();
    story.slash("silent").await;
    // A handler learns a little later than the member that its modal is shown.
    let (told, times) = story.until_told("\"form\": 1").await;
    for what in [
        "ping", "form", "filled", "clicked", "updated", "typed", "silent",
    ] {
        assert!(told.contains(&format!("\"{what}\": 1")), "{what}: {told}");
    }
    // Those that listen hear of it once, too: of the eight before, and of each time it was asked, of the last before it ran or after.
    let heard = |more: u32| told.contains(&format!("\"heard\": {}", 8 + more));
    assert!(heard(times - 1) || heard(times), "{told}");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interaction_that_two_sessions_bring_runs_once() {
    let story = Story::begin().await;
    let before = story.bot.sessions();
    // It reads messages, which takes a session of another kind; the old one goes when the new one is there.
    let counter = fixtures::example("counter");
    story.bot.drop_in(&counter, "counter");
    let (mut used, mut after) = (0, 0);
    tokio::time::timeout(PATIENCE, async {
        while after < 20 {
            story.ask("ping").await;
            used += 1;
            after += u32::from(story.bot.sessions() > before);
        }
    })
    .await
    .unwrap();
    let (told, _) = story.until_told("\"ping\": ").await;
    assert!(told.contains(&format!("\"ping\": {used}}}")), "{told}");
    assert_eq!(story.count("pong"), used);
    story.end().await;
}
