//! Tests of what a start finds in its folder: variables in `.env`, the example of a configuration, the data of an older
//! bot.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use sandbox::Sandbox;

use crate::{
    access, fixtures,
    process::{Process, Running},
    support::{Fixture, PATIENCE},
};

/// A folder with these plugins, as an operator prepares one.
fn folder(libraries: &[(&str, PathBuf)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let extensions = folder.path().join("extensions");
    fs::create_dir(&extensions).unwrap();
    for (name, library) in libraries {
        fs::copy(library, extensions.join(format!("lib{name}.so"))).unwrap();
    }
    folder
}

/// What leads a bot to this Discord.
fn addresses(sandbox: &Sandbox) -> String {
    format!(
        "[discord]\napi_url = \"http://{0}\"\ngateway_url = \"ws://{0}\"\n[metrics]\nlisten = \"off\"\n[pages]\nlisten = \"off\"\n",
        sandbox.addr()
    )
}

/// Runs the bot without a variable, asks it, and stops it; what it has logged.
async fn asked(sandbox: &Sandbox, folder: &Path, questions: &[(&str, &str)]) -> String {
    let running = Running::with(folder, "said.log", &[]);
    // By its own word: the sandbox may still know the session before.
    let ready = tokio::time::timeout(PATIENCE, async {
        while !running.said().contains("ready: ") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(ready.await.is_ok(), "{}", running.said());
    let owner = sandbox.actor("owner").unwrap();
    for (question, expect) in questions {
        let said = owner.says("general", question).await.unwrap();
        let answer = owner.expects_reply_to(&said).await;
        let answer =
            answer.unwrap_or_else(|error| panic!("{question}: {error}\n{}", running.said()));
        assert!(
            answer.text().contains(expect),
            "{question}: {}",
            answer.text()
        );
    }
    running.terminate().await.said()
}

const PROVER: &str = r##"//! Knows what its secret is to be.
use plugin_api::prelude::*;

export_plugin!(|| Plugin::new().command(prove()));

/// Compares.
#[command]
async fn prove(ctx: CommandContext) -> Result {
    let dollars = ctx.host().secret("dollars").await?.expose() == "pa$HOME${PATH}$$ #1";
    let quoted = ctx.host().secret("quoted").await?.expose() == "it's $5 a cup";
    ctx.reply(format!("as written: {dollars} {quoted}")).await
}
"##;

/// Lines that other programs understand ended the start, and `$` in a value was taken for a variable.
#[tokio::test(flavor = "multi_thread")]
async fn lines_of_other_programs_stop_no_start_and_dollars_are_taken_as_they_stand() {
    let prover = fixtures::plugin("prover", "env", "0.1.0", "", PROVER);
    let sandbox = Process::discord(|_| {}).await;
    let folder = folder(&[("prover", prover)]);
    let config = format!(
        "{}[grants.prover]\nsecrets = [\"dollars\", \"quoted\"]\n",
        addresses(&sandbox)
    );
    fs::write(folder.path().join("config.toml"), config).unwrap();
    let variables = format!(
        "#!/bin/sh\nset -a\nif [ -f other.env ]; then . other.env; fi\nexport PATH=$HOME/bin:$PATH\nCOMPOSE_PROJECT_NAME=bot\n\
         just words\n=nothing\nNODE_OPTIONS='--max-old-space-size=512'\n  export DISCORD_TOKEN={}\nBOT_OWNER_ID = {}\n\
         COGWRIGHT_SECRET_DOLLARS='pa$HOME${{PATH}}$$ #1'\nCOGWRIGHT_SECRET_QUOTED=\"it's $5 a cup\"\n",
        sandbox.token(),
        sandbox.owner_id()
    );
    let file = folder.path().join(".env");
    fs::write(&file, variables).unwrap();
    // Secrets are in it: that others can read them is said.
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let told = asked(
        &sandbox,
        folder.path(),
        &[("!prove", "as written: true true")],
    )
    .await;
    assert!(
        told.contains(".env can be read by others (mode 0640)") && told.contains("chmod 600 .env"),
        "{told}"
    );
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let told = asked(&sandbox, folder.path(), &[]).await;
    assert!(!told.contains("can be read by others"), "{told}");
    sandbox.shutdown().await;
}

/// `config.toml` of the checkout is the documented example: what is set goes beside it, whoever runs the bot from there.
#[tokio::test(flavor = "multi_thread")]
async fn the_example_of_a_configuration_is_not_edited_by_running_the_bot_from_it() {
    let sandbox = Process::discord(|_| {}).await;
    let folder = folder(&[("hello", fixtures::example("hello"))]);
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config.toml");
    let example = fs::read(example).unwrap();
    let (shared, own) = (
        folder.path().join("config.toml"),
        folder.path().join("config.local.toml"),
    );
    fs::write(&shared, &example).unwrap();
    fs::write(&own, addresses(&sandbox)).unwrap();
    let variables = format!(
        "DISCORD_TOKEN={}\nBOT_OWNER_ID={}\n",
        sandbox.token(),
        sandbox.owner_id()
    );
    fs::write(folder.path().join(".env"), variables).unwrap();
    let told = asked(
        &sandbox,
        folder.path(),
        &[
            ("!cogwright set bot.prefix ?", "bot.prefix"),
            ("?hello", "Hello"),
        ],
    )
    .await;
    let first = told.lines().next().unwrap();
    assert!(first.ends_with("/config.local.toml"), "{first}");
    assert_eq!(fs::read(&shared).unwrap(), example);
    let own = fs::read_to_string(&own).unwrap();
    assert!(own.contains("prefix = \"?\""), "{own}");
    // And the next start goes on with it.
    asked(&sandbox, folder.path(), &[("?hello", "Hello")]).await;
    sandbox.shutdown().await;
}

/// The host's tables as its first version wrote them, with uses of a command that were counted then.
const OLDER: &str = "
CREATE TABLE cogwright__about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE cogwright__migrations (
    plugin TEXT NOT NULL, number INTEGER NOT NULL, checksum TEXT NOT NULL, applied_at_ms INTEGER NOT NULL,
    PRIMARY KEY (plugin, number)
) WITHOUT ROWID;
CREATE TABLE cogwright__subjects (
    plugin TEXT NOT NULL, table_name TEXT NOT NULL, column_name TEXT NOT NULL,
    PRIMARY KEY (plugin, table_name, column_name)
) WITHOUT ROWID;
CREATE TABLE cogwright__shelf (
    plugin TEXT NOT NULL, shelf TEXT NOT NULL, subject INTEGER NOT NULL, key TEXT NOT NULL,
    value TEXT NOT NULL, version INTEGER NOT NULL,
    PRIMARY KEY (plugin, shelf, subject, key)
) WITHOUT ROWID;
CREATE INDEX cogwright__shelf_subject ON cogwright__shelf (subject) WHERE subject <> 0;
INSERT INTO cogwright__about VALUES ('place', 'the bot');
CREATE TABLE cogwright__usage (
    day TEXT NOT NULL, command TEXT NOT NULL, plugin TEXT NOT NULL,
    uses INTEGER NOT NULL, errors INTEGER NOT NULL, took_us INTEGER NOT NULL,
    PRIMARY KEY (day, command, plugin)
) WITHOUT ROWID;
INSERT INTO cogwright__usage VALUES (date('now', '-1 day'), 'open', 'guarded', 3, 1, 900);
PRAGMA application_id = 1129792578;
PRAGMA user_version = 1;
";

/// The host's tables have a version, and a bot that comes to older ones takes the steps that they lack.
#[tokio::test(flavor = "multi_thread")]
async fn the_hosts_tables_of_an_older_bot_are_taken_on_with_what_is_in_them() {
    let library = access::library();
    let bot = Fixture::with(&[]).await;
    bot.drop_in(&library, "guarded");
    bot.until_generation("guarded", 1).await;
    let bot = bot
        .restart_after(async |stopped| {
            let data = stopped.folder.join("data");
            for file in ["main.db", "main.db-wal", "main.db-shm"] {
                let _ = fs::remove_file(data.join(file));
            }
            let older = rusqlite::Connection::open(data.join("main.db")).unwrap();
            older.execute_batch(OLDER).unwrap();
        })
        .await;
    bot.until_generation("guarded", 1).await;
    let member = bot.member();
    let asked = async |text: &str| {
        let said = member.says("dm", text).await.unwrap();
        member.expects_reply_to(&said).await.unwrap().text()
    };
    let before = asked("figures open").await;
    assert!(before.contains("by day [3]"), "{before}");
    assert_eq!(asked("open").await, "opened");
    // It goes on being counted, and is there after the next start, too.
    let bot = bot.restart().await;
    bot.until_generation("guarded", 1).await;
    let member = bot.member();
    let said = member.says("dm", "figures open").await.unwrap();
    let after = member.expects_reply_to(&said).await.unwrap().text();
    let is_counted = ["by day [3, 1]", "by day [1, 3]"];
    assert!(is_counted.iter().any(|it| after.contains(it)), "{after}");
    bot.close().await;
}
