//! The declaration of a plugin.

use std::{collections::HashMap, future::Future, rc::Rc};

use twilight_model::{
    gateway::Intents,
    id::{Id, marker::GuildMarker},
};

use crate::{
    abi::{CommandHead, ComponentHead, event_flag},
    command::{Command, CommandHandler},
    context::{CommandContext, ComponentContext, EventContext},
    error::{Error, Result},
    event::{Event, EventKind},
    host::Host,
    manifest::{Dependency, Handoff, ListenerManifest, Manifest},
    raw::Parcel,
    runtime::{LocalFuture, Program, Running},
    state::State,
};

type ComponentHandler<S> = Rc<dyn Fn(ComponentContext<S>) -> LocalFuture<Result>>;
type Save<S> = Box<dyn Fn(&Rc<S>) -> Result<State>>;
type Restore<S> = Box<dyn Fn(&Rc<S>, State) -> Result>;
type Stop<S> = Box<dyn Fn(Rc<S>) -> LocalFuture<()>>;
type EventHandler<S> = Rc<dyn Fn(Rc<S>, Host, Rc<Parcel>) -> LocalFuture<Result>>;

/// A plugin, as its author declares it: commands, listeners, components, and what happens to its state `S`.
///
/// ```
/// use std::cell::Cell;
/// use plugin_api::prelude::*;
///
/// #[derive(Default)]
/// struct Visits(Cell<u64>);
///
/// async fn visit(ctx: CommandContext<Visits>) -> Result {
///     let visits = &ctx.state().0;
///     visits.set(visits.get() + 1);
///     ctx.reply(format!("Visit number {}", visits.get())).await
/// }
///
/// fn plugin() -> Plugin<Visits> {
///     Plugin::with_state(|_host| async { Ok(Visits::default()) })
///         .command(Command::new("visit", "Counts a visit").run(visit))
///         .on_save(|visits| State::new(1, &visits.0))
///         .on_restore(|visits, state| Ok(visits.0.set(state.read()?)))
/// }
/// # plugin();
/// ```
pub struct Plugin<S = ()> {
    manifest: Manifest,
    start: Box<dyn FnOnce(Host) -> LocalFuture<Result<S>>>,
    handlers: Handlers<S>,
}

struct Handlers<S> {
    commands: HashMap<String, CommandHandler<S>>,
    components: HashMap<String, ComponentHandler<S>>,
    listeners: Vec<Listening<S>>,
    save: Option<Save<S>>,
    restore: Option<Restore<S>>,
    stop: Option<Stop<S>>,
}

struct Listening<S> {
    kind: u16,
    guild_id: u64,
    ignore_bots: bool,
    handler: EventHandler<S>,
}

impl Plugin<()> {
    /// A plugin without state.
    #[must_use]
    #[allow(
        clippy::new_without_default,
        reason = "a plugin that declares nothing is no sensible default"
    )]
    pub fn new() -> Self {
        Self::with_state(|_host| async { Ok(()) })
    }
}

impl<S: 'static> Plugin<S> {
    /// A plugin with state, made by `start` when it is loaded. The older generation serves meanwhile; a `start` that fails,
    /// panics or exceeds `extensions.start_timeout_ms` leaves it serving.
    #[must_use]
    pub fn with_state<F, Fut>(start: F) -> Self
    where
        F: FnOnce(Host) -> Fut + 'static,
        Fut: Future<Output = Result<S>> + 'static,
    {
        Self {
            manifest: Manifest::default(),
            start: Box::new(move |host| Box::pin(start(host))),
            handlers: Handlers {
                commands: HashMap::new(),
                components: HashMap::new(),
                listeners: Vec::new(),
                save: None,
                restore: None,
                stop: None,
            },
        }
    }

    /// What the plugin is for, in a sentence.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.manifest.description = text.into();
        self
    }

    /// Adds a command.
    ///
    /// # Panics
    ///
    /// The command has no handler: its declaration does not end with [`run`](Command::run). The host then refuses the plugin.
    #[must_use]
    pub fn command(mut self, command: Command<S>) -> Self {
        let name = &command.manifest.name;
        let Some(handler) = command.handler else {
            panic!("command `{name}` has no handler: end its declaration with `.run(handler)`");
        };
        self.handlers.commands.insert(name.clone(), handler);
        self.manifest.commands.push(command.manifest);
        self
    }

    /// Adds the handler of buttons, selects and modals whose custom id was made for `name`
    /// ([`Invocation::custom_id`](crate::Invocation::custom_id)).
    #[must_use]
    pub fn component<F, Fut>(mut self, name: impl Into<String>, handler: F) -> Self
    where
        F: Fn(ComponentContext<S>) -> Fut + 'static,
        Fut: Future<Output = Result> + 'static,
    {
        let name = name.into();
        self.manifest.components.push(name.clone());
        self.handlers
            .components
            .insert(name, Rc::new(move |ctx| Box::pin(handler(ctx))));
        self
    }

    /// Listens to an event.
    #[must_use]
    pub fn on<E: Event, F, Fut>(self, handler: F) -> Self
    where
        F: Fn(EventContext<E, S>) -> Fut + 'static,
        Fut: Future<Output = Result> + 'static,
    {
        self.listen(Listener::new(), handler)
    }

    /// Listens to an event, filtered in the host, before it costs the plugin anything.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn answer(ctx: EventContext<MessageCreate>) -> Result {
    ///     if let (true, Some(channel)) = (ctx.content() == "ping", ctx.channel_id()) {
    ///         ctx.host().discord().send(channel, "pong").await?;
    ///     }
    ///     Ok(())
    /// }
    /// let plugin = Plugin::new().listen(Listener::new().ignore_bots(), answer);
    /// ```
    #[must_use]
    pub fn listen<E: Event, F, Fut>(mut self, listener: Listener, handler: F) -> Self
    where
        F: Fn(EventContext<E, S>) -> Fut + 'static,
        Fut: Future<Output = Result> + 'static,
    {
        let manifest = ListenerManifest {
            event: E::NAME.to_owned(),
            ..listener.0
        };
        self.handlers.listeners.push(Listening {
            kind: EventKind::named(E::NAME).map_or(0, EventKind::number),
            guild_id: manifest.guild_id.unwrap_or_default(),
            ignore_bots: manifest.ignore_bots,
            handler: Rc::new(move |state, host, parcel| {
                Box::pin(handler(EventContext::new(state, host, parcel)))
            }),
        });
        self.manifest.listeners.push(manifest);
        self
    }

    /// Asks for gateway intents beyond those that its commands and listeners imply.
    #[must_use]
    pub fn intents(mut self, intents: Intents) -> Self {
        self.manifest.intents |= intents.bits();
        self
    }

    /// Saves the state, for the next generation: at reload, at unload and when the host stops. Quick and synchronous:
    /// commands wait meanwhile.
    #[must_use]
    pub fn on_save(mut self, save: impl Fn(&Rc<S>) -> Result<State> + 'static) -> Self {
        self.manifest.keeps_state = true;
        self.handlers.save = Some(Box::new(save));
        self
    }

    /// Takes over what the last generation saved, after `start` and before the first command. An error leaves the older
    /// generation serving.
    #[must_use]
    pub fn on_restore(mut self, restore: impl Fn(&Rc<S>, State) -> Result + 'static) -> Self {
        self.handlers.restore = Some(Box::new(restore));
        self
    }

    /// Says goodbye, when no handler runs any more.
    #[must_use]
    pub fn on_stop<F, Fut>(mut self, stop: F) -> Self
    where
        F: Fn(Rc<S>) -> Fut + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        self.handlers.stop = Some(Box::new(move |state| Box::pin(stop(state))));
        self
    }

    /// At a reload, waits until no handler runs before the state is saved.
    #[must_use]
    pub fn strict_handoff(mut self) -> Self {
        self.manifest.handoff = Handoff::Strict;
        self
    }

    /// Most handlers that run at once; default 64. Further work waits in the host.
    #[must_use]
    pub fn concurrency(mut self, handlers: u32) -> Self {
        self.manifest.concurrency = handlers;
        self
    }

    /// Needs another plugin loaded before it, in a version that fits a semver requirement such as `^1.2`.
    #[must_use]
    pub fn depends_on(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.manifest
            .dependencies
            .push(Dependency::new(name, version));
        self
    }

    /// Can't be loaded beside another plugin.
    #[must_use]
    pub fn conflicts_with(mut self, name: impl Into<String>) -> Self {
        self.manifest.conflicts.push(name.into());
        self
    }

    /// Can't do without a host call; a host that does not know it refuses the plugin and names the call.
    #[must_use]
    pub fn requires(mut self, call: impl Into<String>) -> Self {
        self.manifest.requires.push(call.into());
        self
    }

    /// Erases the types. [`export_plugin!`](crate::export_plugin) calls this.
    #[doc(hidden)]
    #[must_use]
    pub fn into_program(mut self, name: &str, version: &str) -> Program {
        name.clone_into(&mut self.manifest.name);
        version.clone_into(&mut self.manifest.version);
        let (start, handlers) = (self.start, Rc::new(self.handlers));
        Program {
            manifest: self.manifest,
            start: Box::new(move |host| {
                Box::pin(async move {
                    let state = Rc::new(start(host).await?);
                    let live: Rc<dyn Running> = Rc::new(Live { state, handlers });
                    Ok(live)
                })
            }),
        }
    }
}

impl<S> std::fmt::Debug for Plugin<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugin")
            .field("manifest", &self.manifest)
            .finish_non_exhaustive()
    }
}

/// The filters of a listener.
#[derive(Debug, Clone, Default)]
pub struct Listener(ListenerManifest);

impl Listener {
    /// No filter.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Only events of this server.
    #[must_use]
    pub fn guild(mut self, guild: Id<GuildMarker>) -> Self {
        self.0.guild_id = Some(guild.get());
        self
    }

    /// No events that bots (this one included) or webhooks caused.
    #[must_use]
    pub fn ignore_bots(mut self) -> Self {
        self.0.ignore_bots = true;
        self
    }
}

/// A started plugin.
struct Live<S> {
    state: Rc<S>,
    handlers: Rc<Handlers<S>>,
}

impl<S: 'static> Running for Live<S> {
    fn command(&self, host: &Host, head: CommandHead, parcel: Parcel) -> LocalFuture<Result> {
        match self.handlers.commands.get(&head.command) {
            Some(handler) => handler(CommandContext::new(
                Rc::clone(&self.state),
                host.clone(),
                head,
                parcel,
            )),
            None => missing("command", &head.command),
        }
    }

    fn component(&self, host: &Host, head: ComponentHead, parcel: Parcel) -> LocalFuture<Result> {
        match self.handlers.components.get(&head.handler) {
            Some(handler) => handler(ComponentContext::new(
                Rc::clone(&self.state),
                host.clone(),
                head,
                parcel,
            )),
            None => missing("component", &head.handler),
        }
    }

    fn event(&self, host: &Host, parcel: &Rc<Parcel>) -> Vec<LocalFuture<Result>> {
        let header = parcel.header().header;
        let wanted = |listening: &&Listening<S>| {
            listening.kind == header.kind
                && (listening.guild_id == 0 || listening.guild_id == header.guild_id)
                && !(listening.ignore_bots && header.flags & event_flag::BOT != 0)
        };
        self.handlers
            .listeners
            .iter()
            .filter(wanted)
            .map(|listening| {
                (listening.handler)(Rc::clone(&self.state), host.clone(), Rc::clone(parcel))
            })
            .collect()
    }

    fn save(&self) -> LocalFuture<Result<Option<State>>> {
        let (state, handlers) = (Rc::clone(&self.state), Rc::clone(&self.handlers));
        Box::pin(async move { handlers.save.as_ref().map(|save| save(&state)).transpose() })
    }

    fn restore(&self, saved: State) -> LocalFuture<Result> {
        let (state, handlers) = (Rc::clone(&self.state), Rc::clone(&self.handlers));
        Box::pin(async move {
            match &handlers.restore {
                Some(restore) => restore(&state, saved),
                None => Ok(()),
            }
        })
    }

    fn stop(&self) -> LocalFuture<()> {
        match &self.handlers.stop {
            Some(stop) => stop(Rc::clone(&self.state)),
            None => Box::pin(std::future::ready(())),
        }
    }
}

fn missing(what: &str, name: &str) -> LocalFuture<Result> {
    let error = Error::new(format!(
        "{what} `{name}` has no handler in this generation of the plugin"
    ));
    Box::pin(std::future::ready(Err(error)))
}
