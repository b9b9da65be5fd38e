//! Tests of operators' mistakes, and of what they read then: the cause, the place, the next step.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt, path::Path};

use crate::{cli::cogwright, fixtures};

const TOKEN: &str = "MTc1OTI4ODQ3Mjk5MTE3MDYz.GabcDe.abcdefghijklmnopqrstuvwxyz0123456789AB";
const OWNER: &str = "80351110224678912";

/// A folder as somebody starts a bot in it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("config.toml", "[metrics]\nlisten = \"off\"\n");
        folder.env(&format!("DISCORD_TOKEN={TOKEN}\nBOT_OWNER_ID={OWNER}\n"));
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let file = self.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }

    fn env(&self, text: &str) {
        self.write(".env", text);
        let private = fs::Permissions::from_mode(0o600);
        fs::set_permissions(self.path().join(".env"), private).unwrap();
    }

    fn config(&self, text: &str) {
        self.write("config.toml", text);
    }
}

/// Something that is wrong, how the bot is called, and what is said: cause, place, next step.
struct Case {
    name: &'static str,
    wrong: fn(&Folder),
    arguments: &'static [&'static str],
    said: &'static [&'static str],
}

const fn case(
    name: &'static str,
    arguments: &'static [&'static str],
    wrong: fn(&Folder),
    said: &'static [&'static str],
) -> Case {
    Case {
        name,
        wrong,
        arguments,
        said,
    }
}

const CHECK: &[&str] = &["check"];

fn mistyped_extensions(folder: &Folder) {
    folder.write("plugins/x", "");
    folder.config("[extensions]\nfolder = \"plguins\"");
}

const MISTYPED: &[&str] = &[
    "`[extensions] folder` in config.toml: there is no folder plguins; did you mean plugins?",
    "mkdir -p plguins",
];

const CASES: &[Case] = &[
    // The command line.
    case(
        "a mistyped configuration",
        &["check", "--config", "confg.toml"],
        |_| {},
        &[
            "--config: there is no file confg.toml",
            "did you mean config.toml?",
        ],
    ),
    case(
        "a mistyped extensions folder",
        &["sandbox", "--extensions", "extensoins"],
        |folder| folder.write("extensions/x", ""),
        &[
            "--extensions: there is no folder extensoins",
            "did you mean extensions?",
        ],
    ),
    case(
        "a file as extensions folder",
        &["sandbox", "--extensions", "config.toml"],
        |_| {},
        &["--extensions: config.toml is not a folder"],
    ),
    case(
        "extensions below nothing",
        &["sandbox", "--extensions", "target/relaese/plugins"],
        |_| {},
        &[
            "--extensions: there is no folder",
            "target/relaese is not there",
        ],
    ),
    case(
        "a mistyped script",
        &["sandbox", "--script", "stroy.txt"],
        |folder| folder.write("story.txt", ""),
        &[
            "--script: there is no file stroy.txt",
            "did you mean story.txt?",
        ],
    ),
    case(
        "a mistyped command",
        &["chekc"],
        |_| {},
        &["'chekc'", "similar", "'check'"],
    ),
    case(
        "a port that is none",
        &["sandbox", "--port", "99999"],
        |_| {},
        &["99999", "--port"],
    ),
    case(
        "a backup that there is not",
        &["restore", "2026-11-23"],
        |folder| folder.write("data/backups/2026-11-22/main.db", ""),
        &[
            "there is no backup `2026-11-23`",
            "did you mean `2026-11-22`?",
            "there are 2026-11-22",
        ],
    ),
    case(
        "a backup where there is none",
        &["restore", "last"],
        |_| {},
        &["there is no backup `last`", "data", "cogwright backup"],
    ),
    case(
        "a plugin file that is not there",
        &["inspect", "libhelo.so"],
        |_| {},
        &["can't read libhelo.so", "No such file"],
    ),
    // config.toml.
    case(
        "a mistyped key",
        CHECK,
        |folder| folder.config("[bot]\nprefx = \"?\""),
        &[
            "config.toml:2:1",
            "unknown key `prefx` in [bot]",
            "did you mean `prefix`?",
        ],
    ),
    case(
        "a mistyped table",
        CHECK,
        |folder| folder.config("[bto]\nprefix = \"?\""),
        &[
            "config.toml:1:2",
            "unknown table [bto]",
            "did you mean [bot]?",
        ],
    ),
    case(
        "a text without quotes",
        CHECK,
        |folder| folder.config("[bot]\nprefix = !"),
        &["config.toml:2:10", "string"],
    ),
    case(
        "a prefix of Discord's own",
        CHECK,
        |folder| folder.config("[bot]\nprefix = \"/\""),
        &[
            "config.toml:2:10: `prefix` in [bot]",
            "starts with `/`",
            "keeps for slash commands",
        ],
    ),
    case(
        "a mention as prefix",
        CHECK,
        |folder| folder.config("[bot]\nprefix = \"<@\""),
        &[
            "config.toml:2:10: `prefix` in [bot]",
            "writes mentions",
            "take another",
        ],
    ),
    case(
        "a prefix that nobody sees",
        CHECK,
        |folder| folder.config("[bot]\nprefix = \"!\u{200b}\""),
        &[
            "config.toml:2:10: `prefix` in [bot]",
            "U+200B",
            "nobody could write it",
        ],
    ),
    case(
        "a level that is none",
        CHECK,
        |folder| folder.config("[log]\nlevel = \"verbose\""),
        &[
            "config.toml:2:9: `level` in [log]",
            "`verbose` is not a level",
            "the levels are error",
        ],
    ),
    case(
        "a module's level that is none",
        CHECK,
        |folder| folder.config("[log]\nlevel = \"info,host=debgu\""),
        &[
            "config.toml:2:9: `level` in [log]",
            "`debgu` (of `host`)",
            "did you mean `debug`?",
        ],
    ),
    case(
        "a name as owner",
        CHECK,
        |folder| folder.config("[bot]\nowner_ids = [\"ann\"]"),
        &[
            "config.toml:2:14: `owner_ids` in [bot]",
            "a user id",
            "Copy User ID",
        ],
    ),
    case(
        "a name as channel",
        CHECK,
        |folder| folder.config("[alerts]\nchannel_id = \"general\""),
        &[
            "config.toml:2:14: `channel_id` in [alerts]",
            "a channel id",
            "Copy Channel ID",
        ],
    ),
    case(
        "a name as server",
        CHECK,
        |folder| folder.config("[commands]\ndevelopment_guild = \"Mine\""),
        &[
            "config.toml:2:21: `development_guild` in [commands]",
            "a server id",
            "Copy Server ID",
        ],
    ),
    case(
        "a port as address",
        CHECK,
        |folder| folder.config("[metrics]\nlisten = \"9310\""),
        &[
            "config.toml:2:10: `listen` in [metrics]",
            "found `9310`",
            "127.0.0.1:9310",
        ],
    ),
    case(
        "an address as name",
        CHECK,
        |folder| folder.config("[metrics]\nhosts = [\"http://bot.example.org\"]"),
        &[
            "config.toml:2:10: `hosts` in [metrics]",
            "without `http://`",
            "bot.example.org",
        ],
    ),
    case(
        "a configuration of sixteen bits a letter",
        CHECK,
        |folder| {
            folder.write(
                "config.toml",
                "\u{feff}[bot]"
                    .encode_utf16()
                    .flat_map(u16::to_le_bytes)
                    .collect::<Vec<_>>(),
            )
        },
        &["config.toml:1:1", "not UTF-8", "save the file as UTF-8"],
    ),
    case(
        "settings of a plugin that is not there",
        CHECK,
        |folder| {
            folder.config("[metrics]\nlisten = \"off\"\n[plugins.helo]\nx = 1");
            copy_plugin(folder, "libhello.so");
            folder.env("");
        },
        &[
            "[plugins.helo] is about a plugin that is not there",
            "did you mean `hello`?",
        ],
    ),
    // .env.
    case(
        "variables of sixteen bits a letter",
        CHECK,
        |folder| {
            folder.write(
                ".env",
                format!("\u{feff}DISCORD_TOKEN={TOKEN}\r\n")
                    .encode_utf16()
                    .flat_map(u16::to_le_bytes)
                    .collect::<Vec<_>>(),
            )
        },
        &[".env is UTF-16 text", "save it as UTF-8"],
    ),
    case(
        "a token in a word processor's quotes",
        CHECK,
        |folder| folder.env(&format!("DISCORD_TOKEN=“{TOKEN}”\nBOT_OWNER_ID={OWNER}")),
        &[
            "DISCORD_TOKEN contains quotes",
            "leave them out",
            "Reset Token",
        ],
    ),
    case(
        "a quote that is not closed",
        CHECK,
        |folder| folder.env(&format!("BOT_OWNER_ID={OWNER}\nDISCORD_TOKEN='{TOKEN}\n")),
        &[".env:2 (DISCORD_TOKEN)", "is not closed"],
    ),
    case(
        "a blank instead of the sign",
        CHECK,
        |folder| folder.env(&format!("BOT_OWNER_ID={OWNER}\nDISCORD_TOKEN {TOKEN}\n")),
        &[".env:2 (DISCORD_TOKEN)", "not NAME=value"],
    ),
    case(
        "a mistyped variable",
        CHECK,
        |folder| folder.env(&format!("DISCORD_TOKNE={TOKEN}\nBOT_OWNER_ID={OWNER}")),
        &[
            ".env sets `DISCORD_TOKNE`",
            "did you mean `DISCORD_TOKEN`?",
            "DISCORD_TOKEN is missing",
        ],
    ),
    case(
        "a name as the owner",
        CHECK,
        |folder| folder.env(&format!("DISCORD_TOKEN={TOKEN}\nBOT_OWNER_ID=ann#1234")),
        &[
            "BOT_OWNER_ID is not a user id",
            "a name does not do",
            "Copy User ID",
        ],
    ),
    case(
        "the client secret as token",
        CHECK,
        |folder| {
            folder.env(&format!(
                "DISCORD_TOKEN=abcdefghijklmnopqrstuvwxyz012345\nBOT_OWNER_ID={OWNER}"
            ))
        },
        &[
            "DISCORD_TOKEN is the application's client secret",
            "Bot > Reset Token",
        ],
    ),
    case(
        "a file that others can read",
        CHECK,
        |folder| {
            folder.env("DISCORD_TOKEN=x");
            let open = fs::Permissions::from_mode(0o644);
            fs::set_permissions(folder.path().join(".env"), open).unwrap();
        },
        &[
            ".env can be read by others (mode 0644)",
            "run `chmod 600 .env`",
        ],
    ),
    // Places.
    case(
        "a file as data folder",
        CHECK,
        |folder| folder.write("data", ""),
        &[
            "data can't be written (`[data] folder`)",
            "data is a file, and a folder is needed",
        ],
    ),
    case(
        "a mistyped extensions folder in the configuration",
        CHECK,
        mistyped_extensions,
        MISTYPED,
    ),
    case(
        "a start on a mistyped extensions folder",
        &["run"],
        mistyped_extensions,
        MISTYPED,
    ),
    case(
        "a sandbox on a mistyped extensions folder",
        &["sandbox"],
        mistyped_extensions,
        MISTYPED,
    ),
    case(
        "an extensions folder that is not like any other",
        &["run"],
        |folder| folder.config("[extensions]\nfolder = \"/srv/cogwright-is-not-here\""),
        &[
            "`[extensions] folder` in config.toml: there is no folder /srv/cogwright-is-not-here",
            "mkdir -p /srv/cogwright-is-not-here",
        ],
    ),
    case(
        "a file as extensions folder in the configuration",
        CHECK,
        |folder| folder.config("[extensions]\nfolder = \".env\""),
        &["`[extensions] folder` in config.toml: .env is not a folder"],
    ),
    case(
        "data below nothing",
        CHECK,
        |folder| {
            folder.write("store/x", "");
            folder.config("[data]\nfolder = \"stroe/bot\"");
        },
        &[
            "`[data] folder` in config.toml: there is no folder stroe; did you mean store?",
            "mkdir -p stroe",
        ],
    ),
    case(
        "a start with data below nothing",
        &["run"],
        |folder| folder.config("[data]\nfolder = \"stroe/bot\""),
        &["`[data] folder` in config.toml: there is no folder stroe"],
    ),
    case(
        "a log below nothing",
        &["run"],
        |folder| folder.config("[log]\nfolder = \"/vra/log/bot\""),
        &[
            "`[log] folder` in config.toml: there is no folder /vra/log",
            "mkdir -p /vra/log",
        ],
    ),
    case(
        "a mistyped folder of secrets",
        CHECK,
        |folder| folder.config("[secrets]\nfolder = \"secerts\""),
        &["`[secrets] folder` in config.toml: there is no folder secerts"],
    ),
    case(
        "a folder for a plugin that is not there",
        CHECK,
        |folder| folder.config("[grants.site]\nfolders = { pages = \"pgaes\" }"),
        &["`[grants.site] folders.pages` in config.toml: there is no folder pgaes"],
    ),
    case(
        "two files of one plugin",
        CHECK,
        |folder| {
            copy_plugin(folder, "libhello.so");
            copy_plugin(folder, "libhello2.so");
        },
        &[
            "libhello.so and extensions/libhello2.so are both the plugin `hello`",
            "delete one",
        ],
    ),
    case(
        "a text as plugin",
        CHECK,
        |folder| folder.write("extensions/libbad.so", "no"),
        &["extensions/libbad.so"],
    ),
];

fn copy_plugin(folder: &Folder, name: &str) {
    let extensions = folder.path().join("extensions");
    fs::create_dir_all(&extensions).unwrap();
    fs::copy(fixtures::example("hello"), extensions.join(name)).unwrap();
}

#[test]
fn what_operators_get_wrong_is_told_with_cause_place_and_next_step() {
    assert!(CASES.len() >= 30);
    let mut bad = Vec::new();
    for case in CASES {
        let folder = Folder::new();
        (case.wrong)(&folder);
        let output = cogwright(folder.path(), case.arguments);
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        let missing: Vec<_> = case
            .said
            .iter()
            .filter(|part| !said.contains(**part))
            .collect();
        if !missing.is_empty() || !matches!(output.status.code(), Some(1 | 2)) {
            bad.push(format!(
                "{}: {missing:?} is not in ({}):\n{said}",
                case.name, output.status
            ));
        }
        // Whatever is wrong, the token is not in it.
        assert!(!said.contains(TOKEN), "{}: {said}", case.name);
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn a_port_that_is_taken_is_told_with_the_key_that_moves_it() {
    let folder = Folder::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    folder.config(&format!("[metrics]\nlisten = \"{address}\""));
    let output = cogwright(folder.path(), CHECK);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    for part in [&*address.to_string(), "in use", "`[metrics] listen`"] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
}

/// The folders that a bot has when nobody says anything are made at its first start, and so is the last part of others.
#[test]
fn a_first_start_misses_no_folder() {
    let folder = Folder::new();
    fs::create_dir(folder.path().join("store")).unwrap();
    for config in [
        "[metrics]\nlisten = \"off\"",
        "[metrics]\nlisten = \"off\"\n[extensions]\nfolder = \"extensions\"\n[data]\nfolder = \"data\"",
        "[metrics]\nlisten = \"off\"\n[data]\nfolder = \"store/bot\"\n[log]\nfolder = \"store/log\"",
    ] {
        folder.config(config);
        let output = cogwright(folder.path(), CHECK);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{config}: {said}");
        assert!(said.contains("will be made"), "{config}: {said}");
    }
}

#[test]
fn check_changes_nothing_and_names_all_owners() {
    let folder = Folder::new();
    folder.config(&format!(
        "[metrics]\nlisten = \"off\"\n[bot]\nowner_ids = [175928847299117063, {OWNER}]"
    ));
    copy_plugin(&folder, "libhello.so");
    let output = cogwright(folder.path(), CHECK);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let owners = format!("owners: {OWNER} (BOT_OWNER_ID), 175928847299117063 ([bot] owner_ids)");
    for part in [
        &*owners,
        "data can be written, and will be made",
        "botlogs can be written",
        "hello 0.1.0: 1 command(s)",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    let mut left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, [".env", "config.toml", "extensions"]);
}
