//! Help among 1,000 commands of 60 plugins: one host call, and pages within Discord's limits.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::{Duration, Instant},
};

use super::{clicked, help, is_open, labels, picked, proposed, registered};
use crate::{
    fixtures,
    support::{self, Fixture},
};

const PLUGINS: usize = 60;

/// What is compiled. The others are copies that are called differently: a name of the same length stands wherever this one does.
const FIRST: &str = "crowd00";

/// The first 40 have a group of 25 commands, the others two commands each.
const SOURCE: &str = r#"//! One of many plugins with many commands.
use plugin_api::prelude::*;

async fn done(ctx: CommandContext) -> Result {
    ctx.reply("done").await
}

export_plugin!(|| {
    // What the compiler knew of it, no copy could change.
    let name = std::hint::black_box(env!("CARGO_PKG_NAME"));
    let number: usize = name["crowd".len()..].parse().unwrap_or_default();
    let command = |name: String| {
        Command::new(name, format!("{:x<95}", "Does one of a thousand things "))
            .help("Of which there is much to be told. ".repeat(10))
            .option(CommandOption::string("what", format!("{:y<80}", "On what it is done ")).required())
            .option(CommandOption::integer("many", "How many times").min(1).max(99))
            .example("do it")
    };
    let plugin = Plugin::new().category(format!("Crowd {number}"), "👥");
    if number < 40 {
        let inside = (0..25).map(|n| command(format!("task{n:02}")).run(done));
        plugin.command(inside.fold(Command::group(name, "A group"), Command::command))
    } else {
        plugin
            .command(command(format!("{name}a")).prefix_only().run(done))
            .command(command(format!("{name}b")).prefix_only().run(done))
    }
});
"#;

/// What is for the reader of a stack trace makes a plugin ten times as large.
const STRIPPED: &str =
    "fn main() { println!(\"cargo:rustc-cdylib-link-arg=-Wl,--strip-debug\"); }\n";

fn crowd() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    let more = [("build.rs", STRIPPED)];
    LIBRARY
        .get_or_init(|| fixtures::plugin_of(FIRST, "help", "0.1.0", "", SOURCE, &more))
        .clone()
}

/// Puts all of them into the folder.
fn gather(extensions: &Path) {
    let first = fs::read(crowd()).unwrap();
    let places = places_of(&first, FIRST.as_bytes());
    let library = extensions.parent().unwrap().join("one.so");
    for number in 0..PLUGINS {
        let name = format!("crowd{number:02}");
        let mut bytes = first.clone();
        for place in &places {
            bytes[*place..*place + name.len()].copy_from_slice(name.as_bytes());
        }
        fs::write(&library, bytes).unwrap();
        support::drop_in(&library, extensions, &name);
    }
}

fn places_of(bytes: &[u8], wanted: &[u8]) -> Vec<usize> {
    let places = bytes.windows(wanted.len()).enumerate();
    let places = places.filter(|(_, found)| *found == wanted);
    places.map(|(place, _)| place).collect()
}

/// How often help has made each of its host calls, and how long these took.
fn calls(bot: &Fixture) -> Vec<(String, u64, Duration)> {
    let loaded = bot.plugins().generations();
    let (name, _) = loaded.iter().find(|(name, _)| name.is("help")).unwrap();
    let figures = bot.bot.services().figures.plugins.plugin(name).unwrap();
    let each = figures.all_calls().into_iter().map(|(name, calls)| {
        let (count, took) = calls.took.total();
        (name, count, took)
    });
    each.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn among_a_thousand_commands_help_answers_by_one_host_call() {
    let bot = Fixture::with(&["help"])
        .await
        .restart_after(async |stopped| gather(&stopped.folder.join("extensions")))
        .await;
    for number in 0..PLUGINS {
        bot.until_generation(&format!("crowd{number:02}"), 1).await;
    }
    registered(&bot, "crowd39").await;
    let member = bot.member();
    let menu = bot.ask(&member, "!help").await;
    let counted = menu.text();
    let said = |text: &str| counted.contains(text);
    assert!(
        said("You may use 1041 commands") || said("You may use 1042 commands"),
        "{counted}"
    );

    let of = |calls: &[(String, u64, Duration)], name: &str| {
        let call = calls.iter().find(|(known, ..)| known == name);
        call.map_or((0, Duration::ZERO), |(_, count, took)| (*count, *took))
    };
    // A call is counted after it was answered.
    let before = loop {
        let before = calls(&bot);
        if of(&before, "commands.usable").0 > 0 && of(&before, "reply").0 > 0 {
            break before;
        }
        tokio::task::yield_now().await;
    };
    let mut took = Vec::new();
    const TIMES: u32 = 20;
    for _ in 0..TIMES {
        let from = Instant::now();
        bot.ask(&member, "!help").await;
        took.push(from.elapsed());
    }
    let after = calls(&bot);
    took.sort_unstable();
    // An answer is read before the host has counted it.
    let asked = of(&after, "commands.usable").0 - of(&before, "commands.usable").0;
    assert_eq!(asked, u64::from(TIMES), "{after:?}");
    let names: Vec<&str> = after.iter().map(|(name, ..)| &**name).collect();
    assert_eq!(names, ["commands.usable", "reply"]);
    let usable = of(&after, "commands.usable").1 - of(&before, "commands.usable").1;
    println!(
        "1,000 commands in 60 plugins: help answers in {:?} (median of {TIMES}; {:?} to {:?}), of which the host call takes {:?}",
        took[took.len() / 2],
        took[0],
        took[took.len() - 1],
        usable / TIMES
    );

    // More categories than a select has room for, and a page of each kind.
    assert_eq!(labels(&menu).len(), 25);
    let second = clicked(&member, &menu, "▶").await;
    let third = clicked(&member, &second, "▶").await;
    assert!(!is_open(&third, "▶") && labels(&third).len() <= 25);
    let category = picked(&member, &third, "Choose a category", &labels(&third)[6]).await;
    let group = picked(&member, &category, "Open a page", &labels(&category)[0]).await;
    assert!(group.text().contains("Page 1 of 5"), "{}", group.text());
    let page = picked(&member, &group, "Open a page", &labels(&group)[4]).await;
    assert!(page.text().contains("task04"), "{}", page.text());
    let next = clicked(&member, &page, "▶").await;
    let back = clicked(&member, &next, "Back").await;
    assert!(back.text().contains("Page 2 of 5"), "{}", back.text());
    let found = help(&member, "general", "thousand").await.text();
    assert!(
        found.contains("1040 commands have it in their names or descriptions."),
        "{found}"
    );
    assert_eq!(proposed(&member, "general", "task").await.len(), 25);
    bot.close().await;
}
