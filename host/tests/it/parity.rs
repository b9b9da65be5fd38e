//! Test of `docs/parity.md`: no row is empty, each test and each command that it names is there, and each command of the framework's
//! own plugins has a row.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use host_loader::{Behalf, Caller};
use plugin_api::{CommandView, abi::CallHead};
use serde_json::json;

use crate::{fixtures, support::Fixture};

/// First line of each table.
const COLUMNS: [&str; 4] = ["promise", "here", "commands", "shown by"];

/// What stands in `shown by` until a plugin that is being built is there: `pending:registry`.
const PENDING: &str = "pending:";

/// Commands of the reference system, their other names included. Each has a row.
const REFERENCE: &[&str] = &[
    "help",
    "stats",
    "shardinfo",
    "extensions",
    "discordbotframework",
    "framework",
    "botinfo",
    "setprefix",
    "config",
    "sync",
    "reload",
    "load",
    "unload",
    "cleanup",
    "cachestats",
    "dbstats",
    "integritycheck",
    "atomic_test_main",
    "atomicstats",
    "atomictest",
    "eh_list",
    "eh_history",
    "eh_disable",
    "eh_enable",
    "eh_alert_channel",
    "eh_reset_circuit",
    "hooks",
    "hookhistory",
    "pr_list",
    "pr_info",
    "pr_validate",
    "pr_enforce",
    "pr_alert_channel",
    "fw_diagnostics",
    "fw_alert_channel",
    "fw_history",
    "fw_errors",
    "slashlimit",
    "mentionprefix",
    "serversettings",
    "fw_migrations",
    "fw_migrate",
    "fw_config_validate",
    "fw_config_schema",
    "schedule create",
    "schedule list",
    "schedule delete",
    "schedule toggle",
    "schedule info",
    "shardmonitor",
    "sharddetails",
    "shardhealth",
    "shardalerts",
    "shardreset",
    "clusters",
    "ipcstatus",
    "broadcastmsg",
    "hooks list",
    "hooks info",
    "hooks delete",
    "hooks toggle",
    "hooks templates",
    "ask_zdbf",
    "zai",
    "livemonitor",
    "zframedash",
    "marketplace",
    "mp",
    "mkt",
    "backup",
    "backupcreate",
    "backuprestore",
    "backupview",
    "backupdelete",
    "backuplist",
    "backuppin",
    "backupnote",
    "backupverify",
    "backupschedule",
    "backupdiff",
    "backupexport",
    "backupstats",
];

/// What a promise has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Works,
    Otherwise,
    LeftOut,
    Later,
}

impl State {
    const ALL: [(&str, Self); 4] = [
        ("works", Self::Works),
        ("otherwise", Self::Otherwise),
        ("left out", Self::LeftOut),
        ("later", Self::Later),
    ];

    /// The state that a cell begins with, and the reason behind its colon.
    fn parse(cell: &str) -> Option<(Self, &str)> {
        Self::ALL.iter().find_map(|(word, state)| {
            let rest = cell.strip_prefix(word)?;
            match rest.strip_prefix(':') {
                Some(reason) => Some((*state, reason.trim())),
                None => rest.is_empty().then_some((*state, "")),
            }
        })
    }
}

/// A row: what the reference promises, and what there is of it.
#[derive(Debug)]
struct Row {
    line: usize,
    promise: String,
    state: State,
    reason: String,
    commands: Vec<String>,
    /// File and name of each test.
    tests: Vec<(String, String)>,
    /// Plugins that bring what shows it.
    pending: Vec<String>,
}

impl Row {
    fn parse(line: usize, cells: &[String]) -> Result<Self, String> {
        let [promise, here, commands, shown] = cells else {
            return Err(format!("{line}: {} cells instead of four", cells.len()));
        };
        if let Some(empty) = cells.iter().position(String::is_empty) {
            return Err(format!("{line}: `{}` is empty", COLUMNS[empty]));
        }
        let Some((state, reason)) = State::parse(here) else {
            return Err(format!("{line}: `{here}` begins with no state"));
        };
        let mut tests = Vec::new();
        for quoted in quoted(shown).filter(|it| !it.starts_with(PENDING)) {
            let Some((file, name)) = quoted.rsplit_once("::") else {
                return Err(format!("{line}: `{quoted}` is no `file::test`"));
            };
            tests.push((file.to_owned(), name.to_owned()));
        }
        let words = shown.split(|c: char| c.is_whitespace() || "`,".contains(c));
        let pending = words.filter_map(|word| word.strip_prefix(PENDING));
        Ok(Self {
            line,
            promise: promise.clone(),
            state,
            reason: reason.to_owned(),
            commands: quoted(commands).map(str::to_owned).collect(),
            tests,
            pending: pending.map(str::to_owned).collect(),
        })
    }

    /// What is missing for what it claims.
    fn fault(&self) -> Option<String> {
        let is_shown = !self.tests.is_empty() || !self.pending.is_empty();
        let missing = match self.state {
            State::Works if !is_shown => "works, and names no test",
            State::Otherwise if !is_shown && self.reason.is_empty() => {
                "is done otherwise, with neither a test nor a reason"
            }
            State::LeftOut | State::Later if self.reason.is_empty() => {
                "is not there, and there is no reason"
            }
            _ => return None,
        };
        Some(format!("{}: {} {missing}", self.line, self.promise))
    }
}

/// What stands in backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The cells of a table's line; `\|` is no end of one.
fn cells(line: &str) -> Vec<String> {
    let line = line.trim().replace("\\|", "\u{0}");
    let inside = line.trim_start_matches('|');
    let inside = inside.strip_suffix('|').unwrap_or(inside);
    let cell = |text: &str| text.trim().replace('\u{0}', "|");
    inside.split('|').map(cell).collect()
}

/// The rows of all tables, and what is wrong with them.
fn rows(page: &str) -> (Vec<Row>, Vec<String>) {
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    let mut lines = page.lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        if !line.starts_with('|') {
            continue;
        }
        if cells(line) != COLUMNS {
            faults.push(format!("{}: not the columns {COLUMNS:?}", number + 1));
        }
        // The line of dashes.
        lines.next();
        while let Some((number, line)) = lines.next_if(|(_, line)| line.starts_with('|')) {
            match Row::parse(number + 1, &cells(line)) {
                Ok(row) => rows.push(row),
                Err(fault) => faults.push(fault),
            }
        }
    }
    faults.extend(rows.iter().filter_map(Row::fault));
    (rows, faults)
}

/// Whether a source declares a test of this name.
fn declares(source: &str, name: &str) -> bool {
    let declared = format!("fn {name}(");
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    lines.iter().enumerate().any(|(at, line)| {
        let is_declared = line.contains(&declared) && !line.starts_with("//");
        let above = lines[..at].iter().rev();
        let mut above = above.take_while(|line| line.starts_with("#[") || line.starts_with("//"));
        is_declared && above.any(|line| line.starts_with("#[") && line.contains("test"))
    })
}

/// What is wrong with a test's name, among the workspace's sources by their paths. A file without `.rs` is a story's, or the folder of
/// some; other files are named by as much of their paths as tells them apart.
fn test_fault((file, name): &(String, String), sources: &[(String, String)]) -> Option<String> {
    let is_meant = |path: &str| match file.ends_with(".rs") {
        true => path == file || path.ends_with(&format!("/{file}")),
        false => path
            .strip_prefix("host/tests/it/")
            .and_then(|path| path.strip_prefix(&**file))
            .is_some_and(|rest| rest == ".rs" || rest.starts_with('/')),
    };
    let files: Vec<_> = sources.iter().filter(|(path, _)| is_meant(path)).collect();
    if files.is_empty() {
        return Some(format!("there is no file `{file}` of tests"));
    }
    match files.iter().filter(|it| declares(&it.1, name)).count() {
        0 => Some(format!("there is no test `{file}::{name}`")),
        1 => None,
        more => Some(format!(
            "`{file}::{name}` is in {more} files: say more of its path"
        )),
    }
}

/// Commands by each of their names, and the names of groups.
#[derive(Default)]
struct Names {
    /// Any name of a command, and the one that it is listed by.
    all: BTreeMap<String, String>,
    groups: BTreeSet<String>,
}

impl Names {
    fn of<'a>(commands: impl IntoIterator<Item = (&'a str, &'a [String])>) -> Self {
        let mut names = Self::default();
        for (path, aliases) in commands {
            let above = path.rsplit_once(' ').map(|(above, _)| above);
            let other = |alias: &String| match above {
                Some(above) => format!("{above} {alias}"),
                None => alias.clone(),
            };
            let all = aliases.iter().map(other).chain([path.to_owned()]);
            names.all.extend(all.map(|name| (name, path.to_owned())));
            let above = path.match_indices(' ').map(|(at, _)| path[..at].to_owned());
            names.groups.extend(above);
        }
        names
    }

    /// The command that an entry such as `config COMMAND none` names; `None` where there is none, and `Some("")` for a group.
    fn find(&self, entry: &str) -> Option<&str> {
        let ends = entry.match_indices(' ').map(|(at, _)| at);
        let mut ends: Vec<usize> = ends.chain([entry.len()]).collect();
        ends.reverse();
        let begins = |end: &usize| self.all.get(&entry[..*end]).map(String::as_str);
        let group = self.groups.contains(entry).then_some("");
        ends.iter().find_map(begins).or(group)
    }
}

/// Commands that rows name and nobody has. What is pending may not be there yet.
fn command_faults(rows: &[Row], names: &Names) -> Vec<String> {
    let mut faults = Vec::new();
    for row in rows.iter().filter(|row| row.pending.is_empty()) {
        let unknown = row.commands.iter().filter(|it| names.find(it).is_none());
        faults.extend(unknown.map(|it| format!("{}: there is no command `{it}`", row.line)));
    }
    faults
}

/// Commands that no row names.
fn unnamed(rows: &[Row], names: &Names) -> Vec<String> {
    let named = rows.iter().flat_map(|row| &row.commands);
    let named: BTreeSet<&str> = named.filter_map(|it| names.find(it)).collect();
    let all: BTreeSet<&str> = names.all.values().map(String::as_str).collect();
    let without = all.difference(&named);
    without
        .map(|it| format!("no row names the command `{it}`"))
        .collect()
}

/// Commands of the reference that no promise names.
fn forgotten(rows: &[Row], reference: &[&str]) -> Vec<String> {
    let promised: BTreeSet<&str> = rows.iter().flat_map(|row| quoted(&row.promise)).collect();
    let without = reference.iter().filter(|it| !promised.contains(*it));
    without
        .map(|it| format!("no row is about the reference's `{it}`"))
        .collect()
}

/// Adds the sources below a folder, by their paths in the workspace.
fn add_sources(root: &Path, folder: &Path, sources: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            add_sources(root, &path, sources);
        } else if path.extension().is_some_and(|it| it == "rs") {
            let name = path.strip_prefix(root).unwrap().display().to_string();
            sources.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}

fn sources() -> Vec<(String, String)> {
    let (root, mut sources) = (fixtures::root(), Vec::new());
    for folder in ["examples", "host", "plugin-api", "plugins", "sandbox"] {
        add_sources(&root, &root.join(folder), &mut sources);
    }
    sources
}

fn page() -> String {
    fs::read_to_string(fixtures::root().join("docs/parity.md")).unwrap()
}

#[test]
fn each_row_is_whole_and_the_tests_that_it_names_are_there() {
    let (rows, mut faults) = rows(&page());
    let sources = sources();
    for row in &rows {
        let missing = row.tests.iter().filter_map(|it| test_fault(it, &sources));
        faults.extend(missing.map(|it| format!("{}: {it}", row.line)));
    }
    faults.extend(forgotten(&rows, REFERENCE));
    assert!(faults.is_empty(), "docs/parity.md:\n{}", faults.join("\n"));
    assert!(rows.len() > 200, "{} rows", rows.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_rows_are_there_and_those_that_are_there_have_rows() {
    let plugins = fixtures::framework();
    let plugins: Vec<&str> = plugins.iter().map(String::as_str).collect();
    let bot = Fixture::with(&plugins).await;
    bot.until(|all| all.iter().filter(|it| it.serving.is_some()).count() == plugins.len())
        .await;
    let head: CallHead =
        serde_json::from_value(json!({"call": "commands.list", "params": {}})).unwrap();
    let caller = Caller::new("story", 1);
    let services = bot.bot.services();
    let answer = services
        .call(&caller, Behalf::Plugin, head, Vec::new())
        .await;
    let listed: Vec<CommandView> = serde_json::from_slice(&answer.head).unwrap();
    let names = Names::of(listed.iter().map(|it| (&*it.path, &*it.aliases)));
    let (rows, _) = rows(&page());
    let mut faults = command_faults(&rows, &names);
    faults.extend(unnamed(&rows, &names));
    assert!(faults.is_empty(), "docs/parity.md:\n{}", faults.join("\n"));
    bot.close().await;
}

#[test]
fn nothing_is_pending() {
    let (rows, _) = rows(&page());
    let pending = rows.iter().filter(|row| !row.pending.is_empty());
    let lines =
        pending.map(|row| format!("{}: {} ({})", row.line, row.promise, row.pending.join(", ")));
    let lines: Vec<String> = lines.collect();
    assert!(
        lines.is_empty(),
        "{} rows are pending:\n{}",
        lines.len(),
        lines.join("\n")
    );
}

mod made_up {
    //! Rows that are wrong, each in its way.

    use super::*;

    /// A page with this row.
    fn page(row: &str) -> String {
        format!(
            "# Page\n\n| promise | here | commands | shown by |\n| --- | --- | --- | --- |\n{row}\n\nEnd.\n"
        )
    }

    /// The only fault of a row has these words in it; none where there are no words.
    fn check(row: &str, expect: &str) {
        let (_, faults) = rows(&page(row));
        let is_as_expected = match expect {
            "" => faults.is_empty(),
            words => faults.len() == 1 && faults[0].contains(words) && faults[0].starts_with("5: "),
        };
        assert!(is_as_expected, "{row}: {faults:?} and not {expect}");
    }

    #[test]
    fn a_row_that_is_not_whole_is_reported() {
        check("| tea | works | `tea` | `shop::sells_tea` |", "");
        check("| a \\| b | otherwise: no kettle | – | – |", "");
        check("| tea | works | – | pending:shop |", "");
        check(
            "| tea | works | – | `pending:shop`, `shop::sells_tea` |",
            "",
        );
        check("| tea | left out: nobody drinks it | – | – |", "");
        check("|  | works | – | `shop::sells_tea` |", "`promise` is empty");
        check("| tea |  | – | `shop::sells_tea` |", "`here` is empty");
        check(
            "| tea | works |  | `shop::sells_tea` |",
            "`commands` is empty",
        );
        check("| tea | works | – |  |", "`shown by` is empty");
        check("| tea | works | – |", "3 cells instead of four");
        check("| tea | absent | – | – |", "`absent` begins with no state");
        check("| tea | workshop | – | – |", "begins with no state");
        check("| tea | works | – | – |", "works, and names no test");
        check(
            "| tea | works: really | – | – |",
            "works, and names no test",
        );
        check("| tea | otherwise | – | – |", "neither a test nor a reason");
        check("| tea | left out | – | – |", "there is no reason");
        check(
            "| tea | later: | – | `shop::sells_tea` |",
            "there is no reason",
        );
        check("| tea | works | – | `sells_tea` |", "is no `file::test`");
        let (_, faults) = rows("| promise | here |\n| --- | --- |\n");
        assert!(faults[0].contains("not the columns"), "{faults:?}");
    }

    #[test]
    fn a_test_that_is_not_there_is_reported() {
        let story = "#[tokio::test(flavor = \"multi_thread\")]\n/// Tea.\nasync fn sells_tea() {}\n\nfn pours() {}\n\
                     // #[test]\n// fn drinks() {}\n";
        let unit = "mod tests {\n    #[test]\n    fn boils() {}\n}\n";
        let sources: Vec<(String, String)> = [
            ("host/tests/it/shop.rs", story),
            ("host/tests/it/tea/mod.rs", ""),
            ("host/tests/it/tea/cups.rs", story),
            ("host/store/src/kettle.rs", unit),
            ("host/base/src/kettle.rs", unit),
        ]
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .into();
        let fault = |file: &str, name: &str| test_fault(&(file.into(), name.into()), &sources);
        for (file, name) in [
            ("shop", "sells_tea"),
            ("tea", "sells_tea"),
            ("tea/cups", "sells_tea"),
            ("host/tests/it/tea/cups.rs", "sells_tea"),
            ("store/src/kettle.rs", "boils"),
        ] {
            assert_eq!(fault(file, name), None, "{file}::{name}");
        }
        for (file, name, says) in [
            ("shop", "sells", "no test `shop::sells`"),
            ("shop", "pours", "no test"),
            ("shop", "drinks", "no test"),
            ("te", "sells_tea", "no file `te`"),
            ("pot.rs", "boils", "no file"),
            ("kettle.rs", "boils", "is in 2 files"),
        ] {
            let told = fault(file, name).unwrap_or_default();
            assert!(told.contains(says), "{file}::{name}: {told}");
        }
    }

    #[test]
    fn a_command_that_is_not_there_or_has_no_row_is_reported() {
        let aliases = ["pour".to_owned()];
        let names = Names::of([
            ("tea", &aliases[..]),
            ("pot add", &aliases[..]),
            ("pot lid open", &[]),
        ]);
        let named = |commands: &str, shown: &str| {
            let (rows, faults) = rows(&page(&format!("| x | works | {commands} | {shown} |")));
            assert_eq!(faults, Vec::<String>::new());
            (command_faults(&rows, &names), unnamed(&rows, &names))
        };
        let none = Vec::<String>::new();
        let all = "`tea CUP green`, `pot pour`, `pot`, `pot lid`, `pot lid open`";
        assert_eq!(named(all, "`a::b`"), (none.clone(), none.clone()));
        let (unknown, without) = named("`pour`, `pot lid`, `coffee`, `pot ad`, `te`", "`a::b`");
        let told = ["coffee", "pot ad", "te"].map(|it| format!("5: there is no command `{it}`"));
        assert_eq!(unknown, told);
        let told = ["pot add", "pot lid open"].map(|it| format!("no row names the command `{it}`"));
        assert_eq!(without, told);
        // What is on its way need not be there.
        assert_eq!(named("`coffee`", "pending:shop").0, none);
    }

    #[test]
    fn a_command_of_the_reference_without_a_row_is_reported() {
        let (rows, _) = rows(&page("| `tea` with milk | works | – | `a::b` |"));
        let told = forgotten(&rows, &["tea", "milk"]);
        assert_eq!(told, ["no row is about the reference's `milk`"]);
    }
}
