//! The tab Plugins: unloaded and loaded again, reloaded, rolled back, served to one server first, installed from a file.

use std::fs;

use serde_json::json;

use super::{dashboard, gives};
use crate::{fixtures, pages::browser::Browser};

const AT: &str = "/p/dashboard/plugins";

/// A plugin that tells which of its versions it is.
fn source(words: &str) -> String {
    format!(
        "//! A pot.\nuse plugin_api::prelude::*;\n\nexport_plugin!(|| {{\n    Plugin::new().command(Command::new(\"pot\", \"Tells what is in \
         it\").run(async |ctx: CommandContext| {{\n        ctx.reply(\"{words}\").await\n    }}))\n}});\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_is_unloaded_loaded_reloaded_and_rolled_back() {
    let bot = dashboard(&["hello"]).await;
    bot.drop_in(
        &fixtures::plugin("pot", "green", "0.1.0", "", &source("green")),
        "pot",
    );
    bot.until_generation("pot", 1).await;
    let owner = Browser::owner(&bot).await;
    owner.get(AT).await.is(200, "hello").is(200, "pot");
    owner
        .get(&format!("{AT}/graph"))
        .await
        .is(200, "Graph of plugins");
    let name = json!({"name": "hello"});
    let gone = json!({"name": "hello", "reason": "it shouts"});
    owner.does(&format!("{AT}/unload"), gone).await.is(200, "");
    bot.until(|all| {
        all.iter()
            .all(|it| it.plugin != "hello" || it.serving.is_none())
    })
    .await;
    owner
        .does(&format!("{AT}/load"), name.clone())
        .await
        .is(200, "");
    let answer = bot.ask(&bot.owner(), "!hello").await.text();
    assert_eq!(answer, "Hello, owner!");
    owner.does(&format!("{AT}/reload"), name).await.is(200, "");
    let answer = bot.ask(&bot.owner(), "!hello").await.text();
    assert_eq!(answer, "Hello, owner!");

    let pot = async || bot.ask(&bot.owner(), "!pot").await.text();
    bot.drop_in(
        &fixtures::plugin("pot", "black", "0.2.0", "", &source("black")),
        "pot",
    );
    bot.until_generation("pot", 2).await;
    assert_eq!(pot().await, "black");
    let page = owner.get(&format!("{AT}/of/pot")).await;
    page.is(200, "0.2.0");
    let back = json!({"name": "pot"});
    owner
        .does(&format!("{AT}/rollback"), back)
        .await
        .is(200, "0.1.0");
    assert_eq!(pot().await, "green");
    for (deed, body) in [
        ("load", json!({"name": "nobody"})),
        ("reload", json!({"name": "nobody"})),
        ("unload", json!({"name": "nobody"})),
        ("rollback", json!({"name": "nobody"})),
        ("canary/promote", json!({"name": "hello"})),
        ("canary/back", json!({"name": "hello"})),
        ("remove", json!({"name": "../config.toml"})),
    ] {
        let answer = owner.does(&format!("{AT}/{deed}"), body).await;
        assert_eq!(answer.status, 400, "{deed}: {}", answer.text);
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_uploaded_tried_installed_and_thrown_away() {
    let bot = dashboard(&[]).await;
    let owner = Browser::owner(&bot).await;
    let library = fixtures::plugin("pot", "green", "0.1.0", "", &source("green"));
    let bytes = fs::read(&library).unwrap();
    let report = owner
        .uploads(&format!("{AT}/upload"), "libpot.so", &bytes)
        .await;
    report.is(200, "can be loaded").is(200, "pot");
    assert!(bot.plugins().status().iter().all(|it| it.plugin != "pot"));
    let sha256 = sha256_of(&report.text);
    let install = json!({"name": "pot", "sha256": sha256, "load": true});
    owner
        .does(&format!("{AT}/install"), install.clone())
        .await
        .is(200, "");
    bot.until_generation("pot", 1).await;
    assert_eq!(bot.ask(&bot.owner(), "!pot").await.text(), "green");
    owner
        .does(&format!("{AT}/install"), install)
        .await
        .is(400, "waits no longer");
    // What is none is told as such, and by no name that nobody has given it.
    let none = owner
        .uploads(&format!("{AT}/upload"), "libnone.so", "no plugin")
        .await;
    none.is(400, "the file is a text file");
    assert!(!none.text.contains("data"), "{}", none.text);
    let again = owner
        .uploads(&format!("{AT}/upload"), "libpot.so", &bytes)
        .await;
    let discard = json!({"name": "pot", "sha256": sha256_of(&again.text)});
    let thrown = owner.does(&format!("{AT}/discard"), discard.clone()).await;
    thrown.is(200, "thrown away");
    let again = owner.does(&format!("{AT}/install"), discard).await;
    again.is(400, "waits no longer");
    let odd = json!({"name": "pot", "sha256": "../../config.toml"});
    for deed in ["install", "discard"] {
        owner
            .does(&format!("{AT}/{deed}"), odd.clone())
            .await
            .is(400, "no SHA-256");
    }
    let gone = json!({"name": "pot"});
    owner.does(&format!("{AT}/remove"), gone).await.is(200, "");
    bot.until(|all| all.iter().all(|it| it.plugin != "pot"))
        .await;
    bot.close().await;
}

/// The hash in a report's last form.
fn sha256_of(report: &str) -> String {
    let is_hash = |word: &&str| {
        word.len() == 64
            && word
                .bytes()
                .all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
    };
    let mut words = report.split(|c: char| !c.is_ascii_alphanumeric());
    words.find(is_hash).unwrap().to_owned()
}

/// A newer file serves one server, and is taken back or serves all.
#[tokio::test(flavor = "multi_thread")]
async fn a_canary_serves_a_server_and_is_promoted() {
    let bot = dashboard(&[]).await;
    let file = |tag: &str, version: &str| fixtures::plugin("pot", tag, version, "", &source(tag));
    bot.drop_in(&file("green", "0.1.0"), "pot");
    bot.until_generation("pot", 1).await;
    let owner = Browser::owner(&bot).await;
    let bytes = fs::read(file("black", "0.2.0")).unwrap();
    let report = owner
        .uploads(&format!("{AT}/upload"), "libpot.so", &bytes)
        .await;
    let install = json!({"name": "pot", "sha256": sha256_of(&report.text)});
    owner
        .does(&format!("{AT}/install"), install)
        .await
        .is(200, "waits");
    let pot = async || bot.ask(&bot.owner(), "!pot").await.text();
    assert_eq!(pot().await, "green");
    let begin = json!({"name": "pot", "servers": "Sandbox"});
    owner
        .does(&format!("{AT}/canary/begin"), begin)
        .await
        .is(200, "");
    assert_eq!(pot().await, "black");
    let name = json!({"name": "pot"});
    owner
        .does(&format!("{AT}/canary/promote"), name)
        .await
        .is(200, "");
    assert_eq!(pot().await, "black");
    owner.get(&format!("{AT}/of/pot")).await.is(200, "0.2.0");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn visitors_do_nothing_to_plugins() {
    let bot = dashboard(&["hello"]).await;
    bot.until_generation("hello", 1).await;
    let (owner, member) = (Browser::owner(&bot).await, bot.member());
    gives(&owner, &member, "Visitor").await;
    let visitor = Browser::through_discord(&bot, &member).await;
    let page = visitor.get(AT).await;
    page.is(200, "hello");
    assert!(
        !page.text.contains("data-post=\"/p/dashboard/plugins"),
        "{}",
        page.text
    );
    for deed in [
        "load",
        "unload",
        "reload",
        "remove",
        "rollback",
        "canary/begin",
        "canary/promote",
        "canary/back",
        "install",
        "discard",
    ] {
        let answer = visitor
            .does(&format!("{AT}/{deed}"), json!({"name": "hello"}))
            .await;
        assert_eq!(answer.status, 403, "{deed}: {}", answer.text);
    }
    visitor
        .uploads(&format!("{AT}/upload"), "libx.so", "x")
        .await
        .is(403, "");
    let answer = bot.ask(&bot.owner(), "!hello").await.text();
    assert_eq!(answer, "Hello, owner!");
    bot.close().await;
}
