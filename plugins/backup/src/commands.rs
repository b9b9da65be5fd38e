//! Commands of the plugin: the group `backup`, and each of them by the name that it has in older bots, by prefix.

use std::time::Duration;

use plugin_api::{manifest::Per, prelude::*};

use crate::{
    State, change, compare, listing,
    listing::{proposed, which},
    plan::Part,
    restore, schedule, transfer,
};

/// How long a server waits for its next snapshot by hand.
const COOLDOWN: Duration = Duration::from_secs(60);

/// A command of the group, under any name.
type Make = fn(&str) -> Command<State>;

/// Those of the group, with the names by prefix of those that have one.
const COMMANDS: &[(&str, Option<&str>, Make)] = &[
    ("show", None, show),
    ("create", Some("backupcreate"), create),
    ("list", Some("backuplist"), list),
    ("view", Some("backupview"), view),
    ("restore", Some("backuprestore"), restoring),
    ("undo", None, undo),
    ("stop", None, stop),
    ("delete", Some("backupdelete"), delete),
    ("pin", Some("backuppin"), pin),
    ("note", Some("backupnote"), note),
    ("verify", Some("backupverify"), verify),
    ("diff", Some("backupdiff"), diff),
    ("export", Some("backupexport"), export),
    ("import", None, import),
    ("schedule", Some("backupschedule"), planned),
    ("retention", None, retention),
    ("stats", Some("backupstats"), stats),
    ("audit", None, audit),
];

pub(crate) fn all() -> Vec<Command<State>> {
    let group = Command::group(
        "backup",
        "Takes snapshots of this server, compares and restores them",
    )
    .guild_only()
    .permissions(Permissions::ADMINISTRATOR)
    .ephemeral_by_slash();
    let group = COMMANDS
        .iter()
        .fold(group, |group, (name, _, make)| group.command(make(name)));
    let mut all = vec![group.run(listing::show)];
    for (_, name, make) in COMMANDS {
        all.extend(name.map(|name| {
            let command = make(name).prefix_only().hidden().guild_only();
            command.permissions(Permissions::ADMINISTRATOR)
        }));
    }
    all
}

fn one(name: &str, words: &str) -> Command<State> {
    let snapshot = which("snapshot", "Its number, as `backup list` shows it");
    Command::new(name, words)
        .option(snapshot)
        .autocomplete("snapshot", proposed)
}

fn show(name: &str) -> Command<State> {
    Command::new(name, "Shows how this server's snapshots are").run(listing::show)
}

fn create(name: &str) -> Command<State> {
    Command::new(name, "Takes a snapshot of this server")
        .alias("take")
        .help(
            "It holds roles, channels of all kinds with their rights, emojis, stickers, the roles of the members and the settings of the \
             server and of the bot. It holds no messages, threads, bans, webhooks and invites.",
        )
        .example("backup create before the move")
        .cooldown_per(Per::Guild, 2, COOLDOWN)
        .option(CommandOption::string("label", "What it is for").max(100).rest())
        .run(change::create)
}

fn list(name: &str) -> Command<State> {
    Command::new(name, "Lists this server's snapshots").run(listing::list)
}

fn view(name: &str) -> Command<State> {
    one(name, "Shows a snapshot")
        .example("backup view 3")
        .run(listing::view)
}

fn restoring(name: &str) -> Command<State> {
    let names: Vec<_> = Part::ALL.iter().map(|part| part.words().0).collect();
    one(name, "Makes this server what it was: shows what would be done first")
        .help(format!(
            "All that would be done is shown, and what can't be done and why; then you begin. A snapshot is taken before, and \
             `backup undo` goes back to it. Parts are: {}. With `exact`, what the snapshot has not is deleted.",
            names.join(", ")
        ))
        .example("backup restore 3")
        .example("backup restore 3 \"roles channels\"")
        .option(CommandOption::string("parts", "Such as `roles channels`; left out: all").max(100))
        .option(CommandOption::boolean("exact", "Whether what the snapshot has not is deleted"))
        .run(restore::restore)
}

fn undo(name: &str) -> Command<State> {
    Command::new(
        name,
        "Takes the last restore back: shows what would be done first",
    )
    .run(restore::undo)
}

fn stop(name: &str) -> Command<State> {
    Command::new(name, "Stops a restore that is under way").run(restore::stop)
}

fn delete(name: &str) -> Command<State> {
    one(name, "Deletes a snapshot")
        .example("backup delete 3")
        .run(change::delete)
}

fn pin(name: &str) -> Command<State> {
    one(
        name,
        "Pins a snapshot, so that it stays, or takes the pin away",
    )
    .run(change::pin)
}

fn note(name: &str) -> Command<State> {
    one(name, "Puts a note to a snapshot")
        .example("backup note 3 The last one with the old rules")
        .option(
            CommandOption::string("note", "What to note; left out: none")
                .max(500)
                .rest(),
        )
        .run(change::note)
}

fn verify(name: &str) -> Command<State> {
    one(name, "Looks whether a snapshot's file is sound").run(change::verify)
}

fn diff(name: &str) -> Command<State> {
    one(name, "Compares a snapshot with another, or with now")
        .example("backup diff 3")
        .example("backup diff 3 5")
        .option(
            CommandOption::string("other", "The other one; left out: the server as it is now")
                .max(20),
        )
        .autocomplete("other", proposed)
        .run(compare::compare)
}

fn export(name: &str) -> Command<State> {
    one(name, "Gives you a snapshot as a file")
        .ephemeral()
        .run(transfer::export)
}

fn import(name: &str) -> Command<State> {
    Command::new(name, "Takes a snapshot from a file that was exported")
        .option(CommandOption::attachment("file", "The file").required())
        .run(transfer::import)
}

fn planned(name: &str) -> Command<State> {
    let hours = CommandOption::integer("hours", "How often, in hours: 1 to 168; left out: 24");
    Command::new(name, "Has snapshots taken by themselves")
        .example("backup schedule enable 12")
        .option(CommandOption::of::<Option<schedule::Action>>(
            "action",
            "What to do; left out: shows it",
        ))
        .option(hours.min(1).max(168))
        .run(schedule::schedule)
}

fn retention(name: &str) -> Command<State> {
    let days = CommandOption::integer("days", "How many days; 0: for ever; left out: shows it");
    Command::new(name, "Says how long snapshots are kept")
        .option(days.min(0).max(3650))
        .run(schedule::retention)
}

fn stats(name: &str) -> Command<State> {
    Command::new(name, "Shows this server's snapshots in figures").run(listing::stats)
}

fn audit(name: &str) -> Command<State> {
    Command::new(name, "Shows who has done what with snapshots").run(listing::audit)
}
