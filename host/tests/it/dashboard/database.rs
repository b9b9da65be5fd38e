//! The tab Database: what owners read, what they change and how it is journalled, and who does neither (reference §8.6, 55).

use std::{fs, path::PathBuf, sync::OnceLock};

use serde_json::{Value, json};

use super::{GRANTS, opened};
use crate::{
    fixtures,
    pages::{browser::Browser, give},
};

const SOURCE: &str = r##"//! A pantry.
use plugin_api::prelude::*;

export_plugin!(|| {
    Plugin::new().migration(
        1,
        Scope::Bot,
        "CREATE TABLE pantry__jars (name TEXT PRIMARY KEY, cups INTEGER NOT NULL);
         INSERT INTO pantry__jars VALUES ('tea', 3), ('=1+1', 5), ('<script>alert(1)</script>', 7)",
    )
});
"##;

pub(super) fn library() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY
        .get_or_init(|| fixtures::plugin("pantry", "all", "0.1.0", "", SOURCE))
        .clone()
}

const AT: &str = "/p/dashboard/database";

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_reads_all_databases_and_changes_rows_after_a_trial() {
    let bot = opened(GRANTS).await;
    bot.drop_in(&library(), "pantry");
    bot.until_generation("pantry", 1).await;
    let owner = Browser::owner(&bot).await;
    let run = owner
        .does(&format!("{AT}/migrate"), json!({"plugin": "pantry"}))
        .await;
    run.is(200, "");
    owner.get(AT).await.is(200, "The bot's own");
    owner
        .get(&format!("{AT}?q=no+such+server"))
        .await
        .is(200, "No such database");
    owner
        .get(&format!("{AT}/tables?db=main"))
        .await
        .is(200, "pantry__jars");
    let table = owner
        .get(&format!("{AT}/table?db=main&name=pantry__jars"))
        .await;
    table.is(200, "&lt;script&gt;").is(200, "CREATE TABLE");
    assert!(!table.text.contains("<script>alert"), "{}", table.text);
    owner
        .get(&format!("{AT}/table?db=main&name=nothing"))
        .await
        .is(400, "no table");
    owner
        .get(&format!("{AT}/tables?db=../main"))
        .await
        .is(400, "no database");

    let ask = |sql: &str| json!({"db": "main", "sql": sql});
    let query = format!("{AT}/query");
    let found = owner
        .does(&query, ask("SELECT name FROM pantry__jars WHERE cups = 3"))
        .await;
    found.is(200, "tea").is(200, "1 row");
    let wrong = owner
        .does(&query, ask("SELECT name,\n  nam FROM pantry__jars"))
        .await;
    wrong.is(400, "no such column: nam (line 2, column 3)");
    for sql in [
        "DELETE FROM pantry__jars",
        "DROP TABLE pantry__jars",
        "ATTACH 'x' AS y",
        "",
    ] {
        owner.does(&query, ask(sql)).await.is(400, "");
    }
    let csv = owner
        .get(&format!(
            "{AT}/csv?db=main&sql=SELECT%20name%20FROM%20pantry__jars%20ORDER%20BY%20cups"
        ))
        .await;
    csv.is(200, "name\r\ntea\r\n'=1+1\r\n");
    assert!(
        csv.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/csv")
    );

    let sql = "DELETE FROM pantry__jars WHERE cups > 3; UPDATE pantry__jars SET cups = 4";
    owner
        .get(&format!("{AT}/edit?db=main"))
        .await
        .is(200, "Statements");
    let tried = owner.does(&format!("{AT}/try"), ask(sql)).await;
    tried.is(200, "What would change").is(200, "-2");
    let count = "SELECT 'jars: ' || count(*) FROM pantry__jars";
    owner.does(&query, ask(count)).await.is(200, "jars: 3");
    let done = owner.does(&format!("{AT}/execute"), ask(sql)).await;
    done.is(200, "What has changed");
    owner.does(&query, ask(count)).await.is(200, "jars: 1");
    let refused = owner
        .does(
            &format!("{AT}/execute"),
            ask("DELETE FROM cogwright__migrations"),
        )
        .await;
    refused.is(400, "host's own");
    let refused = owner
        .does(
            &format!("{AT}/execute"),
            ask("DELETE FROM pantry__jars; no sql"),
        )
        .await;
    refused.is(400, "statement 2");
    owner.does(&query, ask(count)).await.is(200, "jars: 1");

    let journal = fs::read_to_string(bot.data().join("audit/audit.jsonl")).unwrap();
    let entry = journal
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .map(|entry| entry.to_string())
        .find(|entry| entry.contains("database.execute") && entry.contains("\"pantry__jars\":1"));
    let entry = entry.unwrap_or_else(|| panic!("{journal}"));
    assert!(entry.contains("\"pantry__jars\":3"), "{entry}");

    owner
        .get(&format!("{AT}/checks"))
        .await
        .is(200, "Look through");
    let checked = owner
        .does(&format!("{AT}/check"), json!({"after": "", "checked": 0}))
        .await;
    checked.is(200, "looked through");
    owner
        .get(&format!("{AT}/migrations"))
        .await
        .is(200, "pantry");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn helpers_and_visitors_neither_read_nor_change_databases() {
    let bot = opened(GRANTS).await;
    let owner = Browser::owner(&bot).await;
    for role in ["Helper", "Visitor"] {
        let member = bot.member();
        give(&owner, member.id(), Some(role)).await;
        let member = Browser::through_discord(&bot, &member).await;
        for page in [
            "",
            "/tables",
            "/table",
            "/sql",
            "/csv?sql=SELECT+1",
            "/edit",
            "/checks",
            "/migrations",
        ] {
            let answer = member.get(&format!("{AT}{page}")).await;
            assert_eq!(answer.status, 403, "{role} {page}: {}", answer.text);
        }
        for deed in ["query", "try", "execute", "check", "migrate"] {
            let answer = member
                .does(&format!("{AT}/{deed}"), json!({"sql": "SELECT 1"}))
                .await;
            assert_eq!(answer.status, 403, "{role} {deed}: {}", answer.text);
        }
    }
    bot.close().await;
}

/// The operator's grant decides, whoever asks.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_power_the_owner_changes_nothing_either() {
    let grants = GRANTS.replace("\"database.write\", ", "");
    let bot = opened(&grants).await;
    let owner = Browser::owner(&bot).await;
    let sql = json!({"db": "main", "sql": "DELETE FROM pantry__jars"});
    let refused = owner.does(&format!("{AT}/execute"), sql).await;
    refused.is(403, "");
    bot.close().await;
}
