//! Starts on a Discord that is not there yet, and on one that refuses for good.

use std::time::Duration;

use sandbox::{Effect, ErrorBody, Fault, GatewayLimits};
use tokio::time::{sleep, timeout};
use twilight_model::gateway::Intents;

use crate::{fixtures, process::Process, relay::Closed, support::PATIENCE};

#[tokio::test(flavor = "multi_thread")]
async fn a_start_while_discord_has_trouble_waits_with_growing_pauses_and_says_so() {
    let sandbox = Process::discord(|_| {}).await;
    let trouble = Effect::Status {
        status: 500,
        body: ErrorBody::Json,
    };
    let trouble = Fault::request("GET /gateway/bot", trouble);
    sandbox.faults().add(trouble, Some(2)).unwrap();
    let refused = Fault::RefuseConnections;
    sandbox.faults().add(refused, Some(1)).unwrap();
    let bot = Process::on(sandbox, &[("hello", fixtures::example("hello"))], "");
    bot.sandbox.bot_ready(PATIENCE).await.unwrap();
    let said = bot.said();
    for pause in ["1s", "2s"] {
        let told = said.lines().any(|line| {
            line.contains("WARN")
                && line.contains("can't ask Discord for `gateway/bot` yet")
                && line.contains("HTTP 500")
                && line.ends_with(&format!("trying again in {pause}"))
        });
        assert!(told, "{pause} is not in\n{said}");
    }
    let asked = bot.sandbox.traffic();
    let asked = asked.iter().filter(|it| it.what == "GET /gateway/bot");
    let asked: Vec<_> = asked.map(|it| (it.status.unwrap(), it.at)).collect();
    let statuses: Vec<_> = asked.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [500, 500, 200]);
    for (pair, seconds) in asked.windows(2).zip([1, 2]) {
        let waited = pair[1].1 - pair[0].1;
        assert!(waited >= Duration::from_secs(seconds), "{waited:?}");
    }
    assert_eq!(
        bot.ask(&bot.member(), "!hello").await.content,
        "Hello, member!"
    );
    bot.signal("TERM");
    assert!(bot.ended().await.success());
}

/// A machine may start the bot before its network.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_before_the_network_is_up_waits_for_it_and_says_so() {
    let (sandbox, closed) = (Process::discord(|_| {}).await, Closed::new());
    let hello = [("hello", fixtures::example("hello"))];
    let bot = Process::by(closed.address, sandbox, &hello, "");
    // Both are asked side by side.
    for path in ["users/@me", "applications/@me"] {
        let asked = format!("can't ask Discord for `{path}` yet");
        let told = || {
            let said = bot.said();
            let told = said
                .lines()
                .filter(|it| it.contains("WARN") && it.contains(&asked));
            told.map(str::to_owned).collect::<Vec<String>>()
        };
        let twice = async {
            while told().len() < 2 {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, twice).await.unwrap();
        let told = told();
        assert!(
            told.iter().all(|it| it.contains("out of reach")),
            "{told:?}"
        );
        assert!(told[1].contains("trying again in 2s"), "{told:?}");
    }
    assert!(bot.sandbox.traffic().is_empty());
    let relay = closed.open(bot.sandbox.addr());
    bot.sandbox.bot_ready(PATIENCE).await.unwrap();
    assert!(relay.connections() > 0);
    assert_eq!(
        bot.ask(&bot.member(), "!hello").await.content,
        "Hello, member!"
    );
    bot.signal("TERM");
    assert!(bot.ended().await.success());
}

/// It ends with this code, and these words are in its log.
async fn ends(bot: Process, code: i32, words: &[&str]) {
    let status = bot.ended().await;
    let said = bot.said();
    assert_eq!(status.code(), Some(code), "{said}");
    for part in words {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    bot.sandbox.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_has_started_too_often_today_ends_with_a_code_of_its_own() {
    let sandbox = Process::discord(|options| {
        options.gateway_limits = GatewayLimits {
            session_starts: 1,
            ..GatewayLimits::GENEROUS
        };
    })
    .await;
    let first = Process::on(sandbox.clone(), &[], "");
    first.sandbox.bot_ready(PATIENCE).await.unwrap();
    first.signal("TERM");
    assert!(first.ended().await.success(), "{}", first.said());
    let words = [
        "Discord allows no new session before 14",
        "has started too often today",
    ];
    ends(Process::on(sandbox, &[], ""), 5, &words).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn intents_that_discord_refuses_end_a_start_with_a_code_of_its_own() {
    let sandbox = Process::discord(|_| {}).await;
    sandbox.change_world(|world| world.set_privileged_intents(Intents::empty()));
    let counter = [("counter", fixtures::example("counter"))];
    let words = [
        "Discord refuses privileged intents",
        "MESSAGE_CONTENT (for counter)",
        "Developer Portal",
    ];
    ends(Process::on(sandbox, &counter, ""), 4, &words).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_discord_closes_for_good_end_with_codes_that_tell_why() {
    for (close, code, words) in [
        (4004, 3, "Discord does not know the token"),
        (4010, 6, "check SHARD_COUNT and SHARD_IDS"),
        (4011, 6, "too many servers for one shard"),
        (4013, 4, "does not know one of the intents"),
        (4014, 4, "Discord refuses privileged intents"),
        // That was a fault of the bot's: a restart may help.
        (4012, 1, "with code 4012"),
    ] {
        let bot = Process::run(&[], "").await;
        assert!(bot.sandbox.close_connections(close));
        ends(bot, code, &[words]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_discord_does_not_know_ends_with_a_code_of_its_own() {
    let sandbox = Process::discord(|_| {}).await;
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "[discord]\napi_url = \"http://{}\"\ngateway_url = {:?}\n[metrics]\nlisten = \"127.0.0.1:0\"\n[pages]\nlisten = \"off\"\n",
        sandbox.http_proxy(),
        sandbox.gateway_url()
    );
    std::fs::write(folder.path().join("config.toml"), config).unwrap();
    let mut command = std::process::Command::new(fixtures::cogwright());
    command
        .arg("run")
        .current_dir(folder.path())
        .env(
            "DISCORD_TOKEN",
            "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gxxxxx.wrongwrongwrongwrongwrongwrong",
        )
        .env("BOT_OWNER_ID", sandbox.owner_id().to_string());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = output.await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("Discord does not know the token"), "{said}");
    sandbox.shutdown().await;
}
