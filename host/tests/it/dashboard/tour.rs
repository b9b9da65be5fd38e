//! A tour through all tabs, as each role: all open, none fails, and what is refused is refused by a sentence.

use serde_json::{Value, json};

use crate::{
    pages::{
        browser::{Browser, PAGES},
        give, tearoom,
    },
    support::Fixture,
};

#[tokio::test(flavor = "multi_thread")]
async fn every_tab_opens_for_whoever_may_see_it_and_no_page_fails() {
    let config = format!("{PAGES}{}", tearoom::GRANTS);
    let bot = Fixture::configured(&["dashboard", "hello", "help"], &config).await;
    bot.drop_in(&tearoom::library(), "tearoom");
    bot.until_generation("tearoom", 1).await;
    bot.until_generation("dashboard", 1).await;
    let owner = Browser::owner(&bot).await;
    let described = owner.get("/openapi.json").await;
    let described: Value = serde_json::from_str(&described.text).unwrap();
    let paths = described["paths"].as_object().unwrap();
    let ours = paths
        .iter()
        .filter(|(path, _)| path.starts_with("/p/dashboard/"));
    let plain = ours
        .clone()
        .filter(|(path, it)| !path.contains('{') && it.get("get").is_some());
    let plain: Vec<&String> = plain.map(|(path, _)| path).collect();
    assert!(plain.len() > 10, "{plain:?}");
    for path in &plain {
        let answer = owner.get(path).await;
        assert!(
            answer.status.as_u16() < 400 || answer.status == 400,
            "{path}: {answer:?}"
        );
    }
    let visitor = bot.member();
    give(&owner, visitor.id(), Some("Visitor")).await;
    let visitor = Browser::through_discord(&bot, &visitor).await;
    visitor.get("/p/dashboard/").await.is(200, "Overview");
    for path in &plain {
        let answer = visitor.get(path).await;
        assert!(answer.status.as_u16() < 500, "{path}: {answer:?}");
    }
    // What changes something is refused for a visitor, whatever it is.
    for (path, operations) in ours {
        if operations.get("post").is_some() {
            let path = path.replace("{guild}", "1").replace(['{', '}'], "");
            let answer = visitor.does(&path, json!({})).await;
            let status = answer.status.as_u16();
            assert!((300..500).contains(&status), "POST {path}: {answer:?}");
        }
    }
    bot.close().await;
}
