//! Test that each plugin of the framework can be deleted from the extensions folder of a running bot and put back: the rest serves on,
//! help and the registration at Discord show no hole, and what was kept is there again.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use sandbox::{Actor, Crossing, MessageView, Way};
use serde_json::{Value, json};
use twilight_model::guild::Permissions;

use crate::{
    fixtures, help,
    process::Process,
    support::{PATIENCE, drop_in},
};

/// What an owner asks each plugin, where there is more to it than the first of its commands: an answer with something to click. Behind
/// `/` it is a slash command.
const ASKED: &[(&str, &str)] = &[
    ("access", "/why command:why"),
    ("automations", "/automations create"),
    ("backup", "!backup list"),
    ("diagnostics", "/fw_errors"),
    ("help", "!help"),
    ("hooks", "!eh_history"),
    ("info", "!modules"),
    ("maintenance", "!dbstats"),
    ("mydata", "/forgetme"),
    ("registry", "!pr_info registry"),
    ("scheduler", "!fw_schedules"),
    ("settings", "!fw_settings"),
    ("shards", "!shardmonitor"),
];

/// Those of which that is sure to have a button or a select.
const CLICKED: &[&str] = &[
    "automations",
    "help",
    "info",
    "mydata",
    "registry",
    "settings",
    "shards",
];

/// A bot with all plugins of the framework; an owner for each round, as each has cooldowns of their own.
struct Whole {
    bot: Process,
    names: Vec<String>,
    /// The commands of each plugin, by their paths.
    commands: BTreeMap<String, BTreeSet<String>>,
}

impl Whole {
    async fn start() -> Self {
        let names = fixtures::framework();
        let sandbox = Process::discord(|_| {}).await;
        let guild = sandbox.guild_id();
        let (chiefs, log) = sandbox.change_world(|world| {
            // Discord shows owners' commands to administrators alone.
            let role = world.add_role(guild, "Chief", Permissions::ADMINISTRATOR);
            let chiefs: Vec<String> = names
                .iter()
                .map(|name| {
                    let chief = world.add_user(&format!("chief-{name}"));
                    world.add_member(guild, chief, &[role]);
                    format!("\"{chief}\"")
                })
                .collect();
            (chiefs.join(", "), world.add_channel(guild, "bot-log"))
        });
        let config = format!(
            "[bot]\nowner_ids = [{chiefs}]\n[alerts]\nchannel_id = {log}\n[log]\nfiles = false\n"
        );
        let libraries: Vec<_> = names
            .iter()
            .map(|name| (&**name, fixtures::example(name)))
            .collect();
        let bot = Process::on(sandbox, &libraries, &config);
        bot.sandbox.bot_ready(PATIENCE).await.unwrap();
        let mut this = Self {
            bot,
            names,
            commands: BTreeMap::new(),
        };
        let all = |it: &BTreeMap<String, u64>| it.len() == this.names.len();
        this.until_generations(all).await;
        this.commands = this.declared().await;
        this
    }

    /// What the registry's file says of each plugin's commands, once all of them are in it.
    async fn declared(&self) -> BTreeMap<String, BTreeSet<String>> {
        let file = self
            .bot
            .folder
            .path()
            .join("data/plugins/registry/files/plugin_registry.json");
        let of = |plugin: &Value| {
            let paths = plugin["commands"].as_array()?.iter();
            Some(
                paths
                    .filter_map(|it| Some(it.as_str()?.to_owned()))
                    .collect(),
            )
        };
        let read = async {
            loop {
                let bytes = fs::read(&file).unwrap_or_default();
                let json: Value = serde_json::from_slice(&bytes).unwrap_or_default();
                if json["serving_plugins"] == self.names.len() {
                    let plugin = |name: &String| Some((name.clone(), of(&json["plugins"][name])?));
                    return self.names.iter().filter_map(plugin).collect();
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, read).await.unwrap()
    }

    fn chief(&self, name: &str) -> Actor {
        self.bot.sandbox.actor(&format!("chief-{name}")).unwrap()
    }

    /// The generation of each plugin that serves, as `extensions` has it.
    async fn generations(&self) -> BTreeMap<String, u64> {
        let seen = self.bot.ask(&self.bot.owner(), "!extensions").await;
        let fields = seen.embeds[0]["fields"].as_array().cloned();
        let number = |it: &Value| {
            let (_, rest) = it["value"].as_str()?.split_once("generation ")?;
            Some((
                it["name"].as_str()?.to_owned(),
                rest.split(' ').next()?.parse().ok()?,
            ))
        };
        fields
            .unwrap_or_default()
            .iter()
            .filter_map(number)
            .collect()
    }

    async fn until_generations(&self, wanted: impl Fn(&BTreeMap<String, u64>) -> bool) {
        let asked = async { while !wanted(&self.generations().await) {} };
        let asked = tokio::time::timeout(PATIENCE, asked).await;
        asked.unwrap_or_else(|_| panic!("{}", self.bot.said()));
    }

    /// The names of slash commands and context menus at Discord.
    fn registered(&self) -> BTreeSet<String> {
        self.bot.sandbox.commands().into_iter().collect()
    }

    async fn until_registered(&self, wanted: &BTreeSet<String>) {
        let waited = async {
            while self.registered() != *wanted {
                tokio::task::yield_now().await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waited).await;
        waited.unwrap_or_else(|_| panic!("{:?} instead of {wanted:?}", self.registered()));
    }

    /// What a plugin answers to this owner.
    async fn asks(&self, who: &Actor, plugin: &str) -> MessageView {
        let line = ASKED.iter().find(|(name, _)| *name == plugin);
        let first = || format!("!{}", self.commands[plugin].first().unwrap());
        let line = line.map_or_else(first, |(_, line)| (*line).to_owned());
        let seen = match line.strip_prefix('/') {
            Some(line) => typed(who, line).await,
            None => self.bot.ask(who, &line).await,
        };
        for wrong in ["error id", "can be used again", "not loaded right now"] {
            assert!(!seen.text().contains(wrong), "{line}: {}", seen.text());
        }
        seen
    }

    /// What a slash command gets that Discord still shows to somebody and nobody has: made of one that was used.
    async fn stale(&self, used: &Value, command: &str) -> String {
        let last = self.bot.sandbox.traffic().last().unwrap().number;
        // Unlike any id that the sandbox gives.
        let id = used["id"].as_str().unwrap().parse::<u64>().unwrap() + (1 << 40) + last;
        let mut sent = used.clone();
        sent["id"] = json!(id.to_string());
        sent["token"] = json!(format!("stale-{id}"));
        sent["data"] = json!({"id": "5", "name": command, "type": 1});
        let sent = self.bot.sandbox.raw_event("INTERACTION_CREATE", &sent);
        let answer = self.bot.sandbox.responded(sent.unwrap()).await.unwrap();
        let seen = self.bot.owner().expects_reply_to(&answer).await.unwrap();
        seen.text().replace(command, "COMMAND")
    }

    /// The slash command that was used last, as Discord has sent it.
    fn last_slash(&self) -> Value {
        let traffic = self.bot.sandbox.traffic();
        let is_slash = |it: &&Crossing| {
            it.way == Way::GatewayOut && it.what == "INTERACTION_CREATE" && it.body["type"] == 2
        };
        traffic.iter().rfind(is_slash).unwrap().body.clone()
    }
}

async fn typed(who: &Actor, line: &str) -> MessageView {
    let asked = who.slash_line("general", line).await.unwrap();
    who.expects_reply_to(&asked).await.unwrap()
}

/// The first word of a command's path: what it is registered as.
fn root(path: &str) -> &str {
    path.split(' ').next().unwrap()
}

/// What help lists for somebody, by category.
async fn listed(bot: &Process, who: &Actor) -> BTreeMap<String, BTreeSet<String>> {
    let mut all = BTreeMap::new();
    let menu = bot.ask(who, "!help").await;
    let categories = help::labels(&menu);
    for category in categories {
        let menu = bot.ask(who, "!help").await;
        let first = help::picked(who, &menu, "Choose a category", &category).await;
        let inside = help::all_labels(who, first).await;
        all.insert(category, inside.into_iter().collect());
    }
    all
}

/// What can be used in a message as it is now: a button's label, or a select's placeholder with a value.
enum Usable {
    Button(String),
    Select(String, String),
}

fn usable(message: &MessageView) -> Option<Usable> {
    let rows = message.components.iter();
    let mut parts = rows
        .filter_map(|row| row["components"].as_array())
        .flatten();
    parts.find_map(|part| {
        let text = |key: &str| part[key].as_str().map(str::to_owned);
        if part["disabled"] == true || text("custom_id").is_none() {
            return None;
        }
        match part["type"].as_u64()? {
            2 => Some(Usable::Button(text("label")?)),
            3 => {
                let value = part["options"][0]["value"].as_str()?.to_owned();
                Some(Usable::Select(text("placeholder")?, value))
            }
            _ => None,
        }
    })
}

/// Uses what there is in a message; what that is answered with.
async fn used(who: &Actor, on: &MessageView, what: &Usable) -> MessageView {
    let answer = match what {
        Usable::Button(label) => who.clicks_on(on, label).await,
        Usable::Select(menu, value) => who.picks_on(on, menu, &[value]).await,
    };
    who.expects_reply_to(&answer.unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_plugin_of_the_framework_is_deleted_and_put_back_and_the_rest_shows_no_hole() {
    let whole = Whole::start().await;
    let (bot, owner, member) = (&whole.bot, whole.bot.owner(), whole.bot.member());
    let extensions = bot.folder.path().join("extensions");
    bot.sandbox
        .commands_registered("settings", PATIENCE)
        .await
        .unwrap();
    let sets = bot
        .ask(&owner, "!settings set scheduler.zone Europe/Vienna")
        .await;
    assert!(sets.text().contains("Europe/Vienna"), "{}", sets.text());
    // By somebody else: what is kept about the owner is counted below.
    let maker = whole.chief("automations");
    let form = typed(&maker, "automations create template:announcement").await;
    maker.clicks_on(&form, "Announcement").await.unwrap();
    let fields = [("channel", "general"), ("message", "hello"), ("when", "9h")];
    maker.submits(&fields).await.unwrap();
    maker.clicks_on(&form, "Save").await.unwrap();
    let planned = typed(&owner, "schedule create name:tea when:1h content:hello").await;
    assert!(planned.text().contains("tea"), "{}", planned.text());
    let used_slash = whole.last_slash();
    let registered = whole.registered();
    let before = [listed(bot, &owner).await, listed(bot, &member).await];
    let unknown = whole.stale(&used_slash, "nosuch").await;
    assert!(
        unknown.contains("`/COMMAND` is not loaded right now"),
        "{unknown}"
    );

    for name in &whole.names {
        let roots: BTreeSet<String> = whole.commands[name]
            .iter()
            .map(|it| root(it).to_owned())
            .collect();
        let chief = whole.chief(name);
        let open = whole.asks(&chief, name).await;
        let handle = usable(&open);
        assert!(
            handle.is_some() || !CLICKED.contains(&&**name),
            "{name}: {open:?}"
        );
        let serving = whole.generations().await;

        fs::remove_file(extensions.join(format!("lib{name}.so"))).unwrap();
        whole.until_generations(|it| !it.contains_key(name)).await;
        let left: BTreeSet<String> = registered.difference(&roots).cloned().collect();
        assert!(left.len() < registered.len(), "{name} has no slash command");
        whole.until_registered(&left).await;
        if let Some(handle) = handle {
            let told = used(&chief, &open, &handle).await.text();
            assert!(
                told.contains(&format!("`{name}` is not loaded right now")),
                "{name}: {told}"
            );
        }
        // By prefix and by slash it is a command like any that nobody has.
        let mut sent = Vec::new();
        for command in whole.commands[name]
            .iter()
            .map(String::as_str)
            .chain(["nosuch"])
        {
            sent.push(
                member
                    .says("general", &format!("!{command}"))
                    .await
                    .unwrap()
                    .id,
            );
            assert_eq!(
                whole.stale(&used_slash, root(command)).await,
                unknown,
                "{command}"
            );
        }
        if name != "help" {
            for (who, had) in [&owner, &member].into_iter().zip(&before) {
                no_hole(had, &listed(bot, who).await, &roots);
            }
            let first = whole.commands[name].first().unwrap();
            let told = bot.ask(&owner, &format!("!help {first}")).await.text();
            assert!(
                told.contains("Nothing that you may use here is called"),
                "{told}"
            );
        }
        // All others serve as before.
        for other in whole.names.iter().filter(|it| *it != name) {
            whole.asks(&chief, other).await;
        }
        let mut still = whole.generations().await;
        let answered = member.messages("general").into_iter();
        let answered: Vec<_> = answered
            .filter(|it| it.reply_to.is_some_and(|it| sent.contains(&it)))
            .collect();
        assert!(answered.is_empty(), "{name}: {answered:?}");

        drop_in(&fixtures::example(name), &extensions, name);
        whole.until_generations(|it| it.contains_key(name)).await;
        whole.until_registered(&registered).await;
        whole.asks(&owner, name).await;
        kept(&whole, name).await;
        // A number that was used does not come again.
        let back = whole.generations().await;
        assert!(back[name] > serving[name], "{name}: {back:?}");
        still.insert(name.clone(), serving[name]);
        assert_eq!(still, serving, "{name}");
        let said = bot.said();
        let errors: Vec<&str> = said.lines().filter(|it| it.contains("ERROR")).collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    }
    let after = [listed(bot, &owner).await, listed(bot, &member).await];
    assert_eq!(after, before);
    no_alert_twice(&whole).await;
}

/// Nothing in help is of the plugin that has gone, nothing else is gone, and no category is empty.
fn no_hole(
    had: &BTreeMap<String, BTreeSet<String>>,
    has: &BTreeMap<String, BTreeSet<String>>,
    gone: &BTreeSet<String>,
) {
    for (category, inside) in has {
        assert!(!inside.is_empty(), "{category} is empty");
    }
    let all = |of: &BTreeMap<String, BTreeSet<String>>| -> BTreeSet<String> {
        of.values().flatten().cloned().collect()
    };
    let of_others = |it: &String| !gone.contains(root(it));
    let expected: BTreeSet<String> = all(had).into_iter().filter(of_others).collect();
    assert_eq!(all(has), expected);
}

/// What was kept before a plugin was deleted is there when it is back.
async fn kept(whole: &Whole, name: &str) {
    let owner = whole.bot.owner();
    let (seen, wanted) = match name {
        "scheduler" => (typed(&owner, "schedule list").await, "tea"),
        "automations" => (typed(&owner, "automations list").await, "announcement"),
        "mydata" => (typed(&owner, "mydata").await, "1 entry of 1 plugin"),
        "settings" => (
            whole.bot.ask(&owner, "!settings show scheduler.zone").await,
            "Europe/Vienna",
        ),
        _ => return,
    };
    assert!(seen.text().contains(wanted), "{name}: {}", seen.text());
}

/// No alert was sent twice.
async fn no_alert_twice(whole: &Whole) {
    let owner = whole.bot.owner();
    // One that comes behind all others.
    let file = whole.bot.folder.path().join("config.toml");
    let broken = format!("{}\n[nonsense", fs::read_to_string(&file).unwrap());
    fs::write(&file, broken).unwrap();
    owner
        .expects("bot-log", "The settings file can't be read")
        .await
        .unwrap();
    let mut seen = BTreeSet::new();
    for alert in owner.messages("bot-log") {
        assert!(seen.insert(alert.text()), "twice: {}", alert.text());
    }
}
