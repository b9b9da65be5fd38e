//! Requests of a plugin to another server.

use axum::{Json, Router, extract::RawQuery, http::StatusCode, routing::get};
use tokio::net::TcpListener;

use crate::{fixtures, support::Fixture};

const SOURCE: &str = r#"//! Asks a server.
use plugin_api::prelude::*;
use serde::Deserialize;

export_plugin!(|| {
    Plugin::new()
        .web_hosts(["localhost", "tea.example"])
        .command(Command::new("tea", "Asks for tea").option(CommandOption::string("url", "Where").rest()).run(tea))
});

#[derive(Deserialize)]
struct Tea { name: String, asked: Option<String> }

async fn tea(ctx: CommandContext) -> Result {
    let url: String = ctx.option("url")?;
    let answer = match ctx.host().web().get(url).query("cups", 2).json::<Tea>().await {
        Ok(tea) => format!("{} for {}", tea.name, tea.asked.unwrap_or_default()),
        Err(error) => error.to_string(),
    };
    ctx.reply(answer).await
}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_asks_other_servers_by_declaration_and_grant() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let tea = |RawQuery(asked): RawQuery| async move {
        Json(serde_json::json!({"name": "sencha", "asked": asked}))
    };
    let none = || async { (StatusCode::IM_A_TEAPOT, "no coffee here") };
    let router = Router::new()
        .route("/tea", get(tea))
        .route("/coffee", get(none));
    tokio::spawn(async move { axum::serve(listener, router).await });

    let bot = Fixture::configured(&[], "[grants.asks]\nweb = [\"127.0.0.1\"]").await;
    bot.drop_in(
        &fixtures::plugin("asks", "web", "0.7.12", "", SOURCE),
        "asks",
    );
    bot.until_generation("asks", 1).await;
    bot.until_content_is_seen().await;
    let member = bot.member();
    let ask = async |url: String| bot.ask(&member, &format!("!tea {url}")).await.content;
    assert_eq!(
        ask(format!("http://127.0.0.1:{port}/tea")).await,
        "sencha for cups=2"
    );
    assert_eq!(
        ask(format!("http://127.0.0.1:{port}/coffee")).await,
        format!("http://127.0.0.1:{port}/coffee answered 418: no coffee here")
    );
    // Declared, but on the local network; and neither declared nor granted.
    let answer = ask(format!("http://localhost:{port}/tea")).await;
    assert!(
        answer.contains("`localhost` is an address of the local network"),
        "{answer}"
    );
    let answer = ask("https://coffee.example/".into()).await;
    assert!(
        answer.contains("the plugin may not reach `coffee.example`"),
        "{answer}"
    );
    let answer = bot.ask(&bot.owner(), "!extensions").await.text();
    assert!(
        answer.contains("asks on the web: localhost, tea.example"),
        "{answer}"
    );
    bot.close().await;
}
