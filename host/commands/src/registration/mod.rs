//! Registration of slash commands and context menus with Discord, as plugins are loaded.
//!
//! | file | what it does |
//! | --- | --- |
//! | `shape.rs` | a command as Discord wants it |
//! | `plan/` | fits all commands into Discord's limits |
//! | `diff.rs` | what Discord has, compared with what it should have |
//! | `persisted.rs` | what a restart must not forget |
//! | `blame.rs` | which command Discord means when it refuses |
//! | `chosen.rs` | the commands of chosen servers |
//! | `owners.rs` | the owners' commands: a group of their own, in their own servers |
//! | `report.rs` | what was done |

mod blame;
mod chosen;
mod diff;
mod owners;
mod persisted;
pub mod plan;
mod report;
pub mod shape;

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use host_base::PluginName;
use host_capability::Failure;
use host_discord::{Alerts, Cache, Discord};
use host_loader::file;
use host_ops::config::Live;
use plugin_api::manifest::Manifest;
use serde_json::{Map, Value};
use tokio::sync::{Mutex, watch};

pub use self::report::Report;
use self::{
    diff::Diff,
    persisted::{Memory, Refused},
    plan::{DeclaredCommand, Input, Plan, Planned},
};
use crate::{How, Key, Pipeline, Registered, router::Routes};

/// Changes that come within this time are registered together.
const QUIET: Duration = Duration::from_millis(200);
/// After a failure it is tried again; each time twice as late.
const RETRY: Duration = Duration::from_secs(30);
const RETRY_AT_MOST: Duration = Duration::from_secs(60 * 60);
/// Discord's codes: a wrong body, and no more creates today.
const INVALID_BODY: u64 = 50035;
const NO_MORE_CREATES: u64 = 30034;

/// Registers slash commands and context menus.
#[derive(Debug)]
pub struct Registration {
    with: Setup,
    path: PathBuf,
    /// Held while registering: what is sent last is what is registered.
    memory: Mutex<Memory>,
}

/// Dependencies of the registration.
#[derive(Debug)]
pub struct Setup {
    /// Where commands are registered.
    pub discord: Arc<Discord>,
    /// Whose servers the bot is in.
    pub cache: Arc<Cache>,
    /// Who hears of commands that Discord refuses.
    pub alerts: Arc<Alerts>,
    /// The bot's application.
    pub application_id: u64,
    /// Subscriber to how each command is reached.
    pub commands: Arc<Pipeline>,
    /// What plugins declare.
    pub routes: Arc<Routes>,
    /// What the host declares.
    pub host: OfHost,
    /// The settings.
    pub config: Live,
}

/// The host's own commands, as Discord wants them.
#[derive(Debug)]
pub struct OfHost {
    /// For everybody.
    pub commands: Vec<Value>,
    /// The bot's owners', as one group of the name [`HOST`](crate::HOST).
    pub owners: Value,
}

/// Forecast of a registration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forecast {
    /// Slash commands, each group as one.
    pub used: usize,
    /// Most of them.
    pub limit: usize,
    /// Commands of the plugin's that Discord would not get, and why.
    pub left_out: Vec<String>,
    /// The plugins whose commands would be grouped, or left to the prefix.
    pub grouped_plugins: Vec<String>,
}

/// Scope in which commands are registered.
struct Scope {
    guild: Option<u64>,
    /// Its name in the memory.
    name: String,
}

impl Scope {
    fn of(guild: Option<u64>) -> Self {
        let name = guild.map_or("global".to_owned(), |guild| guild.to_string());
        Self { guild, name }
    }

    fn named(name: &str) -> Self {
        Self::of(name.parse().ok())
    }
}

/// Change to be sent.
struct Change {
    method: &'static str,
    id: String,
    body: Value,
}

impl Registration {
    /// Registers what the routes lead to; `path` is a file that remembers what is registered, so that a restart without changes
    /// costs Discord nothing.
    #[must_use]
    pub async fn new(with: Setup, path: PathBuf) -> Self {
        let mut memory = Memory::read(&path);
        if memory.application != with.application_id {
            memory = Memory::of(with.application_id);
        }
        let this = Self {
            with,
            path,
            memory: Mutex::default(),
        };
        // Names are known before the first interaction comes.
        let uses = this.uses().await;
        let plan = this.plan(&mut memory, &uses);
        this.publish(&plan, &mut memory);
        Self {
            memory: memory.into(),
            ..this
        }
    }

    /// Registers after every change, until the sender of `changes` is gone. What fails, or must wait, is tried again.
    pub async fn follow(&self, mut changes: watch::Receiver<u64>) {
        let mut config = self.with.config.follow();
        let mut failures = 0;
        loop {
            // Wait until it is quiet: a start loads many plugins one after the other.
            while let Ok(Ok(())) = tokio::time::timeout(QUIET, changes.changed()).await {}
            let again = match self.register(false).await {
                Ok(report) => {
                    failures = 0;
                    report.again_in
                }
                Err(failure) => {
                    let wait = (RETRY * 2_u32.pow(failures)).min(RETRY_AT_MOST);
                    failures = (failures + 1).min(10);
                    tracing::error!(
                        "slash commands could not be registered: {failure}; this is tried again in {wait:?}, and by `sync`"
                    );
                    Some(wait)
                }
            };
            let later = async {
                match again {
                    Some(wait) => tokio::time::sleep(wait).await,
                    None => std::future::pending().await,
                }
            };
            let commands = config.borrow_and_update().commands.clone();
            let configured = config.wait_for(|config| config.commands != commands);
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                () = later => {}
                Ok(_) = configured => {}
            }
        }
    }

    /// What is registered, and how each command is reached.
    #[must_use]
    pub fn registered(&self) -> Arc<Registered> {
        self.with.commands.registered()
    }

    /// Looks what is registered, whether anything has changed or not, and changes what differs.
    ///
    /// # Errors
    ///
    /// Discord refused, or was out of reach.
    pub async fn sync(&self) -> Result<Report, Failure> {
        let report = self.register(true).await?;
        self.place_owners(true, &mut BTreeMap::new()).await?;
        let mut memory = self.memory.lock().await;
        self.place_chosen(&mut memory, true).await?;
        self.write(&memory);
        Ok(report)
    }

    async fn register(&self, always: bool) -> Result<Report, Failure> {
        let mut memory = self.memory.lock().await;
        let uses = self.uses().await;
        let result = loop {
            let plan = self.plan(&mut memory, &uses);
            self.publish(&plan, &mut memory);
            let mut sent = Vec::new();
            match self.bring(&plan, &mut memory, always, &mut sent).await {
                Err(Failure::Discord {
                    code: INVALID_BODY,
                    ref places,
                    ..
                }) if self.refuse(&blame::blame(places, &sent, &plan), &mut memory) => {}
                Err(Failure::Discord {
                    code: NO_MORE_CREATES,
                    ..
                }) => {
                    let scope = self.scope();
                    if memory.creates_left(&scope.name) == 0 {
                        break Err(Failure::Refused(
                            "Discord counts more commands as new than there are".into(),
                        ));
                    }
                    memory.blocked(&scope.name);
                }
                other => break other,
            }
        };
        let chosen = self.place_chosen(&mut memory, false).await;
        self.write(&memory);
        chosen.and(result)
    }

    fn write(&self, memory: &Memory) {
        if let Err(error) = memory.write(&self.path) {
            tracing::warn!(path = %self.path.display(), "can't remember what is registered: {error}");
        }
    }

    /// How often the commands of each plugin were used lately: the least used are grouped first.
    async fn uses(&self) -> HashMap<String, u64> {
        let recent = self.with.commands.usage.recent(None).await;
        let mut uses: HashMap<String, u64> = HashMap::new();
        for used in recent.unwrap_or_default() {
            *uses.entry(used.plugin).or_default() += used.uses;
        }
        uses
    }

    fn scope(&self) -> Scope {
        Scope::of(self.with.config.now().commands.development_guild)
    }

    /// What is registered together: everywhere, or in the one server of a developer.
    fn declared(&self) -> Vec<DeclaredCommand> {
        let scope = self.scope().guild;
        let mut declared = self.all_declared();
        declared.retain(|command| command.is_registered_with_all(scope));
        declared
    }

    fn all_declared(&self) -> Vec<DeclaredCommand> {
        let plugins = self.with.routes.declared_commands().into_iter();
        let plugins = plugins.map(|(plugin, command)| DeclaredCommand::of(plugin, &command));
        let host = self
            .with
            .host
            .commands
            .iter()
            .cloned()
            .map(DeclaredCommand::of_host);
        plugins.chain(host).collect()
    }

    fn plan(&self, memory: &mut Memory, uses: &HashMap<String, u64>) -> Plan {
        let declared = self.declared();
        let refused = memory.refused(|key| fingerprint_of(&declared, key));
        let mut plan = plan::plan(&Input {
            declared: &declared,
            uses: &|plugin| uses.get(plugin).copied().unwrap_or_default(),
            settings: &self.with.config.now().commands,
            before: &memory.layout,
            refused: &refused,
        });
        self.list_chosen(&mut plan);
        plan
    }

    /// How many commands Discord still takes as new ones today.
    pub async fn creates_left(&self) -> usize {
        let scope = self.scope();
        self.memory.lock().await.creates_left(&scope.name)
    }

    /// What would be registered with another manifest of a plugin in the place of its own. Changes nothing.
    pub async fn forecast(&self, plugin: &PluginName, manifest: &Manifest) -> Forecast {
        let mut declared = self.declared();
        declared.retain(|command| command.plugin != *plugin);
        let commands = manifest.commands.iter();
        declared.extend(commands.map(|it| DeclaredCommand::of(plugin.clone(), it)));
        let scope = self.scope().guild;
        declared.retain(|command| command.is_registered_with_all(scope));
        let uses = self.uses().await;
        let mut memory = self.memory.lock().await;
        let refused = memory.refused(|key| fingerprint_of(&declared, key));
        let settings = &self.with.config.now().commands;
        let plan = plan::plan(&Input {
            declared: &declared,
            uses: &|plugin| uses.get(plugin).copied().unwrap_or_default(),
            settings,
            before: &memory.layout,
            refused: &refused,
        });
        let left_out = plan.listed.iter().filter_map(|((_, path), listed)| {
            let How::LeftOut(why) = &listed.how else {
                return None;
            };
            (listed.plugin == *plugin).then(|| format!("`{path}`: {why}"))
        });
        Forecast {
            used: plan.used,
            limit: usize::try_from(settings.limit).unwrap_or(usize::MAX),
            left_out: left_out.collect(),
            grouped_plugins: plan.layout.grouped_plugins(),
        }
    }

    /// From here on names mean what the plan says. Those before are understood for a day: members may still see them.
    fn publish(&self, plan: &Plan, memory: &mut Memory) {
        let old = memory
            .layout
            .grouped()
            .filter(|(path, names)| plan.layout.grouped().all(|now| now != (*path, *names)));
        let old: Vec<(String, String)> = old
            .map(|(path, names)| (names.join(" "), path.to_owned()))
            .collect();
        memory.forget_slowly(old.into_iter());
        memory.layout = plan.layout.clone();
        let former = memory.former.iter();
        let grouped = plan.layout.grouped();
        let settings = &self.with.config.now().commands;
        let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        self.with.commands.set_registered(Registered {
            grouped: grouped
                .map(|(path, names)| (names.join(" "), path.to_owned()))
                .collect(),
            former: former
                .map(|it| (it.names.clone(), it.path.clone()))
                .collect(),
            listed: plan.listed.clone(),
            used: plan.used,
            limit: number(settings.limit),
            warn_at: number(settings.warn_at),
            grouped_plugins: plan.layout.grouped_plugins(),
        });
    }

    /// Remembers commands that Discord does not take; whether there are any.
    fn refuse(&self, blamed: &BTreeMap<Key, String>, memory: &mut Memory) -> bool {
        let declared = self.declared();
        for (key, why) in blamed {
            let (kind, path) = key.clone();
            let plugin = self.with.commands.registered().plugin_of(key);
            let plugin = plugin.as_ref().map_or("?", PluginName::as_str);
            let text = format!(
                "Discord refuses the command `{path}` of the plugin `{plugin}`, which is left out: {why}"
            );
            tracing::error!("{text}");
            self.with.alerts.raise("commands", path.as_str(), &text);
            memory.refused.push(Refused {
                kind,
                path,
                fingerprint: fingerprint_of(&declared, key).unwrap_or_default(),
                why: why.clone(),
            });
        }
        !blamed.is_empty()
    }

    /// Brings Discord to the plan. `sent` is what the last request was about, for an error that names places in it.
    async fn bring(
        &self,
        plan: &Plan,
        memory: &mut Memory,
        always: bool,
        sent: &mut Vec<Value>,
    ) -> Result<Report, Failure> {
        let scope = self.scope();
        let fingerprint = fingerprint(plan.commands.iter().map(|it| &it.json));
        let is_there = memory.registered.get(&scope.name) == Some(&fingerprint);
        if is_there && memory.registered.len() == 1 && !always {
            return Ok(Report::default());
        }
        for warning in &plan.warnings {
            tracing::warn!("{warning}");
        }
        let known = self.known(&scope).await?;
        let mut diff = diff::diff(&known, &plan.commands, scope.guild.is_some());
        let later = postpone(&mut diff, memory.creates_left(&scope.name));
        let kept = if later.is_empty() {
            Vec::new()
        } else {
            self.keep(&mut diff)
        };
        // Whatever ends us from here on: that something is registered there is known.
        memory.registered.insert(scope.name.clone(), String::new());
        self.write(memory);
        for change in changes(&diff, &kept, &scope) {
            sent.clear();
            match change.body.as_array() {
                Some(all) => sent.extend(all.iter().cloned()),
                None => sent.push(change.body.clone()),
            }
            self.send(&scope, change).await?;
        }
        memory.created(&scope.name, diff.create.len());
        if later.is_empty() {
            memory.registered.insert(scope.name.clone(), fingerprint);
        }
        self.withdraw(&scope, memory).await?;
        let again_in = (!later.is_empty()).then(|| memory.next_creates(&scope.name));
        let report = Report::new(&diff, &later, again_in);
        tracing::info!("slash commands registered: {report}");
        Ok(report)
    }

    async fn known(&self, scope: &Scope) -> Result<Vec<Value>, Failure> {
        let path = format!("{}?with_localizations=true", self.path_of(scope));
        match self
            .with
            .discord
            .json("GET", path, &Value::Null, false)
            .await?
        {
            Value::Array(known) => Ok(known),
            _ => Err(Failure::Transport(
                "Discord answered with something else than its commands".into(),
            )),
        }
    }

    async fn send(&self, scope: &Scope, change: Change) -> Result<(), Failure> {
        let Change { method, id, body } = change;
        let path = format!("{}{id}", self.path_of(scope));
        self.with.discord.json(method, path, &body, false).await?;
        Ok(())
    }

    fn path_of(&self, scope: &Scope) -> String {
        let application = self.with.application_id;
        match scope.guild {
            Some(guild) => format!("applications/{application}/guilds/{guild}/commands"),
            None => format!("applications/{application}/commands"),
        }
    }

    /// While new names must wait, those that they replace stay, if they still mean something.
    fn keep<'a>(&self, diff: &mut Diff<'a>) -> Vec<&'a Value> {
        let registered = self.with.commands.registered();
        let mut room =
            100_usize.saturating_sub(diff.same.len() + diff.edit.len() + diff.create.len());
        let (keep, delete) = diff.delete.iter().partition(|known| {
            let stays = room > 0 && diff::kind(known) == 1 && registered.is_alive(known);
            room -= usize::from(stays);
            stays
        });
        diff.delete = delete;
        keep
    }

    /// What was registered elsewhere is taken back: otherwise members would see it twice.
    async fn withdraw(&self, scope: &Scope, memory: &mut Memory) -> Result<(), Failure> {
        let others = memory.registered.keys().filter(|name| **name != scope.name);
        for name in others.cloned().collect::<Vec<_>>() {
            let other = Scope::named(&name);
            let known = match self.known(&other).await {
                // The bot has left that server.
                Err(Failure::Discord {
                    status: 403 | 404, ..
                }) => Vec::new(),
                known => known?,
            };
            let diff = diff::diff(&known, &[], other.guild.is_some());
            for change in changes(&diff, &[], &other) {
                self.send(&other, change).await?;
            }
            memory.registered.remove(&name);
            // Its own commands were among them.
            memory.chosen.remove(&name);
        }
        Ok(())
    }
}

/// Leaves for later what can't be created now: the least used.
fn postpone<'a>(diff: &mut Diff<'a>, room: usize) -> Vec<&'a Planned> {
    diff.create
        .sort_by_key(|planned| std::cmp::Reverse(planned.uses));
    let room = room.min(diff.create.len());
    diff.create.split_off(room)
}

/// The fewest requests: one change is one, and so are many, because a list of all replaces all in one step and leaves what is
/// the same as it is, with its id and its permissions.
fn changes(diff: &Diff<'_>, kept: &[&Value], scope: &Scope) -> Vec<Change> {
    let change = |method, id: &str, body| Change {
        method,
        id: id.to_owned(),
        body,
    };
    let in_guild = scope.guild.is_some();
    match (diff.changes(), &*diff.create, &*diff.edit, &*diff.delete) {
        (0, ..) => Vec::new(),
        (1, [new], ..) => vec![change("POST", "", new.json.clone())],
        (1, _, [(id, edited)], _) => {
            vec![change(
                "PATCH",
                &format!("/{id}"),
                diff::edit(&edited.json, in_guild),
            )]
        }
        (1, _, _, [old]) => {
            let id = old["id"].as_str().unwrap_or_default();
            vec![change("DELETE", &format!("/{id}"), Value::Null)]
        }
        _ => {
            let edited = diff.edit.iter().map(|(_, planned)| &planned.json);
            let planned = diff.same.iter().chain(&diff.create).map(|it| &it.json);
            let stays = diff.foreign.iter().chain(kept).copied();
            let mut all: Vec<Value> = planned.chain(edited).chain(stays).cloned().collect();
            // What stays for a while was not planned with the rest.
            plan::settle(all.iter_mut());
            vec![change("PUT", "", all.into())]
        }
    }
}

fn fingerprint<'a>(commands: impl Iterator<Item = &'a Value>) -> String {
    let text: String = commands.map(|json| sorted(json).to_string()).collect();
    file::hex(&file::sha256(text.as_bytes()))
}

/// The same whatever order the keys came in.
fn sorted(json: &Value) -> Value {
    match json {
        Value::Object(fields) => {
            let fields: BTreeMap<_, _> = fields.iter().collect();
            let fields = fields.into_iter();
            Value::Object(
                fields
                    .map(|(key, value)| (key.clone(), sorted(value)))
                    .collect::<Map<_, _>>(),
            )
        }
        Value::Array(all) => all.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

/// What a command is declared as.
fn fingerprint_of(declared: &[DeclaredCommand], key: &Key) -> Option<String> {
    let declared = declared.iter().find(|it| it.declares(key))?;
    Some(fingerprint(declared.json().into_iter()))
}
