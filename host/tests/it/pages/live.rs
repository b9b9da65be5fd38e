//! What open pages follow.

use reqwest::Method;

use super::{browser::Browser, give, tearoom};

#[tokio::test(flavor = "multi_thread")]
async fn open_pages_hear_what_a_plugin_publishes_and_what_is_new_at_the_host() {
    let bot = tearoom("").await;
    let owner = Browser::owner(&bot).await;
    assert_eq!(bot.ask(&bot.owner(), "!boil").await.text(), "told 0");
    let mut stream = owner.follows("tearoom:kettle,host:plugins").await;
    assert_eq!(bot.ask(&bot.owner(), "!boil").await.text(), "told 1");
    let heard = stream.until("data: loudly").await;
    assert!(
        heard.contains("event: tearoom:kettle\ndata: it boils\n"),
        "{heard}"
    );
    bot.plugins().reload("hello").await.unwrap();
    stream.until("event: host:plugins").await;
    drop(stream);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_follows_what_it_may_and_is_cut_off_when_its_plugin_goes() {
    let bot = tearoom("").await;
    let (owner, member) = (Browser::owner(&bot).await, bot.member());
    give(&owner, member.id(), Some("Visitor")).await;
    let visitor = Browser::through_discord(&bot, &member).await;
    for refused in [
        "tearoom:cellar",
        "host:log",
        "host:audit",
        "tearoom:kettle,host:errors",
    ] {
        let path = format!("/events?topics={refused}");
        visitor.get(&path).await.is(403, "may not follow");
    }
    for odd in ["", "?topics=", "?topics=,,"] {
        visitor
            .get(&format!("/events{odd}"))
            .await
            .is(400, "topics");
    }
    let nobody = Browser::of(&bot);
    let answer = nobody
        .sends(Method::GET, "/events?topics=tearoom:kettle", "", &[])
        .await;
    answer.is(401, "not logged in");
    let stream = visitor.follows("tearoom:kettle,nobody:nothing").await;
    bot.plugins().unload("tearoom", false).await.unwrap();
    stream.ends().await;
    bot.close().await;
}
