//! Requests to plugins' routes, and what they answer.

use reqwest::Method;

use super::{browser::Browser, tearoom};

#[tokio::test(flavor = "multi_thread")]
async fn a_route_gets_what_was_asked_and_nothing_that_was_not() {
    let bot = tearoom("").await;
    let owner = Browser::owner(&bot).await;
    owner
        .get("/p/tearoom/echo/a%2Fb%20%F0%9F%AB%96?q=1&q=2&r")
        .await
        .is(200, "a/b 🫖|1|/p/tearoom");
    for (path, status) in [
        ("/p/tearoom/nothing", 404),
        ("/p/tearoom/echo/", 404),
        ("/p/tearoom/echo/%ff", 404),
        ("/p/tearoom/echo/%zz", 404),
        ("/p/TEAROOM%00/", 404),
        ("/p/nobody/", 404),
        ("/p/tearoom/../../etc/passwd", 404),
        ("/nothing", 404),
        ("/p/tearoom/pour", 405),
        ("/p/tearoom", 308),
    ] {
        let answer = owner.get(path).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {answer:?}");
    }
    owner
        .post("/p/tearoom/pour", &"x".repeat(100))
        .await
        .is(200, "poured 100 bytes");
    owner
        .post("/p/tearoom/pour", &"x".repeat(101))
        .await
        .is(413, "larger than the 100 bytes");
    owner
        .sends(Method::PATCH, "/p/tearoom/pour", "", &[])
        .await
        .is(403, "Origin");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_route_fails_of_is_told_with_an_id_and_what_it_says_itself_is_shown() {
    let bot = tearoom("").await;
    let owner = Browser::owner(&bot).await;
    owner
        .get("/p/tearoom/sorry")
        .await
        .is(400, "No tea &lt;today&gt;.");
    for path in ["/p/tearoom/fail", "/p/tearoom/panic"] {
        let answer = owner.get(path).await;
        answer.is(500, "as error ");
        assert!(
            !answer.text.contains("cracked") && !answer.text.contains("spilt"),
            "{answer:?}"
        );
        let id = answer.text.split("as error ").nth(1).unwrap()[..8].to_owned();
        let errors = bot
            .bot
            .services()
            .errors
            .list(&plugin_api::abi::ErrorsCall {
                error_id: Some(id),
                ..Default::default()
            });
        assert_eq!(errors.errors[0].plugin, "tearoom");
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_sets_no_header_that_is_the_hosts_and_leads_nobody_away() {
    let bot = tearoom("").await;
    let owner = Browser::owner(&bot).await;
    let away = owner.get("/p/tearoom/away").await;
    assert_eq!((away.status.as_u16(), away.leads()), (303, ""));
    let answer = owner.get("/p/tearoom/header").await;
    let header = |name: &str| answer.headers.get(name).map(|it| it.to_str().unwrap());
    assert_eq!(
        (header("set-cookie"), header("x"), header("etag")),
        (None, None, None)
    );
    assert!(
        header("content-security-policy")
            .unwrap()
            .contains("default-src 'none'")
    );
    assert_eq!(header("cache-control"), Some("no-store"));
    assert_eq!(header("x-content-type-options"), Some("nosniff"));
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_a_file_of_the_plugins_for_as_long_as_its_request() {
    let bot = tearoom("").await;
    let owner = Browser::owner(&bot).await;
    owner
        .uploads("/p/tearoom/file", "..%2F..%2Ftea%20list.txt", "green")
        .await
        .is(200, "tea list.txt has 5 bytes: green");
    owner
        .uploads("/p/tearoom/file", "a.txt", &"x".repeat(1001))
        .await
        .is(413, "larger than the 1000 bytes");
    owner
        .uploads("/p/tearoom/file", "..", "x")
        .await
        .is(400, "no name");
    owner
        .uploads("/p/tearoom/file", "", "x")
        .await
        .is(400, "no name");
    let folder = bot.data().join("plugins/tearoom/files/.uploads");
    assert_eq!(
        std::fs::read_dir(folder).unwrap().count(),
        0,
        "nothing is left"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_go_on_while_their_plugin_is_swapped() {
    let bot = tearoom("").await;
    let owner = Browser::owner(&bot).await;
    let asking = async {
        for round in 0..60 {
            owner
                .get(&format!("/p/tearoom/echo/{round}"))
                .await
                .is(200, &format!("{round}|"));
        }
    };
    let swapping = async {
        for _ in 0..6 {
            bot.plugins().reload("tearoom").await.unwrap();
        }
    };
    tokio::join!(asking, swapping);
    bot.close().await;
}
