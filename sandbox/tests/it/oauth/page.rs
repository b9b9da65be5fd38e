//! The consent page: its form, its cookie, and names that mean to be more than text.

use sandbox::{Options, Sandbox, World};

use super::{FORM, encoded, exchange, link, post, said, status, with};
use crate::bot::{get, request, watched};

#[tokio::test]
async fn the_page_is_a_form_that_authorises_or_cancels() {
    let sandbox = watched(Options::default()).await;
    let link = link(&sandbox.oauth_client(), "identify guilds", &[]);
    for path in [
        "/oauth2/authorize",
        "/api/oauth2/authorize",
        "/api/v10/oauth2/authorize",
    ] {
        let query = link.split_once('?').unwrap().1;
        let (head, page) = get(&sandbox, &format!("{path}?{query}")).await;
        assert_eq!(status(&head), 200, "{head}");
        assert!(
            head.contains("form-action 'self' http://127.0.0.1:4321"),
            "{head}"
        );
        assert!(head.contains("frame-ancestors 'none'"), "{head}");
        // With `no-referrer`, Chromium's form said that its origin was `null`, and was refused.
        assert!(head.contains("referrer-policy: same-origin"), "{head}");
        for part in [
            "<form method=\"post\">",
            "Know which servers you are in",
            "<bdi>Cogwright</bdi>",
            "value=\"cancel\"",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        for user in ["owner", "mod", "member"] {
            let id = sandbox.user_id(user).unwrap();
            assert!(
                page.contains(&format!("name=\"user\" value=\"{id}\"")),
                "{user}"
            );
        }
        let bot = sandbox.application_id();
        assert!(
            !page.contains(&format!("value=\"{bot}\"")),
            "bots log in nowhere"
        );
    }
    let id = sandbox.user_id("member").unwrap().to_string();
    let (head, _) = decide(
        &sandbox,
        &link,
        "",
        &[("user", &id), ("decision", "authorize")],
    )
    .await;
    assert_eq!(status(&head), 303, "{head}");
    let code = said(location(&head).unwrap(), "code").unwrap();
    let (_, tokens) = exchange(&sandbox, &code, &[]).await;
    let (_, own) = with(&sandbox, &tokens["access_token"], "GET", "users/@me").await;
    assert_eq!(own["id"], id);

    // Whoever is named goes before who is ticked.
    let named = [
        ("user", id.as_str()),
        ("other", "mod"),
        ("decision", "authorize"),
    ];
    let (head, _) = decide(&sandbox, &link, "", &named).await;
    let code = said(location(&head).unwrap(), "code").unwrap();
    let (_, tokens) = exchange(&sandbox, &code, &[]).await;
    let (_, own) = with(&sandbox, &tokens["access_token"], "GET", "users/@me").await;
    assert_eq!(own["username"], "mod");

    let (head, _) = decide(
        &sandbox,
        &link,
        "",
        &[("user", &id), ("decision", "cancel")],
    )
    .await;
    let back = location(&head).unwrap();
    assert_eq!(said(back, "error").as_deref(), Some("access_denied"));
    assert_eq!(said(back, "state").as_deref(), Some("a state & more"));
    assert_eq!(said(back, "code"), None);
    assert_eq!(
        sandbox.actor("mod").unwrap().declines(&link).await.unwrap(),
        back
    );
}

#[tokio::test]
async fn nobody_is_logged_in_by_another_page_or_as_a_bot() {
    let sandbox = watched(Options::default()).await;
    let link = link(&sandbox.oauth_client(), "identify", &[]);
    let form = [("user", "member"), ("decision", "authorize")];
    let (head, _) = decide(&sandbox, &link, "Origin: http://evil.example\r\n", &form).await;
    assert_eq!(status(&head), 403, "{head}");
    let own = format!("Origin: http://{}\r\n", sandbox.addr());
    assert_eq!(status(&decide(&sandbox, &link, &own, &form).await.0), 303);
    for (pairs, why) in [
        (
            &[("user", "Cogwright"), ("decision", "authorize")][..],
            "No user who could log in",
        ),
        (
            &[("user", "membre"), ("decision", "authorize")],
            "did you mean `member`?",
        ),
        (&[("decision", "authorize")], "Nobody was chosen"),
        (
            &[("user", "member")],
            "`decision` is `authorize` or `cancel`",
        ),
    ] {
        let (head, page) = decide(&sandbox, &link, "", pairs).await;
        assert_eq!((status(&head), location(&head)), (400, None), "{head}");
        assert!(page.contains(why), "{why}: {page}");
    }
    let bot = sandbox.actor("Cogwright").unwrap();
    let refused = bot.authorizes(&link).await.unwrap_err();
    assert!(refused.to_string().contains("is a bot"), "{refused}");
    let (head, _) = request(&sandbox, "DELETE", "/oauth2/authorize", "", "").await;
    assert_eq!(status(&head), 400, "there is no client in it: {head}");
}

#[tokio::test]
async fn hostile_names_are_text_on_the_page() {
    let names = [
        "<script>alert(1)</script>",
        "\" onfocus=\"alert(1)",
        "' autofocus '",
        "</label></form><form action=http://evil.example>",
        "\u{202e}gnp.exe",
        "&lt;b&gt;",
    ];
    let mut world = World::sandbox();
    let owner = world.user_named("owner").unwrap();
    world.add_guild("<img src=x onerror=alert(1)>", owner);
    for name in names {
        world.add_user(name);
    }
    let sandbox = watched(Options {
        world,
        ..Options::default()
    })
    .await;
    let hostile = [("redirect_uri", "http://127.0.0.1:1/\"><script>x</script>")];
    for other in [&[][..], &hostile[..]] {
        let link = link(&sandbox.oauth_client(), "identify", other);
        let (_, page) = get(&sandbox, link.split_once(&sandbox.http_proxy()).unwrap().1).await;
        // The page's own: its stylesheets, its theme, and nothing of anybody's name.
        assert_eq!(page.matches("<script").count(), 1, "{page}");
        assert_eq!(
            page.matches("<form").count() + page.matches("<img").count(),
            usize::from(other.is_empty()),
            "{page}"
        );
        for wrong in ["onfocus=\"", "' autofocus", "<b>"] {
            assert!(!page.contains(wrong), "{wrong}");
        }
        if other.is_empty() {
            assert!(
                page.contains("<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>"),
                "{page}"
            );
            assert!(page.contains("<bdi>&amp;lt;b&amp;gt;</bdi>"));
            assert!(
                page.contains("<bdi>\u{202e}gnp.exe</bdi>"),
                "it turns nothing but itself"
            );
        }
    }
    let link = link(&sandbox.oauth_client(), "identify", &[]);
    let form = [("other", names[0]), ("decision", "authorize")];
    assert!(location(&decide(&sandbox, &link, "", &form).await.0).is_some());
}

#[tokio::test]
async fn who_has_consented_is_not_asked_again_with_prompt_none() {
    let sandbox = watched(Options::default()).await;
    let client = sandbox.oauth_client();
    let asked = link(&client, "identify guilds", &[]);
    let silent = link(&client, "identify", &[("prompt", "none")]);
    let opens = async |link: &str, cookie: &str| {
        let path = link.split_once(&sandbox.http_proxy()).unwrap().1;
        let (head, _) = request(
            &sandbox,
            "GET",
            path,
            &format!("Cookie: a=b; {cookie}\r\n"),
            "",
        )
        .await;
        location(&head).map(str::to_owned)
    };
    assert_eq!(opens(&silent, "").await, None, "nobody is logged in");
    let (head, _) = decide(
        &sandbox,
        &asked,
        "",
        &[("user", "member"), ("decision", "authorize")],
    )
    .await;
    let cookie = head
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: "))
        .unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap();
    let back = opens(&silent, cookie).await.unwrap();
    let (_, tokens) = exchange(&sandbox, &said(&back, "code").unwrap(), &[]).await;
    assert_eq!(tokens["scope"], "identify");
    assert_eq!(
        opens(&asked, cookie).await,
        None,
        "without it everybody is asked"
    );
    let more = link(&client, "identify email", &[("prompt", "none")]);
    assert_eq!(
        opens(&more, cookie).await,
        None,
        "more than was consented to"
    );
    let revoked = [("token", tokens["access_token"].as_str().unwrap())];
    post(&sandbox, "oauth2/token/revoke", &revoked).await;
    assert_eq!(opens(&silent, cookie).await, None, "it was taken back");
}

/// Sends the page's form; gives the head and the page.
async fn decide(
    sandbox: &Sandbox,
    link: &str,
    headers: &str,
    pairs: &[(&str, &str)],
) -> (String, String) {
    let path = link.split_once(&sandbox.http_proxy()).unwrap().1;
    request(
        sandbox,
        "POST",
        path,
        &format!("{headers}{FORM}"),
        &encoded(pairs),
    )
    .await
}

fn location(head: &str) -> Option<&str> {
    head.lines()
        .find_map(|line| line.strip_prefix("location: "))
}
