//! What the operator sees: the log.

use std::{fs, path::Path};

use crate::{
    cli::{cogwright, text},
    fixtures,
};

/// Plays a script on a sandbox of its own; the log of that run.
fn log_of(folder: &Path, script: &str) -> String {
    let file = folder.join("story.txt");
    fs::write(&file, script).unwrap();
    let extensions = fixtures::examples().to_str().unwrap();
    let script = file.to_str().unwrap();
    let arguments = ["sandbox", "--extensions", extensions, "--script", script];
    let output = cogwright(folder, &arguments);
    let said = text(&output.stderr);
    assert!(output.status.success(), "{}{said}", text(&output.stdout));
    let log = fs::read_to_string(folder.join("botlogs/sandbox/current_run.log")).unwrap();
    // To the end: nothing is lost, and both outputs say the same.
    assert!(log.lines().last().unwrap().contains("stopped"), "{log}");
    assert_eq!(log.lines().count(), said.lines().count(), "{log}\n{said}");
    log
}

const WORK: &str = "owner@general: !work\nexpect worked\n";

#[test]
fn a_plugins_level_is_changed_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "{WORK}owner@general: !fw_log misbehave debug\nexpect debug\n{WORK}\
         owner@general: !fw_log misbehave default\nexpect info\n{WORK}\
         owner@general: !fw_log hello loud\nexpect \"error, warn, info\"\n"
    );
    let log = log_of(folder.path(), &script);
    let worked: Vec<&str> = log.lines().filter(|line| line.contains("worked")).collect();
    assert!(
        worked.len() == 1 && worked[0].contains("seen=2"),
        "{worked:?} in\n{log}"
    );
    let time = worked[0].split(' ').next().unwrap();
    assert!(
        time.len() == "2026-11-22T19:00:00.000000Z".len() && time.ends_with('Z'),
        "{time}"
    );
    // The next run begins one file anew and goes on with the other.
    let second = log_of(folder.path(), WORK);
    assert!(!second.contains("worked"));
    let permanent = fs::read_to_string(folder.path().join("botlogs/sandbox/permanent.log"));
    assert_eq!(permanent.unwrap(), log + &second);
}

#[test]
fn lines_are_json_when_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let config = "[log]\njson = true\nplugins = { misbehave = \"debug\" }\n";
    fs::write(folder.path().join("config.toml"), config).unwrap();
    let log = log_of(folder.path(), WORK);
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of_plugin: Vec<_> = lines
        .iter()
        .filter(|line| line["plugin"] == "misbehave" && line["target"] == "plugin")
        .collect();
    assert!(
        of_plugin.len() == 1 && of_plugin[0]["level"] == "DEBUG",
        "{log}"
    );
}

#[test]
fn a_log_that_cannot_be_written_is_told_and_stops_nobody() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("botlogs"), "a file, not a folder").unwrap();
    let file = folder.path().join("story.txt");
    fs::write(&file, WORK).unwrap();
    let extensions = fixtures::examples().to_str().unwrap();
    let script = file.to_str().unwrap();
    let arguments = ["sandbox", "--extensions", extensions, "--script", script];
    let output = cogwright(folder.path(), &arguments);
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(
        said.matches("no log files are written").count(),
        1,
        "{said}"
    );
    assert!(said.contains("botlogs/sandbox"), "{said}");
}
