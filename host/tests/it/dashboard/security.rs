//! The tab Security: sessions, and the audit journal.

use std::{fs, io::Write};

use serde_json::json;

use super::{dashboard, gives};
use crate::pages::browser::Browser;

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_is_searched_shown_verified_and_saved() {
    let bot = dashboard(&[]).await;
    let owner = Browser::owner(&bot).await;
    let member = bot.member();
    let role = json!({"new": "true", "name": "=cmd()", "words": "", "rights[]": ["plugins.list"]});
    owner
        .does("/p/dashboard/roles/save", role)
        .await
        .is(200, "=cmd()");
    gives(&owner, &member, "Visitor").await;
    // A login that was refused is an entry, too.
    let guessed = Browser::of(&bot).post("/login/link", "guessed").await;
    guessed.is(403, "used before");
    let entries = "/p/dashboard/security/journal/entries";
    let all = owner.get(entries).await;
    for words in ["pages.login", "pages.set_role", "pages.set_user", "refused"] {
        all.is(200, words);
    }
    let found = owner.get(&format!("{entries}?call=pages.set_")).await;
    assert!(
        found
            .is(200, "pages.set_user")
            .text
            .contains("pages.set_role")
    );
    assert!(!found.text.contains("pages.login"), "{}", found.text);
    let found = owner.get(&format!("{entries}?q=visitor")).await;
    assert!(
        !found
            .is(200, "pages.set_user")
            .text
            .contains("pages.set_role")
    );
    owner
        .get(&format!("{entries}?result=failed"))
        .await
        .is(200, "No entry");
    owner
        .get(&format!("{entries}?to=2020-01-01"))
        .await
        .is(200, "No entry");
    owner
        .get(&format!("{entries}?from=2020-01-01"))
        .await
        .is(200, "pages.login");
    owner
        .get(&format!("{entries}?user=ann"))
        .await
        .is(400, "is a number");
    // One of them, with what it has changed.
    let number = found
        .text
        .split("/journal/entry/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let entry = owner
        .get(&format!("/p/dashboard/security/journal/entry/{number}"))
        .await;
    entry
        .is(200, "What it has changed")
        .is(200, "role: Visitor");
    owner
        .get("/p/dashboard/security/journal/entry/999999")
        .await
        .is(400, "no such entry");
    let csv = owner.get("/p/dashboard/security/journal.csv").await;
    csv.is(200, "number,time,user").is(200, "pages.set_role");
    assert!(
        csv.headers["content-disposition"]
            .to_str()
            .unwrap()
            .starts_with("attachment")
    );
    let cells = csv
        .text
        .split(',')
        .filter(|cell| cell.trim_start_matches('"').starts_with('='));
    assert_eq!(cells.count(), 0, "no cell is a formula: {}", csv.text);
    let verify = "/p/dashboard/security/journal/verify";
    owner
        .does(verify, json!({}))
        .await
        .is(200, "The chain holds");
    let folder = bot.data().join("audit");
    let file = fs::read_dir(&folder).unwrap().map(|it| it.unwrap().path());
    let file = file
        .into_iter()
        .find(|it| it.extension().is_some_and(|it| it == "jsonl"))
        .unwrap();
    let mut file = fs::OpenOptions::new().append(true).open(file).unwrap();
    file.write_all(b"forged\n").unwrap();
    owner
        .does(verify, json!({}))
        .await
        .is(200, "The chain is broken at line");
    // A visitor sees none of it.
    let visitor = Browser::through_discord(&bot, &member).await;
    visitor.get(entries).await.is(403, "audit.list");
    visitor
        .get("/p/dashboard/security/journal.csv")
        .await
        .is(403, "audit.list");
    visitor
        .does(verify, json!({}))
        .await
        .is(403, "audit.verify");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_seen_and_ended_by_whoever_may() {
    let bot = dashboard(&[]).await;
    let owner = Browser::owner(&bot).await;
    let member = bot.member();
    gives(&owner, &member, "Helper").await;
    let helper = Browser::through_discord(&bot, &member).await;
    helper
        .get("/p/dashboard/security")
        .await
        .is(200, "Sessions");
    helper
        .does("/p/dashboard/security/revoke", json!({"all": true}))
        .await
        .is(403, "pages.revoke");
    let seen = owner.get("/p/dashboard/security/sessions").await;
    seen.is(200, "with Discord")
        .is(200, "by a link")
        .is(200, &member.id().to_string());
    owner
        .does("/p/dashboard/security/revoke", json!({}))
        .await
        .is(400, "Name one of these");
    let mut stream = owner.follows("host:sessions").await;
    let of_member = json!({"user_id": member.id().to_string()});
    owner
        .does("/p/dashboard/security/revoke", of_member)
        .await
        .is(200, "1 session ended.");
    stream.until("event: host:sessions").await;
    helper.get("/p/dashboard/security").await.is(303, "");
    owner.get("/p/dashboard/security").await.is(200, "Sessions");
    bot.close().await;
}
