//! Files of a plugin, through the bot.

use std::fs;

use crate::{fixtures, support::Fixture};

const SOURCE: &str = r#"//! Keeps a list of teas.
use plugin_api::prelude::*;

export_plugin!(|| {
    Plugin::new()
        .command(Command::new("tea", "Adds a tea").option(CommandOption::string("name", "Which")).run(tea))
        .command(Command::new("escape", "Reads by a path").option(CommandOption::string("path", "Where").rest()).run(escape))
});

async fn tea(ctx: CommandContext) -> Result {
    let files = ctx.host().files();
    let mut teas: Vec<String> = match files.read_json("menu/teas.json").await {
        Ok(teas) => teas.unwrap_or_default(),
        Err(error) => return ctx.reply(error.to_string()).await,
    };
    teas.push(ctx.option("name")?);
    files.write_json("menu/teas.json", &teas).await?;
    ctx.reply(format!("{teas:?} of {} bytes", files.list("menu").await?[0].bytes)).await
}

async fn escape(ctx: CommandContext) -> Result {
    let path: String = ctx.option("path")?;
    let answer = match ctx.host().files().read(&path).await {
        Ok(bytes) => format!("{bytes:?}"),
        Err(error) => error.to_string(),
    };
    ctx.reply(answer).await
}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_keeps_files_that_nobody_loses() {
    let bot = Fixture::with(&["maintenance"]).await;
    bot.drop_in(
        &fixtures::plugin("teas", "files", "0.7.3", "", SOURCE),
        "teas",
    );
    bot.until_generation("teas", 1).await;
    bot.until_content_is_seen().await;
    let member = bot.member();
    bot.ask(&member, "!tea green").await;
    bot.plugins().reload("teas").await.unwrap();
    let answer = bot.ask(&member, "!tea black").await.content;
    assert_eq!(answer, "[\"green\", \"black\"] of 24 bytes");

    let answer = bot.ask(&bot.owner(), "!cogwright files").await.text();
    for words in [
        "healthy: below 1 % have failed",
        "2, 0 failed",
        "Locked at this moment\n0 files",
    ] {
        assert!(answer.contains(words), "{words} in {answer}");
    }

    let answer = bot.ask(&member, "!escape ../state").await.content;
    assert_eq!(
        answer,
        "`files.read`: `../state`: a path does not lead upwards (`..`)"
    );

    let path = bot
        .folder
        .path()
        .join("data/plugins/teas/files/menu/teas.json");
    fs::write(&path, "[\"green\",\n oolong]").unwrap();
    let answer = bot.ask(&member, "!tea white").await.content;
    assert_eq!(
        answer,
        "`menu/teas.json` is not as expected: expected value at line 2 column 2; mend it, or move it away to start anew"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "[\"green\",\n oolong]");
    bot.close().await;
}
