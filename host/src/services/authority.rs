//! Authority: whether a host call may be made, by the plugin and by whoever acts. Asked before any capability is.
//!
//! Three must say yes to a call that reaches beyond the plugin's own: the plugin has declared the power, the operator has granted it in
//! `[grants.<plugin>]`, and whoever started the work may do that. Who that is, the host looks up by the frame that the call is made
//! for; the plugin only says which of its own frames it is.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use host_base::PluginName;
use host_capability::{Behalf, CallRule, Capability, Failure, HostCall, Leaves, MEMORY, Rule, Who};
use host_commands::{Pipeline, authorize::Invoker};
use host_loader::{Caller, Completion, Invocation, Places, Rights, Unserved};
use host_ops::{
    audit::{Deed, Journal},
    config::{Config, Live},
};
use plugin_api::{
    Power,
    abi::{
        ActingReply, AuditCall, AuditFault, AuditNote, AuditReply, AuditVerified, MayCall, MayReply,
    },
    manifest::Manifest,
};
use serde_json::Value;
use twilight_model::{
    guild::Permissions,
    id::{Id, marker::GuildMarker},
};

use super::Services;

/// Entries of the journal that one call reads, where it says nothing else.
const PAGE: usize = 100;

/// Entries that one call reads at most: some megabytes with the longest parameters.
const MOST: usize = 500;

/// What a plugin may note in the journal within an hour: what people do by hand, and not what a loop does.
const NOTES: u32 = 1_000;

/// Refusals of a plugin that the journal takes within an hour; the log has all of them.
const REFUSALS: u32 = 20;

/// How often a journal is looked through before a fault in it is believed.
const VERIFIED: u32 = 3;

/// Characters of a note's result that are kept.
const RESULT: usize = 500;

/// Counts that are kept before those of the last hour are looked for.
const COUNTED: usize = 1_000;

const HOUR: Duration = Duration::from_secs(3600);

/// Decides about host calls, and keeps the audit journal.
#[derive(Debug)]
pub struct Authority {
    config: Live,
    journal: Arc<Journal>,
    /// What the generations that run have declared.
    declared: Mutex<HashMap<Caller, Vec<Power>>>,
    /// Refusals that the journal has of each plugin: one that asks all day fills no disk.
    refusals: Mutex<HashMap<PluginName, (Instant, u32)>>,
    /// Notes that the journal has of each plugin, for the same reason.
    notes: Mutex<HashMap<(PluginName, u64), (Instant, u32)>>,
}

/// Writer of the audit journal.
pub(super) struct Recorder(Arc<Journal>);

impl Recorder {
    /// Writes what was done; what keeps it from being written is told by the log.
    pub(super) async fn record(self, deed: Deed) {
        let journal = self.0;
        let what = deed.call.clone();
        let written = tokio::task::spawn_blocking(move || journal.append(&deed)).await;
        let failed = match written {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        tracing::error!(
            call = what,
            "the audit journal could not be written: {failed}"
        );
    }
}

/// Who may make a call, and why somebody else may not.
type Verdict = Result<(), Failure>;

impl Authority {
    /// An authority by this configuration, which keeps its journal there.
    #[must_use]
    pub fn new(config: Live, journal: Journal) -> Self {
        Self {
            config,
            journal: Arc::new(journal),
            declared: Mutex::default(),
            refusals: Mutex::default(),
            notes: Mutex::default(),
        }
    }

    /// What is granted, as it is now.
    #[must_use]
    pub fn config(&self) -> Arc<Config> {
        self.config.now()
    }

    /// Number of the last entry of the audit journal.
    #[must_use]
    pub fn last_entry(&self) -> u64 {
        self.journal.last()
    }

    /// What writes into the audit journal, for work that goes on without the services.
    pub(super) fn recorder(&self) -> Recorder {
        Recorder(Arc::clone(&self.journal))
    }

    /// Writes what was done into the audit journal, before whoever asked learns of it.
    pub async fn record(&self, deed: Deed) {
        self.recorder().record(deed).await;
    }

    /// Whether a plugin has declared a power, and whether it is granted.
    fn granted(&self, plugin: &PluginName, power: Power) -> bool {
        let config = self.config.now();
        let grants = config.grants.get(plugin);
        grants.is_some_and(|grants| grants.powers.contains(&power))
    }

    /// The powers that a generation has declared.
    fn declared(&self, caller: &Caller) -> Vec<Power> {
        let declared = self.declared.lock().unwrap_or_else(PoisonError::into_inner);
        declared.get(caller).cloned().unwrap_or_default()
    }

    /// Whether the plugin may, whoever acts.
    fn of_plugin(&self, caller: &Caller, call: &str, power: Power, behalf: &Behalf) -> Verdict {
        let plugin = &caller.plugin;
        if !self.declared(caller).contains(&power) {
            return Err(denied(
                format!(
                    "`{call}` needs the power `{power}`, which plugin `{plugin}` does not declare: its author adds \
                     `.powers([Power::…])` to the plugin"
                ),
                &format!(
                    "This plugin can't do that: its author has not asked for the power `{power}`."
                ),
            ));
        }
        let Behalf::Somebody(invocation) = behalf else {
            return self.grants(plugin, call, power);
        };
        // Whoever has handed the work on must have been allowed it, too: nobody borrows another one's powers.
        let mut all = invocation.via.iter().chain([plugin]);
        all.try_for_each(|plugin| self.grants(plugin, call, power))
    }

    fn grants(&self, plugin: &PluginName, call: &str, power: Power) -> Verdict {
        if self.granted(plugin, power) {
            return Ok(());
        }
        Err(denied(
            format!(
                "`{call}` needs the power `{power}` ({}), which plugin `{plugin}` is not granted: the operator adds \
                 `\"{power}\"` to `powers` in [grants.{plugin}] of config.toml",
                power.means()
            ),
            &format!(
                "This plugin has not been given the power `{power}`, without which it can't do that. The bot's owner gives it: \
                 `powers` in `[grants.{plugin}]` of `config.toml`."
            ),
        ))
    }

    fn journals_refusal(&self, plugin: &PluginName) -> bool {
        is_within(&self.refusals, plugin, REFUSALS)
    }
}

/// Counts one more of a plugin's within the hour; whether there are not more than `most`.
fn is_within<K: Clone + Eq + Hash>(
    counts: &Mutex<HashMap<K, (Instant, u32)>>,
    whose: &K,
    most: u32,
) -> bool {
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    let now = Instant::now();
    if counts.len() > COUNTED {
        counts.retain(|_, (since, _)| now.duration_since(*since) < HOUR);
    }
    let (since, count) = counts.entry(whose.clone()).or_insert((now, 0));
    if now.duration_since(*since) >= HOUR {
        (*since, *count) = (now, 0);
    }
    *count = count.saturating_add(1);
    *count <= most
}

impl Services {
    /// Whether a call may be made, by whoever stands behind it.
    pub(super) async fn may(&self, caller: &Caller, call: &HostCall, rule: Rule) -> Verdict {
        let Some((power, who)) = rule.needs() else {
            return Ok(());
        };
        self.authority
            .of_plugin(caller, &call.name, power, &call.behalf)?;
        if let Behalf::Somebody(invocation) = &call.behalf
            && let Some(rights) = &invocation.rights
        {
            return self.may_by_role(invocation, rights, call).await;
        }
        match &call.behalf {
            _ if who == Who::Anybody => Ok(()),
            Behalf::Plugin => Err(denied(
                format!(
                    "`{}` needs somebody who acts: make it through the context of a command, a component or an autocompletion, and not \
                     from a background task, a listener or a schedule",
                    call.name
                ),
                "That has to be asked for by somebody who may do it.",
            )),
            Behalf::Over => Err(denied(
                format!(
                    "`{}` is made for an invocation that is over, or that is none of this plugin's: make it before the handler ends",
                    call.name
                ),
                "That took too long. Please try again.",
            )),
            Behalf::Somebody(invocation) => {
                self.may_act(caller, invocation, who, &call.params).await
            }
        }
    }

    async fn may_act(
        &self,
        caller: &Caller,
        invocation: &Invocation,
        who: Who,
        params: &Value,
    ) -> Verdict {
        let invoker = Invoker::of(&invocation.event);
        if self.acts_as_owner(caller, invocation, &invoker).await {
            return Ok(());
        }
        let guild: Option<Id<GuildMarker>> = id(&params["guild_id"]).and_then(Id::new_checked);
        let there = || match guild {
            Some(guild) if invoker.guild != Some(guild) => {
                Invoker::somebody(invoker.user, Some(guild), None)
            }
            _ => Invoker::of(&invocation.event),
        };
        let (allowed, whom) = match (who, guild) {
            (Who::Anybody, _) => (true, ""),
            (Who::Oneself, _) => {
                let about = id(&params["user_id"]);
                let own = about.is_some() && about == invoker.user.map(Id::get);
                (own, "whom it is about, and the bot's owners")
            }
            (Who::Manager | Who::Administrator, Some(_)) => {
                let (enough, whom) = match who {
                    Who::Manager => (
                        Permissions::ADMINISTRATOR | Permissions::MANAGE_GUILD,
                        "those who manage that server",
                    ),
                    _ => (Permissions::ADMINISTRATOR, "administrators of that server"),
                };
                let there = there();
                let may = there.is_guild_owner(&self.cache).await
                    || there
                        .permissions(&self.cache)
                        .await
                        .is_ok_and(|has| has.intersects(enough));
                (may, whom)
            }
            (Who::GuildOwner, Some(_)) => (
                there().is_guild_owner(&self.cache).await,
                "the owner of that server",
            ),
            (Who::Manager | Who::Administrator | Who::GuildOwner | Who::Owner, _) => {
                (false, "the bot's owners")
            }
        };
        if allowed {
            return Ok(());
        }
        Err(denied(
            format!(
                "user {} may not do that: it is for {whom}",
                invocation.event.header.user_id
            ),
            &format!("That is for {whom} alone."),
        ))
    }

    /// Whether whoever uses a web page may make a call: their role says so, whatever they are at Discord.
    async fn may_by_role(
        &self,
        invocation: &Invocation,
        rights: &Rights,
        call: &HostCall,
    ) -> Verdict {
        let (role, name) = (&rights.role, &call.name);
        if !rights.has(name) {
            return Err(denied(
                format!(
                    "user {} may not do that: their role on the pages, {role}, does not include `{name}`",
                    invocation.event.header.user_id
                ),
                &format!(
                    "Your role here ({role}) does not include `{name}`. The bot's owner can change that, on the page Roles."
                ),
            ));
        }
        if !rights.own_servers {
            return Ok(());
        }
        let there = match id(&call.params["guild_id"]) {
            Some(guild) => {
                let user = Id::new_checked(invocation.event.header.user_id);
                Invoker::somebody(user, Id::new_checked(guild), None)
            }
            None => {
                return Err(denied(
                    format!(
                        "`{name}` is about no server, and the role {role} is for servers alone"
                    ),
                    &format!("Your role here ({role}) is for servers that you own or manage."),
                ));
            }
        };
        let enough = Permissions::ADMINISTRATOR | Permissions::MANAGE_GUILD;
        if there.is_guild_owner(&self.cache).await
            || there
                .permissions(&self.cache)
                .await
                .is_ok_and(|has| has.intersects(enough))
        {
            return Ok(());
        }
        Err(denied(
            format!(
                "user {} neither owns nor manages that server",
                invocation.event.header.user_id
            ),
            &format!(
                "Your role here ({role}) is for servers that you own or manage, and that is none of them."
            ),
        ))
    }

    /// Whether somebody may what the bot's owners may, through this plugin.
    pub(super) async fn acts_as_owner(
        &self,
        caller: &Caller,
        invocation: &Invocation,
        invoker: &Invoker,
    ) -> bool {
        if let Some(rights) = &invocation.rights {
            return rights.all;
        }
        let owns = |commands: &Arc<Pipeline>| {
            invoker
                .user
                .is_some_and(|user| commands.policy.is_owner(user))
        };
        if self.commands.pipeline().is_some_and(owns) {
            return true;
        }
        let config = self.authority.config.now();
        let Some(grants) = config.grants.get(&caller.plugin) else {
            return false;
        };
        // The role that everybody has is no role that somebody was given.
        let named: Vec<u64> = grants
            .roles
            .iter()
            .copied()
            .filter(|role| invoker.guild.is_none_or(|guild| guild != *role))
            .collect();
        !named.is_empty()
            && invoker.guild.is_some()
            && invoker.has_one_of(&self.cache, &named).await
    }

    /// Enters a call that changes something into the audit journal, with how it ended.
    pub(super) async fn journal(
        &self,
        caller: &Caller,
        deed: Deed,
        before_and_after: (Value, Value),
        result: &Result<Completion, Failure>,
    ) {
        let result = match result {
            Ok(_) => "done".to_owned(),
            Err(Failure::Denied { .. }) if !self.authority.journals_refusal(&caller.plugin) => {
                return;
            }
            Err(failure @ Failure::Denied { .. }) => format!("refused: {failure}"),
            Err(failure) => format!("failed: {failure}"),
        };
        let (before, after) = before_and_after;
        let deed = Deed {
            before,
            after,
            result,
            ..deed
        };
        self.authority.record(deed).await;
    }
}

/// What the journal says of a call, but for how it ended.
pub(super) fn deed(caller: &Caller, call: &HostCall) -> Deed {
    let mut deed = Deed {
        plugin: caller.plugin.to_string(),
        generation: caller.generation,
        call: call.name.clone(),
        params: shortened(&call.params),
        ..Deed::default()
    };
    if let Behalf::Somebody(invocation) = &call.behalf {
        let header = &invocation.event.header;
        deed.user = header.user_id;
        deed.guild = header.guild_id;
        deed.channel = header.channel_id;
        deed.invocation = invocation.id;
        deed.way = format!("{} `{}`", invocation.way, invocation.what);
        deed.via = invocation.via.iter().map(ToString::to_string).collect();
    }
    deed
}

/// Parameters as far as the journal keeps them.
fn shortened(params: &Value) -> Value {
    const MOST: usize = 2_000;
    let text = params.to_string();
    match text.char_indices().nth(MOST) {
        None => params.clone(),
        Some((end, _)) => format!("{}…", &text[..end]).into(),
    }
}

fn denied(message: String, user_message: &str) -> Failure {
    Failure::Denied {
        message,
        user_message: user_message.to_owned(),
    }
}

/// An id as it crosses: digits in a string, or a number.
fn id(value: &Value) -> Option<u64> {
    match value {
        Value::String(digits) => digits.parse().ok(),
        value => value.as_u64(),
    }
    .filter(|id| *id != 0)
}

impl Capability<Services> for Authority {
    const CALLS: &'static [CallRule] = &[
        CallRule::free("authority.acting"),
        CallRule::free("authority.may"),
        CallRule::reads("audit.list", Power::AuditRead, Who::Owner),
        CallRule::reads("audit.verify", Power::AuditRead, Who::Owner),
        // Of what the plugin itself has done for somebody, under its own name.
        CallRule::free("audit.note"),
    ];
    const PLACES: Places = MEMORY;
    const LEAVES: Leaves = Leaves::Nothing;

    fn problems(_: &PluginName, _: &Manifest, _: &mut Vec<String>) {}

    async fn generation_starts(
        &self,
        caller: &Caller,
        manifest: &Manifest,
    ) -> Result<(), Unserved> {
        let powers: Vec<Power> = manifest
            .powers
            .iter()
            .filter_map(|word| word.parse().ok())
            .collect();
        let missing: Vec<_> = powers
            .iter()
            .filter(|power| !self.granted(&caller.plugin, **power))
            .map(|power| format!("`{power}`"))
            .collect();
        if !missing.is_empty() {
            tracing::info!(
                plugin = &*caller.plugin,
                "it wants powers that it is not granted, and goes without: {} (`powers` in [grants.{}] of config.toml)",
                missing.join(", "),
                caller.plugin
            );
        }
        let mut declared = self.declared.lock().unwrap_or_else(PoisonError::into_inner);
        let before = declared.iter().filter(|(it, _)| it.plugin == caller.plugin);
        let before = before.max_by_key(|(it, _)| it.generation);
        let more: Vec<_> = before.map_or(Vec::new(), |(_, had)| {
            let new = powers.iter().filter(|power| !had.contains(power));
            new.map(|power| format!("`{power}`")).collect()
        });
        if !more.is_empty() {
            tracing::warn!(
                plugin = &*caller.plugin,
                "this version asks for powers that the one before did not: {}",
                more.join(", ")
            );
        }
        declared.insert(caller.clone(), powers);
        Ok(())
    }

    async fn serve(
        &self,
        services: &Services,
        caller: &Caller,
        call: HostCall,
    ) -> Result<Completion, Failure> {
        match &*call.name {
            "audit.list" => self.list(call.params).await,
            "audit.verify" => self.verify().await,
            "audit.note" => self.note(caller, call).await,
            "authority.may" => asked(services, caller, call).await,
            _ => self.acting(services, caller, &call.behalf).await,
        }
    }

    fn generation_ended(&self, caller: &Caller) {
        self.declared
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(caller);
    }

    fn registries(&self) -> Vec<(&'static str, usize)> {
        let declared = self.declared.lock().unwrap_or_else(PoisonError::into_inner);
        vec![("generations with powers", declared.len())]
    }
}

/// Whether another call may be made.
async fn asked(
    services: &Services,
    caller: &Caller,
    call: HostCall,
) -> Result<Completion, Failure> {
    let MayCall { call: name, params } = serde_json::from_value(call.params)?;
    let Some(rule) = super::rule(&name) else {
        return Ok(Completion::unknown(&name));
    };
    let about = HostCall {
        name,
        params,
        body: Vec::new(),
        behalf: call.behalf,
        effect: call.effect,
    };
    let mut reply = MayReply::default();
    if let Err(failure) = services.may(caller, &about, rule).await {
        let head = failure.into_head();
        (reply.missing, reply.text) = (Some(head.message), head.user_message);
    }
    Ok(Completion::json(&reply))
}

impl Authority {
    /// Who acts, and what the plugin may for them.
    async fn acting(
        &self,
        services: &Services,
        caller: &Caller,
        behalf: &Behalf,
    ) -> Result<Completion, Failure> {
        let mut reply = ActingReply::default();
        let powers = self.declared(caller);
        let granted = powers
            .into_iter()
            .filter(|power| self.granted(&caller.plugin, *power));
        reply.powers = granted.map(|power| power.word().to_owned()).collect();
        if let Behalf::Somebody(invocation) = behalf {
            let invoker = Invoker::of(&invocation.event);
            let cache = &services.cache;
            reply.user_id = invoker.user.map(Id::get);
            reply.guild_id = invoker.guild.map(Id::get);
            reply.owner = services.acts_as_owner(caller, invocation, &invoker).await;
            if invoker.guild.is_some() {
                reply.guild_owner = invoker.is_guild_owner(cache).await;
                let has = invoker
                    .permissions(cache)
                    .await
                    .unwrap_or(Permissions::empty());
                reply.administrator = reply.guild_owner || has.contains(Permissions::ADMINISTRATOR);
            }
        }
        let config = self.config.now();
        reply.owners = match services.commands.pipeline() {
            Some(commands) => commands.policy.owners(),
            None => config.bot.owner_ids.clone(),
        };
        Ok(Completion::json(&reply))
    }

    async fn list(&self, params: Value) -> Result<Completion, Failure> {
        use host_ops::audit::{Filter, latest};
        let call: AuditCall = serde_json::from_value(params)?;
        let limit = call
            .limit
            .map_or(PAGE, |limit| limit as usize)
            .clamp(1, MOST);
        let filter = Filter {
            before: call.before,
            plugin: call.plugin,
            user: call.user_id,
            call: call.call,
            since_ms: call.since_ms,
            until_ms: call.until_ms,
            result: call.result,
            text: call.text,
        };
        let folder = self.journal.folder().to_owned();
        let read = tokio::task::spawn_blocking(move || latest(&folder, &filter, limit)).await;
        let entries = match read {
            Ok(Ok(entries)) => entries,
            Ok(Err(error)) => return Err(Failure::Refused(format!("the audit journal: {error}"))),
            Err(error) => return Err(Failure::Refused(format!("the audit journal: {error}"))),
        };
        let mut reply = AuditReply::default();
        reply.entries = entries
            .into_iter()
            .filter_map(|entry| serde_json::to_value(entry).ok())
            .filter_map(|entry| serde_json::from_value(entry).ok())
            .collect();
        Ok(Completion::json(&reply))
    }

    async fn verify(&self) -> Result<Completion, Failure> {
        use host_ops::audit::verify;
        let folder = self.journal.folder().to_owned();
        let read = tokio::task::spawn_blocking(move || {
            // What is being written while it is read looks like a fault, and is none the next time.
            let mut read = verify(&folder);
            for _ in 1..VERIFIED {
                if !matches!(read, Ok(Err(_))) {
                    break;
                }
                read = verify(&folder);
            }
            read
        });
        let verified = match read.await {
            Ok(Ok(verified)) => verified,
            Ok(Err(error)) => return Err(Failure::Refused(format!("the audit journal: {error}"))),
            Err(error) => return Err(Failure::Refused(format!("the audit journal: {error}"))),
        };
        let mut reply = AuditVerified::default();
        match verified {
            Ok(whole) => {
                (reply.entries, reply.first, reply.last) = (whole.entries, whole.first, whole.last);
            }
            Err(fault) => {
                let mut told = AuditFault::default();
                let name = fault.file.file_name().unwrap_or_default();
                told.file = name.to_string_lossy().into_owned();
                told.line = fault.line as u64;
                told.what = fault.what;
                reply.fault = Some(told);
            }
        }
        Ok(Completion::json(&reply))
    }

    /// Enters what a plugin has done for somebody, of which no host call tells: who it was, the invocation says.
    async fn note(&self, caller: &Caller, call: HostCall) -> Result<Completion, Failure> {
        if !matches!(call.behalf, Behalf::Somebody(_)) {
            return Err(denied(
                "`audit.note` needs somebody who acts: make it through the context of a command, a component or a route, and before its \
                 handler ends"
                    .to_owned(),
                "That has to be asked for by somebody.",
            ));
        }
        let note: AuditNote = serde_json::from_value(call.params.clone())?;
        let fits =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | '.');
        if !(1..=48).contains(&note.what.len()) || !note.what.chars().all(fits) {
            return Err(Failure::Refused(
                "`what` of a note has 1 to 48 lower-case letters, digits, `_`, `-` and `.`"
                    .to_owned(),
            ));
        }
        let user = deed(caller, &call).user;
        if !is_within(&self.notes, &(caller.plugin.clone(), user), NOTES) {
            return Err(Failure::Refused(format!(
                "plugin `{}` has noted {NOTES} things of this user in the audit journal within the hour, and more are not taken",
                caller.plugin
            )));
        }
        let about = deed(caller, &call);
        self.record(Deed {
            call: format!("{}/{}", caller.plugin, note.what),
            guild: note.guild_id.unwrap_or(about.guild),
            channel: note.channel_id.unwrap_or(about.channel),
            params: shortened(&note.params),
            before: shortened(&note.before),
            after: shortened(&note.after),
            result: note.result.chars().take(RESULT).collect(),
            ..about
        })
        .await;
        Ok(Completion::json(&Value::Null))
    }
}
