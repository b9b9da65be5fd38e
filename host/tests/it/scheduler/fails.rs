//! Plans that fail: again and again, for a while, and for the last time.

use sandbox::{Effect, ErrorBody, Fault};
use serde_json::json;

use super::{bot, has, seconds, typed, until};

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_three_times_in_a_row_is_switched_off_and_its_maker_is_told() {
    let bot = bot().await;
    let member = bot.member();
    typed(
        &member,
        "docks",
        "schedule create name:tea when:1h content:Tea!",
    )
    .await;
    let docks = bot
        .sandbox
        .change_world(|world| world.channel_in("Harbour", "docks"))
        .unwrap();
    bot.requests("DELETE", format!("channels/{docks}"), json!(null))
        .await;
    for hour in 13..16 {
        let due = format!("2026-11-22T{hour}:00:00Z");
        bot.sets(&due);
        let wanted = format!("<t:{}:f>, failed: The channel", seconds(&due));
        until(&member, "pier", "schedule info schedule:tea", &wanted).await;
    }
    let told = member
        .expects("dm", "has failed 3 times in a row and is off now")
        .await
        .unwrap();
    for word in ["`tea`", "**Harbour**", "The channel", "schedule toggle 1"] {
        assert!(told.content.contains(word), "{}", told.content);
    }
    has(
        &member,
        "pier",
        "schedule list",
        &["off · 3 runs", "failed the last time: The channel"],
    )
    .await;
    // Switched on it has three tries again.
    has(
        &member,
        "pier",
        "schedule toggle schedule:1",
        &["is on: next"],
    )
    .await;
    bot.sets("2026-11-22T16:00:00Z");
    let wanted = format!("<t:{}:f>, failed", seconds("2026-11-22T16:00:00Z"));
    let shown = until(&member, "pier", "schedule info schedule:1", &wanted).await;
    assert!(shown.contains("State\non"), "{shown}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_that_are_not_in_a_row_switch_nothing_off() {
    let bot = bot().await;
    let (owner, member) = (bot.owner(), bot.member());
    typed(
        &owner,
        "docks",
        "schedule create name:tea when:1h content:Tea!",
    )
    .await;
    let docks = bot
        .sandbox
        .change_world(|world| world.channel_in("Harbour", "docks"))
        .unwrap();
    let path = format!("channels/{docks}/permissions/{}", owner.id());
    for (hour, may) in [
        (13, false),
        (14, false),
        (15, true),
        (16, false),
        (17, false),
    ] {
        let (allow, deny) = if may { ("2048", "0") } else { ("0", "2048") };
        bot.requests(
            "PUT",
            path.clone(),
            json!({"type": 1, "allow": allow, "deny": deny}),
        )
        .await;
        let due = format!("2026-11-22T{hour}:00:00Z");
        let known = async {
            // The bot learns of it by an event.
            loop {
                let line =
                    format!("schedule create name:probe{hour} when:1d content:x channel:#docks");
                let made = typed(&owner, "pier", &line).await.text();
                if made.contains("Planned") {
                    typed(
                        &owner,
                        "pier",
                        &format!("schedule delete schedule:probe{hour}"),
                    )
                    .await;
                }
                if made.contains("Planned") == may {
                    break;
                }
            }
        };
        tokio::time::timeout(crate::support::PATIENCE, known)
            .await
            .unwrap();
        bot.sets(&due);
        let ended = if may { "done" } else { "failed" };
        let wanted = format!("<t:{}:f>, {ended}", seconds(&due));
        until(&member, "pier", "schedule info schedule:tea", &wanted).await;
    }
    has(
        &member,
        "pier",
        "schedule info schedule:tea",
        &["State\non", "5 runs"],
    )
    .await;
    bot.close().await;
}

/// That Discord is out of order is nobody's fault here.
#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_discord_switches_nothing_off() {
    let bot = bot().await;
    let member = bot.member();
    typed(
        &member,
        "docks",
        "schedule create name:tea when:1h content:Tea!",
    )
    .await;
    let docks = bot
        .sandbox
        .change_world(|world| world.channel_in("Harbour", "docks"));
    let down = Effect::Status {
        status: 503,
        body: ErrorBody::default(),
    };
    let path = format!("POST /channels/{}/messages", docks.unwrap());
    bot.sandbox
        .faults()
        .add(Fault::request(&path, down), None)
        .unwrap();
    for hour in 13..17 {
        let due = format!("2026-11-22T{hour}:00:00Z");
        bot.sets(&due);
        let wanted = format!("<t:{}:f>, failed", seconds(&due));
        until(&member, "pier", "schedule info schedule:tea", &wanted).await;
    }
    has(
        &member,
        "pier",
        "schedule info schedule:tea",
        &["State\non", "4 runs"],
    )
    .await;
    bot.close().await;
}
