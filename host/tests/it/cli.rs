//! Tests of the command line, as an operator types it.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use plugin_api::abi::{ABI_MAJOR, ABI_MINOR, ABI_STABLE_VERSION, API_VERSION};

use crate::{fixtures, process::signal, support::PATIENCE};

pub fn cogwright(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(fixtures::cogwright())
        .current_dir(folder)
        .args(arguments)
        .env_remove("DISCORD_TOKEN")
        .env_remove("BOT_OWNER_ID")
        .env_remove("CARGO_MANIFEST_DIR")
        .output()
        .unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn an_owner_command_that_is_typed_in_a_shell_is_told_where_it_belongs() {
    let folder = tempfile::tempdir().unwrap();
    for (typed, name) in [("set", "set"), ("fw_set", "set"), ("sync", "sync")] {
        let output = cogwright(folder.path(), &[typed, "bot.prefix", "?"]);
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            said.contains(&format!("in Discord: `!cogwright {name}`")),
            "{said}"
        );
    }
    let output = cogwright(folder.path(), &["dance"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said.contains("dance") && !said.contains("Discord:"),
        "{said}"
    );
}

#[test]
fn inspect_shows_what_a_file_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = fixtures::example("counter");
    let output = cogwright(folder.path(), &["inspect", file.to_str().unwrap()]);
    let shown = text(&output.stdout);
    assert!(output.status.success(), "{shown}{}", text(&output.stderr));
    let boundary = format!(
        "{ABI_MAJOR}.{ABI_MINOR} (plugin-api {API_VERSION}, abi_stable {ABI_STABLE_VERSION})"
    );
    for line in [
        "counter 0.1.0",
        &boundary,
        "count (prefix and slash)",
        "licence       MIT",
        "MESSAGE_CONTENT",
        "keeps state   yes",
        "nothing stayed",
    ] {
        assert!(shown.contains(line), "{line:?} is not in\n{shown}");
    }
    let text_file = folder.path().join("libtext.so");
    fs::write(&text_file, "hello").unwrap();
    let output = cogwright(folder.path(), &["inspect", text_file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("text"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn run_without_a_token_says_how_to_get_one() {
    let folder = tempfile::tempdir().unwrap();
    let output = cogwright(folder.path(), &["run"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said.contains("DISCORD_TOKEN")
            && said.contains("Reset Token")
            && said.contains("Copy User ID"),
        "{said}"
    );
}

#[test]
fn check_tells_all_that_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), "[bot]\nprefx = \"?\"\n").unwrap();
    fs::create_dir(folder.path().join("extensions")).unwrap();
    fs::copy(
        fixtures::example("hello"),
        folder.path().join("extensions/libhello.so"),
    )
    .unwrap();
    fs::write(folder.path().join("extensions/libbad.so"), "no").unwrap();
    let output = cogwright(folder.path(), &["check"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    for line in [
        "did you mean `prefix`?",
        "DISCORD_TOKEN",
        "ok     hello 0.1.0: 1 command(s)",
        "libbad.so",
    ] {
        assert!(said.contains(line), "{line:?} is not in\n{said}");
    }
}

#[test]
fn check_tells_which_settings_of_plugins_do_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let config = "[plugins.scheduler]\nzone = \"Berlin\"\n";
    fs::write(folder.path().join("config.toml"), config).unwrap();
    fs::create_dir(folder.path().join("extensions")).unwrap();
    let file = folder.path().join("extensions/libscheduler.so");
    fs::copy(fixtures::example("scheduler"), file).unwrap();
    let said = text(&cogwright(folder.path(), &["check"]).stdout).to_owned();
    for part in [
        "its settings do not fit",
        "config.toml:2:8: `zone` in [plugins.scheduler]: there is no time zone `Berlin`; did you mean `Europe/Berlin`?",
    ] {
        assert!(said.contains(part), "{part:?} is not in\n{said}");
    }
    assert!(!said.contains("ok     scheduler"), "{said}");
}

#[test]
fn a_script_is_played_on_the_sandbox_and_its_first_failure_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let extensions = fixtures::examples().to_str().unwrap();
    let script = folder.path().join("story.txt");
    fs::write(&script, "owner@general: !hello\nexpect \"Hello, owner!\"\nmember@general: /echo text:hi\nexpect hi\n").unwrap();
    let arguments = [
        "sandbox",
        "--extensions",
        extensions,
        "--script",
        script.to_str().unwrap(),
    ];
    let output = cogwright(folder.path(), &arguments);
    let shown = text(&output.stdout);
    assert!(output.status.success(), "{shown}{}", text(&output.stderr));
    assert!(shown.contains("  Cogwright: Hello, owner!"), "{shown}");

    fs::write(&script, "owner@general: !hello\nexpect \"Good night\"\n").unwrap();
    let output = cogwright(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(
        said.contains("line 2") && said.contains("Good night") && said.contains("Hello, owner!"),
        "{said}"
    );
}

#[test]
fn a_descriptor_that_a_plugin_left_open_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("story.txt");
    let lines = "owner@general: !misbehave descriptor\nexpect done\nowner@general: !unload misbehave\n\
                 expect \"1 descriptor(s) that were opened since it was loaded\"\n";
    fs::write(&script, lines).unwrap();
    let extensions = fixtures::examples().to_str().unwrap();
    let output = cogwright(
        folder.path(),
        &[
            "sandbox",
            "--extensions",
            extensions,
            "--script",
            script.to_str().unwrap(),
        ],
    );
    assert!(
        output.status.success(),
        "{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
}

/// Plays a script on the sandbox with the example plugins, in this folder.
fn played(folder: &Path, script: &str, more: &[&str]) -> Output {
    let file = folder.join("story.txt");
    fs::write(&file, script).unwrap();
    let extensions = fixtures::examples().to_str().unwrap();
    let script = ["--script", file.to_str().unwrap()];
    let arguments = [&["sandbox", "--extensions", extensions], &script[..], more].concat();
    cogwright(folder, &arguments)
}

#[test]
fn what_is_set_in_the_sandbox_stays_in_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.toml");
    let original = "# mine\n[bot]\nprefix = \"!\"\n";
    fs::write(&config, original).unwrap();
    let output = played(
        folder.path(),
        "owner@general: !cogwright set bot.prefix ?\nexpect prefix\nowner@general: ?hello\nexpect \"Hello, owner!\"\n",
        &[],
    );
    let shown = text(&output.stdout);
    assert!(output.status.success(), "{shown}{}", text(&output.stderr));
    assert_eq!(fs::read_to_string(&config).unwrap(), original);
    let own = folder.path().join("data/sandbox/config.toml");
    let own = fs::read_to_string(own).unwrap();
    assert!(
        own.contains("prefix = \"?\"") && own.contains("# mine"),
        "{own}"
    );
    // It holds the next time, too; and the file's folder has nothing new but the sandbox's.
    let output = played(
        folder.path(),
        "owner@general: ?hello\nexpect \"Hello, owner!\"\n",
        &[],
    );
    assert!(output.status.success(), "{}", text(&output.stderr));
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["botlogs", "config.toml", "data", "story.txt"]);
}

#[test]
fn the_sandboxs_clock_moves_the_bots_schedules() {
    let folder = tempfile::tempdir().unwrap();
    let script = "owner@general: !remind 10m tea is ready\nexpect I will.\nexpect-nothing\n\
                  clock advance 11m\nexpect tea is ready\n\
                  clock pause\nowner@general: !remind 2h the cake\nexpect I will.\nclock advance 1h\nexpect-nothing\n\
                  clock advance 1h\nexpect the cake\nclock resume\n";
    let output = played(folder.path(), script, &[]);
    assert!(
        output.status.success(),
        "{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    let wall = "owner@general: !remind 10m tea is ready\nexpect I will.\nclock advance 11m\nexpect-nothing\n";
    let output = played(folder.path(), wall, &["--wall-clock"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// To the log any word is a module's name, also that of an unknown plugin.
#[test]
fn a_mistyped_plugin_in_fw_log_is_told_to_be_taken_for_a_module() {
    let folder = tempfile::tempdir().unwrap();
    let script = "owner@general: !cogwright log helo debug\n\
                  expect \"`helo` is taken for a module: there is no plugin `helo`; did you mean `hello`?\"\n\
                  owner@general: !cogwright log helo default\nexpect \"Until the bot stops\"\n\
                  owner@general: !cogwright log hello debug\nexpect \"Until the bot stops\"\n\
                  owner@general: !cogwright log host_discord::gateway debug\nexpect \"Until the bot stops\"\n";
    let output = played(folder.path(), script, &[]);
    assert!(
        output.status.success(),
        "{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
}

#[test]
fn a_reminder_without_a_text_is_answered_with_the_usage() {
    let folder = tempfile::tempdir().unwrap();
    let output = played(
        folder.path(),
        "owner@general: !remind 10m\nexpect \"<after> <text…>\"\nowner@general: !remind\nexpect \"<after> <text…>\"\n",
        &[],
    );
    assert!(
        output.status.success(),
        "{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
}

const SLOW: &str = r#"//! Takes its time to start.
use plugin_api::prelude::*;

export_plugin!(|| Plugin::with_state(|_host| async {
    let _ = std::fs::write("begun", "");
    std::future::pending::<()>().await;
    Ok(())
}));
"#;

/// Ctrl-C was looked at only when the bot was there: a plugin that takes a minute to start had to be waited for.
#[test]
fn ctrl_c_while_the_sandbox_starts_ends_it_at_once() {
    let library = fixtures::plugin("slow", "start", "0.1.0", "", SLOW);
    let folder = tempfile::tempdir().unwrap();
    let extensions = folder.path().join("plugins");
    fs::create_dir(&extensions).unwrap();
    fs::copy(library, extensions.join("libslow.so")).unwrap();
    // Longer than anybody waits here.
    let config = "[extensions]\nstart_timeout_ms = 600000\n";
    fs::write(folder.path().join("config.toml"), config).unwrap();
    let log = folder.path().join("said.log");
    let file = fs::File::create(&log).unwrap();
    let mut child = Command::new(fixtures::cogwright())
        .current_dir(folder.path())
        .args(["sandbox", "--extensions", "plugins"])
        .env_remove("CARGO_MANIFEST_DIR")
        .stdin(Stdio::null())
        .stdout(file.try_clone().unwrap())
        .stderr(file)
        .spawn()
        .unwrap();
    let began = Instant::now();
    let mut interrupted = false;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if !interrupted && folder.path().join("begun").exists() {
            signal(child.id(), "INT");
            interrupted = true;
        }
        if began.elapsed() > 2 * PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("it goes on\n{}", fs::read_to_string(&log).unwrap());
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let said = fs::read_to_string(&log).unwrap();
    assert!(interrupted && status.success(), "{status}\n{said}");
    assert!(!said.contains("The sandbox is open"), "{said}");
    // In order: nothing of the bot's is left in the way of the next one.
    assert!(!said.contains("ERROR"), "{said}");
}
