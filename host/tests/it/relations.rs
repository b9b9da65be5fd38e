//! Tests of what plugins need, provide and are against: providers that come and go, refusals with their chain, the plan of a start.

use std::{fs, path::PathBuf};

use host_loader::Status;

use crate::{fixtures, support::Fixture};

/// A plugin that provides an economy, and says which one it is.
fn provider(name: &str, version: &str, declared: &str) -> PathBuf {
    let source = format!(
        "//! Provides an economy.\nuse plugin_api::prelude::*;\n\n\
         async fn balance(_ctx: FunctionContext<()>) -> Result<String> {{\n    Ok(\"{name}\".to_owned())\n}}\n\
         export_plugin!(|| Plugin::new(){declared}.function(\"balance\", 1, balance));\n"
    );
    fixtures::plugin(name, "relations", version, "", &source)
}

fn bank() -> PathBuf {
    provider("bank", "1.4.0", ".provides(\"economy\", \"1.4\")")
}

fn mint() -> PathBuf {
    provider("mint", "1.0.0", ".provides(\"economy\", \"1.2\")")
}

fn coins() -> PathBuf {
    let declared = ".provides(\"economy\", \"2.1\").conflicts_with_version(\"bank\", \"<2\")";
    provider("coins", "3.0.0", declared)
}

/// A plugin that needs an economy, and asks which one it has.
fn user(name: &str, declared: &str) -> PathBuf {
    let source = format!(
        "//! Needs an economy.\nuse plugin_api::prelude::*;\n\n\
         async fn ask(ctx: CommandContext) -> Result {{\n    \
         let by: String = ctx.host().plugin(\"economy\").call(\"balance\", 1, &()).await?;\n    \
         ctx.reply(by).await\n}}\n\
         export_plugin!(|| Plugin::new(){declared}.command(Command::new(\"{name}\", \"Asks\").run(ask)));\n"
    );
    fixtures::plugin(name, "relations", "1.0.0", "", &source)
}

fn shop() -> PathBuf {
    user("shop", ".depends_on_version(\"economy\", \"^1\")")
}

fn kiosk() -> PathBuf {
    user("kiosk", ".depends_on_version(\"economy\", \"^2\")")
}

fn generation(all: &[Status], plugin: &str) -> u64 {
    let of = all.iter().find(|it| it.plugin.is(plugin)).unwrap();
    of.serving.as_ref().unwrap().generation
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_keeps_the_provider_that_it_uses_and_moves_over_when_that_one_goes() {
    let bot = Fixture::with(&["hello"]).await;
    bot.drop_in(&shop(), "shop");
    assert_eq!(
        bot.until_refused("shop").await,
        "it needs `economy`, which is not loaded; load `economy` first"
    );
    bot.drop_in(&mint(), "mint");
    bot.until_generation("shop", 1).await;
    let (owner, member) = (bot.owner(), bot.member());
    assert_eq!(bot.ask(&member, "!shop").await.content, "mint");
    // A better one comes, and both are reloaded: it stays with the one that it uses.
    bot.drop_in(&bank(), "bank");
    bot.until_generation("bank", 1).await;
    let reloaded = |reports: Vec<host_loader::LoadReport>| {
        let names = reports.iter().map(|it| it.plugin.to_string());
        names.collect::<Vec<_>>()
    };
    assert_eq!(
        reloaded(bot.plugins().reload("bank").await.unwrap()),
        ["bank"]
    );
    assert_eq!(
        reloaded(bot.plugins().reload("mint").await.unwrap()),
        ["mint", "shop"]
    );
    assert_eq!(bot.ask(&member, "!shop").await.content, "mint");
    let told = bot.ask(&owner, "!extensions").await.text();
    assert!(told.contains("uses `mint` for `economy`"), "{told}");

    // It goes, and the other one is used; whatever comes back changes nothing.
    let before = generation(&bot.plugins().status(), "shop");
    bot.plugins().unload("mint", false).await.unwrap();
    let after = generation(&bot.plugins().status(), "shop");
    assert_eq!(after, before + 1);
    assert_eq!(bot.ask(&member, "!shop").await.content, "bank");
    bot.plugins().load("mint").await.unwrap();
    assert_eq!(bot.ask(&member, "!shop").await.content, "bank");
    fs::remove_file(bot.extensions().join("libbank.so")).unwrap();
    bot.until_generation("shop", after + 1).await;
    bot.until(|all| all.iter().all(|it| !it.plugin.is("bank")))
        .await;
    assert_eq!(bot.ask(&member, "!shop").await.content, "mint");

    // The last one is not taken away, and takes it along where that is asked for.
    let refused = bot.plugins().unload("mint", false).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "`mint` is needed by `shop`; unload them first"
    );
    bot.plugins().unload("mint", true).await.unwrap();
    let served = bot.plugins().generations();
    assert!(served.iter().all(|it| it.0.is("hello")), "{served:?}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_told_with_its_chain_before_and_after_a_load_and_a_start_loads_as_many_as_it_can()
 {
    let bot = Fixture::with(&["registry"]).await;
    bot.until_generation("registry", 1).await;
    bot.drop_in(&bank(), "bank");
    bot.until_generation("bank", 1).await;
    bot.drop_in(&coins(), "coins");
    assert_eq!(
        bot.until_refused("coins").await,
        "it conflicts with `bank` <2, and 1.4.0 is loaded; unload `bank` first, or install a version of `bank` that is not <2"
    );
    bot.drop_in(&kiosk(), "kiosk");
    let chain = "it needs `economy` ^2: `bank` 1.4.0 provides economy 1.4 (not ^2); `coins` 3.0.0 provides economy 2.1, but is refused \
                 itself: it conflicts with `bank` <2, and 1.4.0 is loaded; unload `bank` first, or install a version of `bank` that is \
                 not <2";
    assert_eq!(bot.until_refused("kiosk").await, chain);
    let owner = bot.owner();
    let validated = bot.ask(&owner, "!pr_validate kiosk").await.text();
    for words in [
        "can't be loaded: 1 problem",
        "but is refused itself: it conflicts with",
    ] {
        assert!(validated.contains(words), "no {words:?} in {validated}");
    }

    // What stood in the way goes: both come. What was known of the file was enough to refuse it before: it was opened once.
    bot.plugins().unload("bank", false).await.unwrap();
    bot.until_generation("kiosk", 1).await;
    assert_eq!(bot.ask(&bot.member(), "!kiosk").await.content, "coins");
    let refused = bot.plugins().load("bank").await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "`coins`, which is loaded, conflicts with `bank` <2, and this is 1.4.0; unload `coins` first, or install another version of it"
    );
    assert!(
        bot.plugins()
            .generations()
            .iter()
            .any(|it| it.0.is("kiosk"))
    );

    // At a start, `bank` alone would keep two out.
    let bot = bot.restart().await;
    bot.until_generation("kiosk", 1).await;
    assert!(
        bot.until_refused("bank")
            .await
            .contains("conflicts with `bank` <2")
    );
    let served = bot.plugins().generations();
    let served: Vec<_> = served.iter().map(|(name, _)| &**name).collect();
    assert_eq!(served, ["coins", "kiosk", "registry"]);
    bot.close().await;
}
