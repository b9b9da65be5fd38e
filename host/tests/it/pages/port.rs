//! The port itself: TLS by file, and what is served along with the pages.

use std::fs;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use reqwest::{Certificate, Method};

use super::{browser::Browser, tearoom};
use crate::support::Fixture;

#[tokio::test(flavor = "multi_thread")]
async fn with_certificates_pages_are_encrypted_and_cookies_belong_to_their_name_alone() {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    );
    fs::write(&certificate, cert.pem()).unwrap();
    fs::write(&key, signing_key.serialize_pem()).unwrap();
    let bot = tearoom(&format!(
        "tls_cert = \"{}\"\ntls_key = \"{}\"\n",
        certificate.display(),
        key.display()
    ))
    .await;
    let url = bot.bot.services().pages.url().unwrap();
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    let owner = Browser::trusting(&url, &Certificate::from_pem(cert.pem().as_bytes()).unwrap());
    let pages = &bot.bot.services().pages;
    let link = pages.link(bot.sandbox.owner_id(), "owner").unwrap();
    let answer = owner.follows_link(&link.address).await;
    answer.is(200, "/");
    let cookies: Vec<&str> = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|it| it.to_str().unwrap())
        .collect();
    assert_eq!(cookies.len(), 2, "{cookies:?}");
    for cookie in cookies {
        let is = cookie.starts_with("__Host-")
            && cookie.contains("; Secure")
            && cookie.contains("; Path=/;")
            && !cookie.to_ascii_lowercase().contains("domain");
        assert!(is, "{cookie}");
    }
    let page = owner.get("/p/tearoom/").await;
    page.is(200, "acts Some");
    assert!(page.headers.contains_key("strict-transport-security"));
    owner.post("/p/tearoom/pour", "x").await.is(200, "poured");
    // A cookie that was planted by a page of another name is none.
    let session = owner.cookie("__Host-session");
    let plain = format!("{}={}", session.0.trim_start_matches("__Host-"), session.1);
    let stranger = Browser::trusting(&url, &Certificate::from_pem(cert.pem().as_bytes()).unwrap());
    let headers = [("cookie", &*plain)];
    let answer = stranger
        .sends(Method::GET, "/p/tearoom/", "", &headers)
        .await;
    answer.is(401, "not logged in");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_are_none_cost_the_pages_and_are_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = folder.path().join("cert.pem");
    fs::write(&certificate, "tea\n").unwrap();
    let config = format!(
        "[pages]\nlisten = \"127.0.0.1:0\"\ntls_cert = \"{0}\"\ntls_key = \"{0}\"\n",
        certificate.display()
    );
    let bot = Fixture::configured(&["hello"], &config).await;
    assert_eq!(bot.bot.services().pages.url(), None);
    let answer = bot.ask(&bot.owner(), "!hello").await.text();
    assert_eq!(answer, "Hello, owner!", "the bot goes on");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_served_along_with_the_pages_where_the_operator_says_so() {
    for (config, status) in [("", 404), ("metrics = true\n", 200)] {
        let bot = tearoom(config).await;
        let nobody = Browser::of(&bot);
        for path in ["/metrics", "/livez"] {
            let answer = nobody.sends(Method::GET, path, "", &[]).await;
            assert_eq!(answer.status, status, "{config} {path}: {}", answer.text);
        }
        bot.close().await;
    }
}
