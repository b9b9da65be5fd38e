//! Plans that come: by interval and cron expression, in zones, so many times, over reloads and restarts; and bad input.

use super::{bot, has, ready, shown, typed, until};
use crate::support::Fixture;

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_owner_plans_lists_switches_and_deletes() {
    let bot = bot().await;
    let member = bot.member();
    has(
        &member,
        "docks",
        "schedule list",
        &["There are none.", "0 schedules of 25"],
    )
    .await;
    let made = typed(
        &member,
        "docks",
        r#"schedule create name:standup when:1h content:"Good morning!""#,
    )
    .await
    .text();
    let next = shown("2026-11-22T13:00:00Z");
    for word in [
        "Planned",
        "#1 standup",
        "every 1 h",
        "a message in <#",
        "0 runs",
        &next,
    ] {
        assert!(made.contains(word), "no {word:?} in {made}");
    }
    bot.sets("2026-11-22T13:00:01Z");
    member.expects("docks", "Good morning!").await.unwrap();
    until(&member, "docks", "schedule list", "1 run").await;
    has(
        &member,
        "docks",
        "schedule list",
        &[
            "#1 standup",
            &shown("2026-11-22T14:00:00Z"),
            "Good morning!",
        ],
    )
    .await;
    let id = format!("<@{}>", member.id());
    has(
        &member,
        "pier",
        "schedule info schedule:standup",
        &["Good morning!", &id, "1 run", &format!("{next}, done")],
    )
    .await;

    has(
        &member,
        "docks",
        "schedule toggle schedule:#1",
        &["`#1 standup` is off"],
    )
    .await;
    has(&member, "docks", "schedule list", &["\noff · 1 run"]).await;
    bot.sets("2026-11-22T18:30:00Z");
    // What was due meanwhile is left out: the next one is the first that comes.
    let on = format!("`#1 standup` is on: next {}", shown("2026-11-22T19:00:00Z"));
    has(&member, "docks", "schedule toggle schedule:STANDUP", &[&on]).await;
    bot.sets("2026-11-22T19:00:00Z");
    member.expects("docks", "Good morning!").await.unwrap();
    until(&member, "docks", "schedule list", "2 runs").await;
    let said = member.messages("docks");
    assert_eq!(
        said.iter()
            .filter(|it| it.content == "Good morning!")
            .count(),
        2
    );

    let typing = [("schedule", "stand".into())];
    let choices = member.autocompletes("docks", "schedule delete", &typing, "schedule");
    let choices = choices.await.unwrap();
    assert_eq!(
        (&choices[0]["name"], &choices[0]["value"]),
        (&"#1 standup".into(), &"1".into())
    );
    has(
        &member,
        "docks",
        "schedule delete schedule:1",
        &["`#1 standup` is deleted, after 2 runs"],
    )
    .await;
    has(
        &member,
        "docks",
        "schedule delete schedule:1",
        &["This server has no schedule `1`"],
    )
    .await;
    has(&member, "docks", "schedule list", &["There are none."]).await;

    // By prefix the answers are direct messages, and a channel is typed like anything else.
    member
        .says(
            "docks",
            "!schedule create tea \"every 2 hours\" \"Tea?\" message pier \"\" 1",
        )
        .await
        .unwrap();
    let made = member.expects("dm", "#2 tea").await.unwrap().text();
    assert!(
        made.contains("every 2 h") && made.contains("0 of 1 run"),
        "{made}"
    );
    bot.sets("2026-11-22T21:00:01Z");
    member.expects("pier", "Tea?").await.unwrap();
    // It has come as often as it was to.
    until(&member, "docks", "schedule list", "There are none.").await;
    bot.close().await;
}

/// Inventory §8.7 no. 75: the seed counts weekdays from Monday, never finds the 29th of February, goes by the machine's local time.
#[tokio::test(flavor = "multi_thread")]
async fn weekdays_zones_and_the_29th_of_february_are_the_usual_ones() {
    let bot = bot().await;
    let member = bot.member();
    let cases = [
        ("monday", "0 9 * * 1", "UTC", "2026-11-23T09:00:00Z"),
        ("sunday", "0 9 * * 0", "UTC", "2026-11-29T09:00:00Z"),
        ("again", "0 9 * * 7", "UTC", "2026-11-29T09:00:00Z"),
        ("named", "0 9 * * tue-fri", "UTC", "2026-11-24T09:00:00Z"),
        (
            "berlin",
            "0 9 * * *",
            "Europe/Berlin",
            "2026-11-23T08:00:00Z",
        ),
        ("tokyo", "0 9 * * *", "Asia/Tokyo", "2026-11-23T00:00:00Z"),
        // 02:30 does not exist on this day: it is 03:00 at once.
        (
            "spring",
            "30 2 29 3 *",
            "Europe/Berlin",
            "2027-03-29T00:30:00Z",
        ),
        ("leap", "0 12 29 2 *", "UTC", "2028-02-29T12:00:00Z"),
        ("daily", "@daily", "UTC", "2026-11-23T00:00:00Z"),
    ];
    for (name, when, zone, next) in cases {
        let line = format!(r#"schedule create name:{name} when:"{when}" content:x zone:{zone}"#);
        has(&member, "docks", &line, &[&shown(next), zone, when]).await;
    }
    // A page is turned after a reload, too, and by nobody else.
    let first = typed(&member, "docks", "schedule list").await;
    assert!(
        first.text().contains("#8 leap") && !first.text().contains("#9 daily"),
        "{}",
        first.text()
    );
    bot.ask(&bot.owner(), "!reload scheduler").await;
    bot.until_generation("scheduler", 2).await;
    let turned = member.clicks_on(&first, "›").await.unwrap();
    let second = member.expects_reply_to(&turned).await.unwrap().text();
    assert!(
        second.contains("#9 daily") && !second.contains("#8 leap"),
        "{second}"
    );

    // By prefix the list is a direct message, in which no server is known but by its buttons.
    member.says("docks", "!schedule list").await.unwrap();
    let first = member.expects("dm", "#8 leap").await.unwrap();
    let turned = member.clicks_on(&first, "›").await.unwrap();
    let second = member.expects_reply_to(&turned).await.unwrap().text();
    assert!(second.contains("#9 daily"), "{second}");

    let zones = member
        .autocompletes(
            "docks",
            "schedule create",
            &[("zone", "berl".into())],
            "zone",
        )
        .await
        .unwrap();
    assert_eq!(zones[0]["value"], "Europe/Berlin");
    bot.close().await;
}

/// Inventory §8.7 no. 75: the seed loses what is due while it is away.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_missed_over_a_restart_comes_once_and_the_rest_in_time() {
    let bot = bot().await;
    let member = bot.member();
    typed(
        &member,
        "docks",
        r#"schedule create name:tea when:"0 * * * *" content:"Tea time""#,
    )
    .await;
    let clock = bot.clock.clone();
    let away = super::seconds("2026-11-22T17:30:00Z") * 1_000;
    let bot = bot.restart_after(async |_| clock.set(away)).await;
    ready(&bot).await;
    let member = bot.member();
    member.expects("docks", "Tea time").await.unwrap();
    until(&member, "docks", "schedule list", "1 run").await;
    bot.sets("2026-11-22T18:00:00Z");
    member.expects("docks", "Tea time").await.unwrap();
    until(&member, "docks", "schedule list", "2 runs").await;
    let said = member.messages("docks");
    assert_eq!(said.iter().filter(|it| it.content == "Tea time").count(), 2);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_wrong_is_told_with_the_right_way() {
    let bot = bot().await;
    let member = bot.member();
    let create = |rest: &str| format!("schedule create name:tea {rest}");
    for (line, told) in [
        (
            create("when:10 content:x"),
            "neither an interval such as `1h30m` nor",
        ),
        (
            create("when:30s content:x"),
            "shortest interval is a minute",
        ),
        (create(r#"when:"* * * * * *" content:x"#), "five fields"),
        (create(r#"when:"0 25 * * *" content:x"#), "out of bounds."),
        (
            create(r#"when:"0 0 30 2 *" content:x"#),
            "That never comes.",
        ),
        (
            create(r#"when:"0 9 * * *" content:x zone:Berlin"#),
            "There is no time zone `Berlin`",
        ),
        (
            r#"schedule create name:" #7 " when:1h content:x"#.into(),
            "A name has letters in it",
        ),
        (create(r#"when:1h content:" ""#), "It says nothing"),
        (
            "schedule info schedule:tea".into(),
            "This server has no schedule `tea`",
        ),
        (
            "schedule toggle schedule:`x`".into(),
            "This server has no schedule",
        ),
    ] {
        has(&member, "docks", &line, &[told]).await;
    }
    has(&member, "docks", "schedule list", &["There are none."]).await;
    // A name is given once, in whatever letters.
    has(&member, "docks", &create("when:1h content:x"), &["#1 tea"]).await;
    has(
        &member,
        "docks",
        "schedule create name:TEA when:1h content:x",
        &["`#1 tea` is called so already"],
    )
    .await;
    // Nor to two who are as fast as each other.
    let [cups, again] = ["cups", "Cups"].map(|name| {
        let line = format!("schedule create name:{name} when:1h content:x");
        let member = bot.member();
        async move { typed(&member, "docks", &line).await.text() }
    });
    let (cups, again) = tokio::join!(cups, again);
    let made = [&cups, &again].map(|text| text.contains("Planned"));
    assert_ne!(made[0], made[1], "{cups}\n{again}");
    has(&member, "docks", "schedule list", &["2 schedules of 25"]).await;
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_sets_a_limit_and_the_usual_zone_and_takes_powers_away() {
    let config =
        "[plugins.scheduler]\nlimit = 1\nzone = \"Asia/Tokyo\"\n[grants.scheduler]\npowers = []\n";
    let bot = bot().await.reconfigured(config).await;
    ready(&bot).await;
    let (owner, member) = (bot.owner(), bot.member());
    let create = r#"schedule create name:tea when:"0 9 * * *" content:x"#;
    has(
        &member,
        "docks",
        create,
        &["in Asia/Tokyo", &shown("2026-11-23T00:00:00Z")],
    )
    .await;
    has(
        &member,
        "docks",
        create,
        &["has 1 schedule, which is all it may have"],
    )
    .await;
    // Each server has its own.
    has(&owner, "general", create, &["#2 tea"]).await;
    // Without the powers the owners' command says so, and servers' owners miss nothing.
    let told = bot.ask(&owner, "!fw_schedules").await.text();
    assert!(
        told.contains("has not been given the power `schedules.read`"),
        "{told}"
    );
    let told = bot
        .ask(&owner, "!fw_schedules pause scheduler plan")
        .await
        .text();
    assert!(
        told.contains("has not been given the power `schedules.manage`"),
        "{told}"
    );
    has(
        &member,
        "docks",
        "schedule list",
        &["#1 tea", "1 schedule of 1"],
    )
    .await;
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bots_owners_see_run_and_pause_those_of_all_servers() {
    let bot: Fixture = bot().await;
    let (owner, member) = (bot.owner(), bot.member());
    typed(
        &member,
        "docks",
        "schedule create name:tea when:1h content:Tea!",
    )
    .await;
    let all = bot.ask(&owner, "!fw_schedules").await.text();
    assert!(
        all.contains("scheduler plan #1") && all.contains("every 1 h"),
        "{all}"
    );
    has(&owner, "general", "schedule all", &["scheduler plan #1"]).await;
    let run = bot
        .ask(&owner, "!cogwright schedules run scheduler plan 1")
        .await
        .text();
    assert!(run.contains("It begins now"), "{run}");
    member.expects("docks", "Tea!").await.unwrap();
    bot.ask(&owner, "!fw_schedules pause scheduler plan 1")
        .await;
    until(&member, "docks", "schedule list", "\noff · 1 run").await;
    let refused = member.slash_line("docks", "schedule all").await.unwrap();
    let told = member.expects_reply_to(&refused).await.unwrap().text();
    assert!(told.contains("for the bot's owner alone"), "{told}");
    bot.close().await;
}
