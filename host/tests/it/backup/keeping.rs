//! Keeping of snapshots: lists, pins, notes, damage, files, schedules and what is too old.

use std::{fs, time::Duration};

use host::services::schedules::Clock;
use sandbox::{Effect, ErrorBody, Fault};
use serde_json::json;
use twilight_model::guild::Permissions;

use super::{begins, config, furnish, has, typed};
use crate::support::{Fixture, PATIENCE};

#[tokio::test(flavor = "multi_thread")]
async fn snapshots_are_shown_pinned_noted_and_deleted_and_who_did_it_is_told() {
    let bot = super::bot().await;
    let owner = bot.owner();
    has(
        &owner,
        "general",
        "backup show",
        &["none yet", "0 of 25", "for ever", "off"],
    )
    .await;
    typed(&owner, "general", "backup create label:\"before the move\"").await;
    let line = "backup note snapshot:1 note:\"The old rules.\"";
    has(&owner, "general", line, &["has its note"]).await;
    let words = [
        "before the move",
        "The old rules.",
        "manual",
        "roles",
        &format!("<@{}>", owner.id()),
    ];
    has(&owner, "general", "backup view snapshot:1", &words).await;
    has(&owner, "general", "backup pin snapshot:1", &["is pinned"]).await;
    has(
        &owner,
        "general",
        "backup delete snapshot:1",
        &["is pinned", "takes the pin away"],
    )
    .await;
    has(
        &owner,
        "general",
        "backup pin snapshot:1",
        &["not pinned any more"],
    )
    .await;
    has(&owner, "general", "backup stats", &["1 snapshot"]).await;

    let shown = has(
        &owner,
        "general",
        "backup delete snapshot:1",
        &["for ever?"],
    )
    .await;
    let yes = shown.buttons()[0].clone();
    owner.clicks_on(&shown, &yes).await.unwrap();
    owner
        .expects_ephemeral("general", "is deleted")
        .await
        .unwrap();
    has(&owner, "general", "backup list", &["There are none yet"]).await;
    has(
        &owner,
        "general",
        "backup view snapshot:1",
        &["no snapshot #1"],
    )
    .await;
    has(
        &owner,
        "general",
        "backup view snapshot:../1",
        &["is no number of a snapshot"],
    )
    .await;
    let told = has(
        &owner,
        "general",
        "backup audit",
        &["create #1", "pin #1", "unpin #1", "delete #1"],
    )
    .await;
    assert!(
        told.text().contains(&format!("<@{}>", owner.id())),
        "{}",
        told.text()
    );
    // Its number is not given twice.
    has(
        &owner,
        "general",
        "backup create",
        &["Snapshot #2 is taken"],
    )
    .await;
    bot.close().await;
}

/// The file of a snapshot.
fn file(bot: &Fixture, number: u64) -> std::path::PathBuf {
    let guild = bot.sandbox.guild_id();
    bot.data()
        .join(format!("plugins/backup/files/{guild}/{number}.jsonl"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_is_named_and_is_not_used() {
    let bot = super::bot().await;
    let owner = bot.owner();
    typed(&owner, "general", "backup create").await;
    has(&owner, "general", "backup verify snapshot:1", &["is sound"]).await;
    let whole = fs::read_to_string(file(&bot, 1)).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let cut = lines[..lines.len() - 3].join("\n") + "\n";
    let table = [
        (
            whole.replacen("Captain", "Kaptain", 1),
            "checksum does not fit",
        ),
        (cut, "cut short"),
        (
            whole.replacen("\"version\":1", "\"version\":9", 1),
            "version 9",
        ),
        (String::new(), "no snapshot of this bot"),
    ];
    for (text, expected) in table {
        fs::write(file(&bot, 1), text).unwrap();
        has(
            &owner,
            "general",
            "backup verify snapshot:1",
            &["is damaged", expected],
        )
        .await;
        let refused = [
            "is damaged and is not used",
            expected,
            "Nothing was changed",
        ];
        for line in [
            "backup restore snapshot:1",
            "backup diff snapshot:1",
            "backup export snapshot:1",
        ] {
            has(&owner, "general", line, &refused).await;
        }
    }
    fs::remove_file(file(&bot, 1)).unwrap();
    has(
        &owner,
        "general",
        "backup verify snapshot:1",
        &["not there any more"],
    )
    .await;
    fs::write(file(&bot, 1), whole).unwrap();
    has(&owner, "general", "backup verify snapshot:1", &["is sound"]).await;
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_goes_out_as_a_file_and_comes_back() {
    let bot = super::bot().await;
    let owner = bot.owner();
    typed(&owner, "general", "backup create label:mine").await;
    let given = has(
        &owner,
        "general",
        "backup export snapshot:1",
        &["Keep it to yourself"],
    )
    .await;
    assert!(given.ephemeral && given.attachments.len() == 1, "{given:?}");
    assert!(given.attachments[0].ends_with("-1.jsonl.gz"), "{given:?}");
    let packed = super::download(&bot).await;
    let bytes = fs::read(file(&bot, 1)).unwrap();

    let import = async |name: &str, bytes: &[u8]| {
        let file = owner.uploads(name, bytes).unwrap();
        let asked = owner
            .slash("general", "backup import", &[("file", file)])
            .await
            .unwrap();
        owner.expects_reply_to(&asked).await.unwrap().text()
    };
    let taken = import("mine.jsonl", &bytes).await;
    assert!(
        taken.contains("Snapshot #2 mine is imported") && taken.contains("of this server"),
        "{taken}"
    );
    // As it was given, packed.
    let taken = import("mine.jsonl.gz", &packed).await;
    assert!(taken.contains("Snapshot #3 mine is imported"), "{taken}");
    assert_eq!(fs::read(file(&bot, 3)).unwrap(), bytes);
    for number in [2, 3] {
        let same = format!("backup diff snapshot:1 other:{number}");
        has(&owner, "general", &same, &["no difference"]).await;
        let verify = format!("backup verify snapshot:{number}");
        has(&owner, "general", &verify, &["is sound"]).await;
    }
    for (name, bytes) in [
        ("cut.jsonl.gz", &packed[..packed.len() / 2]),
        ("tea.txt", b"hello" as &[u8]),
        ("cut.jsonl", &bytes[..bytes.len() / 2]),
        ("empty.jsonl", b"\n"),
    ] {
        let refused = import(name, bytes).await;
        assert!(
            refused.contains("is not taken") && refused.contains(name),
            "{refused}"
        );
    }
    let listed = typed(&owner, "general", "backup list").await.text();
    assert!(!listed.contains("#4"), "{listed}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_another_server_makes_this_one_like_it() {
    let bot = super::bot().await;
    typed(&bot.owner(), "general", "backup create label:ship").await;
    let bytes = fs::read(file(&bot, 1)).unwrap();
    let bot = bot
        .restart_after(async |stopped| {
            stopped.add_harbour(Permissions::empty());
            stopped.sandbox.change_world(|world| {
                let harbour = world.guild_named("Harbour").unwrap();
                world.set_features(harbour, &["ROLE_ICONS"]);
                world.set_bot_permissions(harbour, Permissions::ADMINISTRATOR);
                world.raise_bot(harbour);
            });
        })
        .await;
    super::ready(&bot).await;
    // Who owns the harbour.
    let keeper = bot.member();
    let given = keeper.uploads("ship.jsonl", &bytes).unwrap();
    let asked = keeper
        .slash("docks", "backup import", &[("file", given)])
        .await
        .unwrap();
    let taken = keeper.expects_reply_to(&asked).await.unwrap().text();
    assert!(taken.contains("It is of another server"), "{taken}");
    let words = [
        "of another server",
        "make category Deck",
        "switch Community on",
    ];
    let shown = has(&keeper, "docks", "backup restore snapshot:1", &words).await;
    // The harbour has a captain, too.
    assert!(
        !shown.text().contains("make role Captain"),
        "{}",
        shown.text()
    );
    let over = begins(&keeper, "docks", &shown).await;
    for words in ["Restored", "0 differences", "not in the server any more"] {
        assert!(over.contains(words), "{over}");
    }
    // What the harbour has besides has stayed.
    let words = ["+ role Guard", "+ channel #pier", "12 members went"];
    has(&keeper, "docks", "backup diff snapshot:1", &words).await;
    bot.close().await;
}

const START: i64 = 1_795_348_800_000;
const HOUR: i64 = 3_600_000;

#[tokio::test(flavor = "multi_thread")]
async fn snapshots_take_themselves_make_room_and_go_when_they_are_old() {
    let clock = Clock::paused(START);
    let bot = Fixture::at(&["backup"], clock).await;
    furnish(&bot.sandbox);
    let more = config(&bot.sandbox).replace("[plugins.backup]\n", "[plugins.backup]\nlimit = 2\n");
    let bot = bot.reconfigured(&more).await;
    super::ready(&bot).await;
    let owner = bot.owner();
    has(&owner, "general", "backup schedule", &["off"]).await;
    has(
        &owner,
        "general",
        "backup schedule action:disable",
        &["No schedule is on"],
    )
    .await;
    has(
        &owner,
        "general",
        "backup schedule action:enable hours:6",
        &["every 6 hours"],
    )
    .await;
    for (number, listed) in [(1, "1"), (2, "1 2"), (3, "2 3"), (4, "3 4")] {
        let due = START + number * 6 * HOUR;
        bot.clock.set(due);
        // Over, and not only in the list: what is due before is left out.
        let over = format!("last <t:{}:R>", due / 1_000);
        let asking = async {
            let shown = async || typed(&owner, "general", "backup schedule").await.text();
            while !shown().await.contains(&format!("{over}\n")) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let asked = tokio::time::timeout(PATIENCE, asking).await;
        asked.unwrap_or_else(|_| panic!("never {over}"));
        let all = typed(&owner, "general", "backup list").await.text();
        let there = |number: &i64| all.contains(&format!("#{number}"));
        let there: Vec<_> = (1..=4).filter(there).map(|it| it.to_string()).collect();
        assert_eq!(there.join(" "), listed, "{all}");
    }
    // By hand there is no room: nothing of it is taken away for that.
    has(
        &owner,
        "general",
        "backup create",
        &["2 snapshots, which is all it may have"],
    )
    .await;
    has(
        &owner,
        "general",
        "backup schedule action:disable",
        &["off"],
    )
    .await;
    has(
        &owner,
        "general",
        "backup retention days:30",
        &["kept for 30 days"],
    )
    .await;
    has(
        &owner,
        "general",
        "backup audit",
        &["expire #1", "by itself", "schedule on", "retention"],
    )
    .await;
    let none = owner
        .slash("general", "backup retention", &[("days", json!(-1))])
        .await;
    assert!(none.is_err());
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planned_one_that_falls_into_a_restore_is_told_of_and_taken_behind_it() {
    let bot = Fixture::at(&["backup"], Clock::paused(START)).await;
    furnish(&bot.sandbox);
    let more = config(&bot.sandbox);
    let bot = bot.reconfigured(&more).await;
    super::ready(&bot).await;
    let owner = bot.owner();
    typed(&owner, "general", "backup create").await;
    let line = "backup schedule action:enable hours:6";
    has(&owner, "general", line, &["every 6 hours"]).await;
    // Discord makes no roles for now: the restore is under way for as long.
    let guild = bot.sandbox.guild_id();
    let crew = super::role(&bot, "Captain").await;
    let path = format!("guilds/{guild}/roles/{}", crew.as_str().unwrap());
    super::asks(&bot, "DELETE", &path, json!(null)).await;
    let shown = has(&owner, "general", "backup restore snapshot:1", &["Captain"]).await;
    let status = Effect::Status {
        status: 503,
        body: ErrorBody::Empty,
    };
    let fault = Fault::request("POST /guilds/*/roles", status);
    bot.sandbox.faults().add(fault, None).unwrap();
    owner.clicks_on(&shown, "Begin").await.unwrap();
    let until = async |line: &str, wanted: &str| {
        let asking = async {
            while !typed(&owner, "general", line).await.text().contains(wanted) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let asked = tokio::time::timeout(PATIENCE, asking).await;
        asked.unwrap_or_else(|_| panic!("{line}: never {wanted}"));
    };
    until("backup create", "Another restore is under way").await;
    bot.clock.set(START + 6 * HOUR);
    until("backup audit", "snapshot late").await;
    let told = owner.expects("dm", "is late").await.unwrap().text();
    assert!(
        told.contains("**Sandbox**") && told.contains("restore is under way"),
        "{told}"
    );
    has(&owner, "general", "backup schedule", &["one is late"]).await;
    // It is late for longer, and told of once.
    bot.clock.set(START + 6 * HOUR + 300_000);
    bot.clock.set(START + 6 * HOUR + 600_000);
    bot.sandbox.faults().clear();
    let restored = async {
        while !owner
            .messages("general")
            .iter()
            .any(|it| it.text().contains("Restored"))
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, restored).await.unwrap();
    let taken = async {
        for step in 3.. {
            bot.clock.set(START + 6 * HOUR + step * 300_000);
            let all = typed(&owner, "general", "backup list").await.text();
            if all.contains("#3") {
                return all;
            }
        }
        unreachable!("the loop has no end")
    };
    let all = tokio::time::timeout(PATIENCE, taken).await.unwrap();
    assert!(!all.contains("#4"), "{all}");
    let shown = typed(&owner, "general", "backup schedule").await.text();
    assert!(!shown.contains("late"), "{shown}");
    let dms = owner.messages("dm");
    assert_eq!(
        dms.iter()
            .filter(|it| it.text().contains("is late"))
            .count(),
        1
    );
    bot.close().await;
}
