//! Routing table: which plugin gets which command, component and event. `index.rs` has the commands.

mod index;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use host_base::PluginName;
use host_discord::intents;
use host_loader::{Caller, EventRecord, Packet, Slot};
use plugin_api::{
    EventKind,
    abi::{event_flag, frame_kind},
    manifest::{CommandKind, CommandManifest},
};
use twilight_model::gateway::Intents;

pub use self::index::{CommandRoute, GroupRoute, Index, Lookup};
pub use self::index::{count, inherited};

/// The routes. Read for every event, changed when a plugin comes, goes or is swapped.
#[derive(Debug, Default)]
pub struct Routes {
    table: RwLock<RoutingTable>,
    /// The events that generations have chosen at run time.
    chosen: Mutex<HashMap<Caller, BTreeSet<String>>>,
}

#[derive(Debug, Default)]
struct RoutingTable {
    commands: Index,
    /// Plugins, by name.
    plugins: HashMap<PluginName, Arc<Slot>>,
    /// By event.
    listeners: HashMap<u16, Vec<ListenerRoute>>,
    /// By event, highest priority first.
    hooks: HashMap<String, Arc<[HookRoute]>>,
}

/// Route of a hook.
#[derive(Debug, Clone)]
pub struct HookRoute {
    /// `plugin:event:handler`.
    pub id: String,
    /// The event.
    pub event: String,
    /// The handler's name within the plugin.
    pub handler: String,
    /// Its plugin's name.
    pub plugin: PluginName,
    /// Handlers with a higher one are called first.
    pub priority: i32,
    /// Whether it is told of none but those events that it has chosen at run time.
    pub chosen: bool,
    /// Its plugin.
    pub slot: Arc<Slot>,
}

#[derive(Debug)]
struct ListenerRoute {
    guild_id: u64,
    ignore_bots: bool,
    /// Of one that is for chosen events.
    chosen: Option<Choice>,
    /// Whether it answers nobody, and hears what comes anyway.
    overhears: bool,
    /// Which of the event's plugins: several listeners of one plugin make one packet.
    plugin: usize,
    slot: Arc<Slot>,
}

/// Whether a generation has chosen an event: kept beside the listener, since that is asked for each event.
#[derive(Debug)]
struct Choice {
    caller: Caller,
    event: String,
    is_made: AtomicBool,
}

impl ListenerRoute {
    /// Whether it hears events of its kind now.
    fn is_on(&self) -> bool {
        let choice = self.chosen.as_ref();
        choice.is_none_or(|choice| choice.is_made.load(Relaxed))
    }

    /// Whether it is for an event of its kind.
    fn wants(&self, event: &EventRecord) -> bool {
        (self.guild_id == 0 || self.guild_id == event.header.guild_id)
            && !(self.ignore_bots && event.header.flags & event_flag::BOT != 0)
            && self.is_on()
    }
}

impl Routes {
    /// Changes what is routed to, in one step: nothing is looked up or queued while `change` runs.
    ///
    /// # Errors
    ///
    /// Those of `change`; the routes stay as they were.
    pub fn change<E>(&self, change: impl FnOnce() -> Result<Vec<Arc<Slot>>, E>) -> Result<(), E> {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        *table = RoutingTable::of(&change()?);
        // Under the lock: whoever chooses from here on finds the new table.
        table.note_choices(&self.chosen());
        Ok(())
    }

    /// Looks a command up by its path and does something with it, before routes can change.
    pub fn with_command<R>(
        &self,
        kind: CommandKind,
        path: &str,
        f: impl FnOnce(&CommandRoute) -> R,
    ) -> Option<R> {
        self.table().commands.at(kind, path).map(f)
    }

    /// What a line begins with: a command or a group by its names or aliases, and what stands behind them.
    #[must_use]
    pub fn find_command<'a>(&self, line: &'a str) -> Option<(Lookup, &'a str)> {
        self.table().commands.find(line)
    }

    /// Looks a plugin up and does something with it, before routes can change.
    pub fn with_plugin<R>(&self, name: &PluginName, f: impl FnOnce(&Slot) -> R) -> Option<R> {
        let table = self.table();
        table.plugins.get(name).map(|slot| f(slot))
    }

    /// All plugins.
    #[must_use]
    pub fn plugins(&self) -> Vec<Arc<Slot>> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        table.plugins.values().map(Arc::clone).collect()
    }

    /// Whether any plugin listens to this event; those that overhear what comes anyway don't count.
    #[must_use]
    pub fn is_heard(&self, event: u16) -> bool {
        let table = self.table();
        let mut listeners = table.listeners.get(&event).into_iter().flatten();
        listeners.any(|listener| !listener.overhears)
    }

    /// Whether any plugin hears events of this kind now, be it by the way.
    #[must_use]
    pub fn has_listeners(&self, event: u16) -> bool {
        let table = self.table();
        let mut listeners = table.listeners.get(&event).into_iter().flatten();
        listeners.any(ListenerRoute::is_on)
    }

    /// Queues an event for all that listen to it, who log about it under `id`.
    pub fn deliver(&self, event: &Arc<EventRecord>, id: u64) {
        let table = self.table();
        let Some(listeners) = table.listeners.get(&event.header.kind) else {
            return;
        };
        let mut last = usize::MAX;
        for listener in listeners {
            if listener.plugin == last || !listener.wants(event) {
                continue;
            }
            last = listener.plugin;
            let packet = Packet::bare(frame_kind::EVENT, id).with_event(Arc::clone(event));
            // What finds no room is counted there, and told of by whoever looks after the plugin.
            let _ = listener.slot.send(packet);
        }
    }

    /// Delivers an event to one plugin alone, whether there was room for it; `None`: no listener of it is for this one.
    #[must_use]
    pub fn deliver_to(
        &self,
        plugin: &PluginName,
        event: &Arc<EventRecord>,
        id: u64,
    ) -> Option<bool> {
        let table = self.table();
        let slot = table.plugins.get(plugin)?;
        let mut listeners = table.listeners.get(&event.header.kind)?.iter();
        listeners.find(|it| Arc::ptr_eq(&it.slot, slot) && it.wants(event))?;
        let packet = Packet::bare(frame_kind::EVENT, id).with_event(Arc::clone(event));
        Some(slot.send(packet).is_ok())
    }

    /// The handlers of a hook's event, highest priority first; `None` when there is none.
    #[must_use]
    pub fn hooks(&self, event: &str) -> Option<Arc<[HookRoute]>> {
        let table = self.table();
        table.hooks.get(event).map(Arc::clone)
    }

    /// The handlers of all hooks, by event and priority.
    #[must_use]
    pub fn all_hooks(&self) -> Vec<HookRoute> {
        let table = self.table();
        let by_event: BTreeMap<_, _> = table.hooks.iter().collect();
        by_event
            .into_values()
            .flat_map(|routes| routes.iter().cloned())
            .collect()
    }

    /// Each command once, by plugin and as declared; those in groups on their own.
    #[must_use]
    pub fn commands(&self) -> Vec<CommandRoute> {
        self.table().commands.all().to_vec()
    }

    /// What the plugins declare, with their names: a group with all in it is one.
    #[must_use]
    pub fn declared_commands(&self) -> Vec<(PluginName, Arc<CommandManifest>)> {
        self.table().commands.declared().to_vec()
    }

    /// How much is routed, by kind.
    #[must_use]
    pub fn counts(&self) -> [(&'static str, usize); 6] {
        let table = self.table();
        let functions = |slot: &Arc<Slot>| slot.current().manifest.functions.len();
        [
            ("routes, plugins", table.plugins.len()),
            ("routes, commands", table.commands.all().len()),
            ("routes, declared", table.commands.declared().len()),
            (
                "routes, listeners",
                table.listeners.values().map(Vec::len).sum(),
            ),
            (
                "routes, hooks",
                table.hooks.values().map(|routes| routes.len()).sum(),
            ),
            (
                "routes, functions",
                table.plugins.values().map(functions).sum(),
            ),
        ]
    }

    /// From now on a generation hears these events, where it has listeners for chosen ones. Whoever asks for
    /// [`intents`](Self::intents) learns so by then.
    pub fn choose_events(&self, caller: &Caller, events: BTreeSet<String>) {
        self.chosen().insert(caller.clone(), events);
        self.note_choices();
    }

    /// A generation is over.
    pub fn forget_events(&self, caller: &Caller) {
        self.chosen().remove(caller);
        self.note_choices();
    }

    fn note_choices(&self) {
        // The order of locks is that of `change`.
        let table = self.table();
        table.note_choices(&self.chosen());
    }

    /// How many generations have chosen events.
    pub fn choosers(&self) -> usize {
        self.chosen().len()
    }

    fn chosen(&self) -> MutexGuard<'_, HashMap<Caller, BTreeSet<String>>> {
        self.chosen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The intents that all this needs, and the plugins behind each.
    #[must_use]
    pub fn intents(&self) -> (Intents, BTreeMap<u64, Vec<PluginName>>) {
        let table = self.table();
        let mut all = intents::HOST;
        let mut reasons: BTreeMap<u64, Vec<PluginName>> = BTreeMap::new();
        for (name, slot) in &table.plugins {
            let generation = slot.current();
            let mut wanted = intents::of(&generation.manifest);
            let caller = Caller::new(name, generation.number);
            if let Some(events) = self.chosen().get(&caller) {
                wanted |= intents::of_chosen(&generation.manifest, events);
            }
            all |= wanted;
            for intent in wanted.iter() {
                reasons.entry(intent.bits()).or_default().push(name.clone());
            }
        }
        reasons.values_mut().for_each(|names| names.sort());
        (all, reasons)
    }

    fn table(&self) -> RwLockReadGuard<'_, RoutingTable> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RoutingTable {
    fn of(slots: &[Arc<Slot>]) -> Self {
        let mut table = Self::default();
        for (plugin, slot) in slots.iter().enumerate() {
            let generation = slot.current();
            table
                .plugins
                .insert(generation.plugin.clone(), Arc::clone(slot));
            for listener in &generation.manifest.listeners {
                let Some(kind) = EventKind::named(&listener.event) else {
                    continue;
                };
                table
                    .listeners
                    .entry(kind.number())
                    .or_default()
                    .push(ListenerRoute {
                        guild_id: listener.guild_id.unwrap_or_default(),
                        ignore_bots: listener.ignore_bots,
                        chosen: listener.chosen.then(|| Choice {
                            caller: Caller::new(&generation.plugin, generation.number),
                            event: listener.event.clone(),
                            is_made: AtomicBool::new(false),
                        }),
                        overhears: listener.overhears,
                        plugin,
                        slot: Arc::clone(slot),
                    });
            }
        }
        table.commands = Index::of(slots);
        table.hooks = hooks(slots);
        table
    }

    /// Notes at each listener for chosen events whether its generation has chosen its event.
    fn note_choices(&self, chosen: &HashMap<Caller, BTreeSet<String>>) {
        let listeners = self.listeners.values().flatten();
        for choice in listeners.filter_map(|listener| listener.chosen.as_ref()) {
            let events = chosen.get(&choice.caller);
            let is_made = events.is_some_and(|events| events.contains(&choice.event));
            choice.is_made.store(is_made, Relaxed);
        }
    }
}

/// The handlers of hooks, by event, highest priority first; among equals by their plugins' names, as declared.
fn hooks(slots: &[Arc<Slot>]) -> HashMap<String, Arc<[HookRoute]>> {
    let mut hooks: HashMap<String, Vec<HookRoute>> = HashMap::new();
    for slot in slots {
        let generation = slot.current();
        for hook in &generation.manifest.hooks {
            let plugin = generation.plugin.clone();
            hooks
                .entry(hook.event.clone())
                .or_default()
                .push(HookRoute {
                    id: format!("{plugin}:{}:{}", hook.event, hook.handler),
                    event: hook.event.clone(),
                    handler: hook.handler.clone(),
                    plugin,
                    priority: hook.priority,
                    chosen: hook.chosen,
                    slot: Arc::clone(slot),
                });
        }
    }
    let sorted = |(event, mut routes): (String, Vec<HookRoute>)| {
        routes.sort_by(|a, b| {
            b.priority
                .cmp(&a.priority)
                .then_with(|| a.plugin.cmp(&b.plugin))
        });
        (event, routes.into())
    };
    hooks.into_iter().map(sorted).collect()
}
