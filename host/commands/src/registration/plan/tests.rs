//! Property tests of the planner with random sets of commands: every plan is one that Discord accepts, nothing is lost,
//! and little moves when little changes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use host_base::PluginName;
use plugin_api::manifest::{
    AccessManifest, ChoiceManifest, CommandManifest, Localized, OptionManifest,
};
use serde_json::json;

use super::{declared_command::is_group, *};
use crate::How;

/// The sets. A set is made from its number alone: a failing one is `check(number)`.
const SETS: u64 = 10_000;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Less than `most`.
    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }
}

struct Generator {
    random: Random,
    /// Names at the top are taken once: a load refuses a second one.
    names: BTreeSet<(CommandKind, String)>,
}

impl Generator {
    fn new(number: u64) -> Self {
        Self {
            random: Random(number),
            names: BTreeSet::new(),
        }
    }

    fn name(&mut self) -> String {
        let number = self.random.below(40);
        match self.random.below(8) {
            // What groups are called, too.
            0 => format!("p{}", number % 12),
            1 => format!("p{}-2", number % 12),
            2 => "more".into(),
            3 => format!("größe{number}"),
            4 => format!("c{number}-{}", "x".repeat(26)),
            _ => format!("c{number}"),
        }
    }

    fn command(&mut self, depth: u64) -> CommandManifest {
        let mut command = CommandManifest::default();
        command.name = self.name();
        command.description = "d".repeat(1 + self.random.below(99) as usize);
        (command.prefix, command.slash) = match self.random.below(4) {
            0 => (true, false),
            1 => (false, true),
            _ => (true, true),
        };
        if self.random.one_in(4) {
            // Of the same few, so that others are called so, too.
            let mut localized = Localized::default();
            localized.name = Some(self.name());
            command.localized.insert("de".into(), localized);
        }
        command.guild_only = self.random.one_in(3);
        if self.random.one_in(3) {
            command.access = AccessManifest::default();
            command.access.permissions = 1 << self.random.below(4);
        }
        if depth < 2 && self.random.one_in(5) {
            (command.prefix, command.slash) = (true, true);
            let mut names = BTreeSet::new();
            for _ in 0..=self.random.below(6) {
                let child = self.command(depth + 1);
                if names.insert(child.name.clone()) {
                    command.subcommands.push(child);
                }
            }
        } else {
            for number in 0..self.random.below(3) {
                let mut option = OptionManifest::default();
                option.name = format!("o{number}");
                option.description = "o".repeat(20);
                command.options.push(option);
            }
        }
        command
    }

    fn plugin(&mut self, plugin: &str, commands: u64) -> Vec<DeclaredCommand> {
        let mut declared = Vec::new();
        for _ in 0..commands {
            let mut command = self.command(0);
            if self.random.one_in(8) {
                command = CommandManifest::default();
                command.kind = CommandKind::User;
                command.name = format!("Menu {}", self.random.below(60));
                command.slash = true;
            }
            // One so large that nothing can be above it.
            let is_chat = command.kind == CommandKind::Chat;
            if self.random.one_in(200) && is_chat && command.subcommands.is_empty() {
                // 2,565 characters of names and descriptions, 5,180 of choices: Discord accepts 8,000.
                let choice = |number: usize, value: usize| {
                    ChoiceManifest::new(format!("{number:0100}"), format!("{number:0value$}"))
                };
                let option = |number: usize| {
                    let mut option = OptionManifest::default();
                    option.name = format!("o{number}");
                    option.description = "o".repeat(100);
                    option.choices = match number {
                        0 => (0..25).map(|number| choice(number, 100)).collect(),
                        1 => vec![choice(0, 80)],
                        _ => Vec::new(),
                    };
                    option
                };
                command.options = (0..25).map(option).collect();
                command.description = "d".into();
            }
            if self.names.insert((command.kind, command.name.clone())) {
                let it = DeclaredCommand::of(plugin.into(), &command);
                let leaves =
                    declared_command::leaves(&it, it.json.as_ref().unwrap_or(&Value::Null));
                let is_large = command.options.len() == 25 && command.slash;
                assert_eq!(leaves.iter().any(units::is_stiff), is_large);
                declared.push(it);
            }
        }
        declared
    }

    fn settings(&mut self) -> config::Commands {
        let mut settings = config::Commands::default();
        if self.random.one_in(3) {
            settings.overflow = Overflow::Prefix;
        }
        if !self.random.one_in(10) {
            settings.limit = 3 + self.random.below(12);
            settings.group_at = settings.limit.saturating_sub(self.random.below(3));
            settings.warn_at = settings.group_at.saturating_sub(self.random.below(3));
        }
        settings
    }
}

fn make(declared: &[DeclaredCommand], settings: &config::Commands, before: &Layout) -> Plan {
    // Each plugin has its own, many none.
    let uses = |plugin: &str| plugin.bytes().map(u64::from).sum::<u64>() % 4;
    plan(&Input {
        declared,
        uses: &uses,
        settings,
        before,
        refused: &BTreeMap::new(),
    })
}

/// The registered names of all commands, with what they take.
fn registered(plan: &Plan) -> HashMap<Vec<String>, &Value> {
    fn walk<'a>(json: &'a Value, above: &[String], into: &mut HashMap<Vec<String>, &'a Value>) {
        let mut names = above.to_vec();
        names.push(json["name"].as_str().unwrap().to_owned());
        if is_group(json) {
            for child in json["options"].as_array().unwrap() {
                walk(child, &names, into);
            }
        } else {
            assert!(into.insert(names, &json["options"]).is_none());
        }
    }
    let mut names = HashMap::new();
    for planned in &plan.commands {
        if planned.json["type"] == 1 {
            walk(&planned.json, &[], &mut names);
        }
    }
    names
}

/// What the commands take, by path.
fn declared_options(declared: &[DeclaredCommand]) -> HashMap<String, &Value> {
    let chat = declared.iter().filter(|it| it.kind == CommandKind::Chat);
    let leaves = chat.filter_map(|it| Some(declared_command::leaves(it, it.json.as_ref()?)));
    let leaves = leaves.flatten();
    leaves
        .map(|leaf| (leaf.path(), &leaf.json["options"]))
        .collect()
}

fn names_of(path: &str, how: &How) -> Option<Vec<String>> {
    match how {
        How::Itself => Some(path.split(' ').map(str::to_owned).collect()),
        How::Grouped(names) => Some(names.clone()),
        _ => None,
    }
}

/// Discord accepts it, and each command is reached in exactly one way, or by prefix.
fn is_whole(number: u64, declared: &[DeclaredCommand], plan: &Plan, settings: &config::Commands) {
    let commands = || plan.commands.iter().map(|it| &it.json);
    sandbox::check_commands(commands()).unwrap_or_else(|error| panic!("set {number}: {error}"));
    let slash = commands().filter(|json| json["type"] == 1).count();
    assert!(slash as u64 <= settings.limit, "set {number}: {slash}");
    assert_eq!(slash, plan.used, "set {number}");
    let mut left = registered(plan);
    let options = declared_options(declared);
    let is_full = plan.layout.modes.values().any(|mode| *mode == Mode::Out);
    for ((kind, path), listed) in &plan.listed {
        if *kind != CommandKind::Chat {
            assert!(
                matches!(listed.how, How::Itself | How::InMenu(_)),
                "set {number}"
            );
            continue;
        }
        match names_of(path, &listed.how) {
            Some(names) => {
                let found = left.remove(&names);
                assert_eq!(found, options.get(path).copied(), "set {number}: {path}");
            }
            None if matches!(listed.how, How::NotDeclared) => assert!(listed.prefix),
            None => {
                let to_prefix = settings.overflow == Overflow::Prefix && listed.prefix;
                assert!(to_prefix || is_full, "set {number}: {path} is lost");
            }
        }
    }
    assert!(left.is_empty(), "set {number}: {left:?} mean nothing");
}

/// The plugins whose commands have other names now.
fn renamed(before: &Plan, after: &Plan) -> BTreeSet<PluginName> {
    let old = before.listed.iter();
    let moved = old.filter(|(key, listed)| {
        key.0 == CommandKind::Chat
            && after
                .listed
                .get(key)
                .is_some_and(|now| now.how != listed.how)
    });
    moved.map(|(_, listed)| listed.plugin.clone()).collect()
}

/// Checks a set; how its plugins are placed.
fn check(number: u64) -> BTreeSet<Mode> {
    let mut generator = Generator::new(number);
    let settings = generator.settings();
    let plugins = 1 + generator.random.below(9);
    let mut all: Vec<DeclaredCommand> = Vec::new();
    let mut count = 0;
    for plugin in 0..plugins {
        let commands = 1 + generator.random.below(5);
        count = all.len();
        all.extend(generator.plugin(&format!("p{plugin}"), commands));
    }
    // All but the last plugin's.
    let first = make(&all[..count], &settings, &Layout::default());
    let with = make(&all, &settings, &first.layout);
    is_whole(number, &all, &with, &settings);
    // The order is nothing, and a plan is its own successor.
    all.reverse();
    let again = make(&all, &settings, &with.layout);
    assert_eq!(again.layout, with.layout, "set {number}");
    assert_eq!(again.commands, with.commands, "set {number}");
    assert!(renamed(&with, &again).is_empty(), "set {number}");
    let (last, few) = all.split_at(all.len() - count);
    let without = make(few, &settings, &with.layout);
    if number.is_multiple_of(4) {
        is_whole(number, few, &without, &settings);
    }
    let taken = last.iter().any(|it| it.name() == "more");
    for (from, to) in [(&first, &with), (&with, &without)] {
        let mut moved = renamed(from, to);
        moved.retain(|plugin| last.iter().all(|it| it.plugin != *plugin));
        // A command that comes or goes can move one plugin into or out of a group, and take one group's name.
        let most = 2 * last.len() + 2;
        assert!(
            moved.len() <= most || to.anew || from.anew || taken,
            "set {number}: {moved:?} were renamed for {} commands",
            last.len()
        );
    }
    with.layout.modes.into_values().collect()
}

#[test]
fn ten_thousand_sets_fit_whole_and_stay_where_they_are() {
    let part = |part: u64| {
        let mut seen: BTreeMap<Mode, u64> = BTreeMap::new();
        for number in (part..SETS).step_by(4) {
            for mode in check(number) {
                *seen.entry(mode).or_default() += 1;
            }
        }
        seen
    };
    let seen = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..4).map(|it| scope.spawn(move || part(it))).collect();
        let seen = parts.into_iter().map(|it| it.join().unwrap());
        seen.flatten()
            .fold(BTreeMap::new(), |mut all, (mode, count)| {
                *all.entry(mode).or_insert(0) += count;
                all
            })
    });
    // The sets are such that everything comes to pass, and that hardly any can't be fitted at all.
    assert!(
        seen[&Mode::Own] > 2_000 && seen[&Mode::Shared] > 500,
        "{seen:?}"
    );
    assert!(
        seen.get(&Mode::Out).is_none_or(|count| *count < 500),
        "{seen:?}"
    );
}

fn leaf(name: &str, prefix: bool) -> CommandManifest {
    let mut command = CommandManifest::default();
    command.name = name.into();
    command.description = "Does what it is called".into();
    (command.prefix, command.slash) = (prefix, true);
    command
}

/// Plugins with so many commands each.
fn plugins(counts: &[usize], prefix: bool) -> Vec<DeclaredCommand> {
    let numbered = counts.iter().enumerate();
    let of = |(plugin, count): (usize, &usize)| {
        let commands = (0..*count).map(move |command| {
            let name = format!("c{plugin}-{command}");
            DeclaredCommand::of(PluginName::new(&format!("p{plugin}")), &leaf(&name, prefix))
        });
        commands.collect::<Vec<_>>()
    };
    numbered.flat_map(of).collect()
}

#[test]
fn a_thousand_commands_of_sixty_plugins_need_no_prefix() {
    let settings = config::Commands::default();
    let even: Vec<usize> = (0..60)
        .map(|plugin| if plugin < 40 { 17 } else { 16 })
        .collect();
    let mut uneven = vec![2; 60];
    uneven[0] = 1000 - 59 * 2;
    for counts in [even, uneven] {
        let mut all = plugins(&counts, false);
        assert_eq!(all.len(), 1000);
        all.push(DeclaredCommand::of_host(
            json!({"name": "load", "type": 1, "description": "d", "options": []}),
        ));
        let plan = make(&all, &settings, &Layout::default());
        is_whole(0, &all, &plan, &settings);
        let left_out = plan
            .listed
            .values()
            .any(|it| matches!(it.how, How::LeftOut(_)));
        assert!(!left_out);
    }
}

#[test]
fn many_plugins_of_one_command_share_some() {
    let settings = config::Commands::default();
    let all = plugins(&[1; 150], false);
    let plan = make(&all, &settings, &Layout::default());
    is_whole(0, &all, &plan, &settings);
    assert_eq!(plan.used, 100);
    let grouped: Vec<&Vec<String>> = plan
        .listed
        .values()
        .filter_map(|it| match &it.how {
            How::Grouped(names) => Some(names),
            _ => None,
        })
        .collect();
    assert!(
        grouped
            .iter()
            .all(|names| names[0].starts_with("more") && names.len() == 3)
    );
}

#[test]
fn below_the_threshold_nothing_is_grouped_and_above_it_little() {
    let settings = config::Commands::default();
    let check = |counts: &[usize], before: &Layout, grouped: &[&str]| {
        let plan = make(&plugins(counts, true), &settings, before);
        let names: Vec<&str> = plan.layout.modes.keys().map(String::as_str).collect();
        assert_eq!(names, grouped);
        plan.layout
    };
    // p0 and p4 are the least used: their names say so (`make`).
    let before = check(&[19; 5], &Layout::default(), &[]);
    let layout = check(&[19, 20, 19, 19, 19], &before, &["p0"]);
    // It stays while it would not fit below `warn_at`.
    let layout = check(&[19, 20, 19, 14, 19], &layout, &["p0"]);
    check(&[19, 20, 19, 12, 19], &layout, &[]);
}

#[test]
fn from_ninety_on_there_is_a_warning() {
    let settings = config::Commands::default();
    let warnings = |counts: &[usize]| {
        let plan = make(&plugins(counts, true), &settings, &Layout::default());
        plan.warnings
    };
    assert_eq!(warnings(&[45, 44]), [""; 0]);
    assert_eq!(warnings(&[45, 45]), ["90 of 100 slash commands are in use"]);
    let grouped = warnings(&[50, 50]);
    assert!(
        grouped
            .iter()
            .any(|it| it == "the slash commands of these plugins are grouped: p0"),
        "{grouped:?}"
    );
}

#[test]
fn a_group_in_a_group_is_flattened() {
    let mut group = leaf("tag", true);
    let mut admin = leaf("admin", true);
    admin.subcommands = vec![leaf("clear", true)];
    group.subcommands = vec![leaf("add", true), admin];
    let all = [
        DeclaredCommand::of("p0".into(), &group),
        DeclaredCommand::of("p0".into(), &leaf("x", true)),
    ];
    let settings = config::Commands {
        limit: 1,
        ..config::Commands::default()
    };
    let plan = make(&all, &settings, &Layout::default());
    let kind =
        |path: &str| plan.listed[&(CommandKind::Chat, path.to_owned())].kind(CommandKind::Chat);
    assert_eq!(
        kind("tag admin clear"),
        "hybrid, grouped: /p0 tag-admin clear"
    );
    assert_eq!(kind("tag add"), "hybrid, grouped: /p0 tag add");
    assert_eq!(kind("x"), "hybrid, grouped: /p0 x");
}

#[test]
fn what_has_no_prefix_is_grouped_when_the_rest_is_left_to_it() {
    let mut settings = config::Commands::default();
    (settings.limit, settings.overflow) = (3, Overflow::Prefix);
    let mut all = plugins(&[3], true);
    all.extend(
        [leaf("s", false), leaf("t", false)].map(|it| DeclaredCommand::of("p0".into(), &it)),
    );
    let plan = make(&all, &settings, &Layout::default());
    is_whole(0, &all, &plan, &settings);
    let kind =
        |path: &str| plan.listed[&(CommandKind::Chat, path.to_owned())].kind(CommandKind::Chat);
    assert_eq!(kind("s"), "slash only, grouped: /p0 s");
    assert_eq!(
        kind("c0-0"),
        "prefix only: there are more commands than Discord accepts"
    );
}

#[test]
fn a_refused_command_is_left_out_alone() {
    let all = plugins(&[3], true);
    let refused = BTreeMap::from([((CommandKind::Chat, "c0-1".to_owned()), "no".to_owned())]);
    let plan = plan(&Input {
        declared: &all,
        uses: &|_| 0,
        settings: &config::Commands::default(),
        before: &Layout::default(),
        refused: &refused,
    });
    assert_eq!(plan.commands.len(), 2);
    let kind = plan.listed[&(CommandKind::Chat, "c0-1".to_owned())].kind(CommandKind::Chat);
    assert_eq!(kind, "prefix only: Discord refused it: no");
}

#[test]
fn context_menus_beyond_fifteen_are_in_the_last_one() {
    let menu = |number: usize| {
        let mut command = CommandManifest::default();
        (command.kind, command.name) = (CommandKind::Message, format!("Menu {number:02}"));
        command.slash = true;
        DeclaredCommand::of("p0".into(), &command)
    };
    let all: Vec<DeclaredCommand> = (0..20).map(menu).collect();
    let settings = config::Commands::default();
    let plan = make(&all, &settings, &Layout::default());
    assert_eq!(plan.commands.len(), 15);
    let how =
        |number: usize| &plan.listed[&(CommandKind::Message, format!("Menu {number:02}"))].how;
    assert_eq!(*how(13), How::Itself);
    assert_eq!(*how(14), How::InMenu("More…".into()));
    // Those that come later do not push the others out.
    let more = (0..3).map(|it| {
        let mut command = CommandManifest::default();
        (command.kind, command.name) = (CommandKind::Message, format!("A {it}"));
        command.slash = true;
        DeclaredCommand::of("a".into(), &command)
    });
    let all: Vec<DeclaredCommand> = all.iter().cloned().chain(more).collect();
    let after = make(&all, &settings, &plan.layout);
    assert!(after.commands.iter().any(|it| it.json["name"] == "Menu 00"));
    assert!(!after.commands.iter().any(|it| it.json["name"] == "A 0"));
}
