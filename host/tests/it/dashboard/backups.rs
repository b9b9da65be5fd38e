//! The tab Backups: an owner makes one and sees it, and nobody else does; and the tab More, which says what is not there.

use serde_json::json;

use super::{GRANTS, opened};
use crate::pages::{browser::Browser, give};

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_makes_a_backup_and_sees_it_and_visitors_do_not() {
    let bot = opened(GRANTS).await;
    let owner = Browser::owner(&bot).await;
    let at = "/p/dashboard/backups";
    owner
        .get(at)
        .await
        .is(200, "No backups")
        .is(200, "cogwright restore");
    owner
        .does(&format!("{at}/create"), json!({}))
        .await
        .is(200, "is made");
    let made = std::fs::read_dir(bot.data().join("backups")).unwrap();
    let made = made.map(|it| it.unwrap().file_name().into_string().unwrap());
    let made: Vec<String> = made.filter(|name| name.starts_with("20")).collect();
    assert_eq!(made.len(), 1, "{made:?}");
    owner.get(at).await.is(200, &made[0]);
    let of_none = owner
        .does(&format!("{at}/create"), json!({"guild": "7"}))
        .await;
    of_none.is(400, "no database");
    owner
        .does(&format!("{at}/create"), json!({"guild": "../7"}))
        .await
        .is(400, "no server's id");
    let visitor = bot.member();
    give(&owner, visitor.id(), Some("Visitor")).await;
    let visitor = Browser::through_discord(&bot, &visitor).await;
    let answer = visitor.get(at).await;
    assert_eq!(answer.status, 403, "{}", answer.text);
    let answer = visitor.does(&format!("{at}/create"), json!({})).await;
    assert_eq!(answer.status, 403, "{}", answer.text);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn features_of_plugins_that_are_not_there_are_told_as_such() {
    let bot = opened(GRANTS).await;
    let owner = Browser::owner(&bot).await;
    let more = owner.get("/p/dashboard/more").await;
    more.is(200, "Automations").is(200, "not installed");
    // The tea room's tab, by its name as it is.
    more.is(200, "Tea &lt;b&gt;rooms&lt;/b&gt;");
    bot.close().await;
}
