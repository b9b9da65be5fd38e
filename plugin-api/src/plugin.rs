//! Plugin builder: the declaration of a plugin.

use std::{collections::HashMap, future::Future, rc::Rc, time::Duration};

use twilight_model::gateway::Intents;

use crate::{
    abi::Power,
    around,
    command::{Check, Command},
    context::{ComponentContext, EventContext, PageContext},
    error::Result,
    event::{Event, EventKind},
    guard::Guarded,
    handlers::{Around, Handlers, Listening},
    hook::Hook,
    host::Host,
    listener::Listener,
    live::Live,
    manifest::{Dependency, Handoff, ListenerManifest, Manifest, Package, ProvidedManifest},
    page::Page,
    raw::Program,
    runtime::{self, LocalFuture, Running},
    state::State,
};

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
///         .on_restore(|visits, state| {
///             visits.0.set(state.read()?);
///             Ok(())
///         })
/// }
/// # plugin();
/// ```
///
/// What the rest of the declaration can say:
///
/// ```
/// use plugin_api::prelude::*;
///
/// let plugin = Plugin::new()
///     .description("Keeps the shop's books")
///     .depends_on_version("bank", "^1.2")
///     .conflicts_with("old_shop")
///     .requires("discord.request")
///     .intents(Intents::GUILD_PRESENCES)
///     .strict_handoff()
///     .concurrency(8);
/// ```
pub struct Plugin<S = ()> {
    pub(crate) manifest: Manifest,
    start: Box<dyn FnOnce(Host) -> LocalFuture<Result<S>>>,
    pub(crate) handlers: Handlers<S>,
    /// Those of all commands.
    pub(crate) checks: Vec<Check<S>>,
}

impl Plugin<()> {
    /// A plugin without state.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn ping(ctx: CommandContext) -> Result {
    ///     ctx.reply("pong").await
    /// }
    /// let plugin = Plugin::new().command(Command::new("ping", "Answers").run(ping));
    /// ```
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
    /// panics or exceeds `extensions.start_timeout_ms` (default 10,000) leaves it serving.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use plugin_api::prelude::*;
    ///
    /// struct Shop {
    ///     host: Host,
    ///     prices: BTreeMap<String, u64>,
    /// }
    ///
    /// async fn open(host: Host) -> Result<Shop> {
    ///     // `[plugins.shop]` in config.toml, with lines such as `tea = 3`.
    ///     let prices = host.settings()?;
    ///     Ok(Shop { host, prices })
    /// }
    /// let plugin = Plugin::with_state(open);
    /// ```
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
                pages: HashMap::new(),
                listeners: Vec::new(),
                entries: HashMap::new(),
                around: Around::default(),
                save: None,
                restore: None,
                stop: None,
            },
            checks: Vec::new(),
        }
    }

    /// What the plugin is for, in a sentence; the owner reads it. Default: `description` in Cargo.toml.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.manifest.description = text.into();
        self
    }

    /// What it is listed under in help, and an emoji that stands for it. Authors, homepage and licence are those in Cargo.toml.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let plugin = Plugin::new().category("Moderation", "🛡️");
    /// ```
    #[must_use]
    pub fn category(mut self, name: impl Into<String>, icon: impl Into<String>) -> Self {
        self.manifest.category = name.into();
        self.manifest.icon = icon.into();
        self
    }

    /// Adds a command.
    ///
    /// The host refuses a plugin whose command breaks Discord's rules, is one of the owner's (`load`, `unload`,
    /// `reload`, `extensions`, `sync`, `cogwright`, and those that begin with `fw_`), or is another plugin's already.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn coin(ctx: CommandContext) -> Result {
    ///     ctx.reply("Heads.").await
    /// }
    /// let plugin = Plugin::new().command(Command::new("coin", "Tosses a coin").run(coin));
    /// ```
    ///
    /// # Panics
    ///
    /// A command has no handler (its declaration does not end with [`run`](Command::run)), or completes an option that it does
    /// not have. The host then refuses the plugin.
    #[must_use]
    pub fn command(mut self, command: Command<S>) -> Self {
        let manifest = command.install("", Vec::new(), &mut self.handlers);
        self.manifest.commands.push(manifest);
        self
    }

    /// Adds the handler of buttons, selects and modals whose custom id was made for `name`
    /// ([`Invocation::custom_id`](crate::Invocation::custom_id)). A name has no colon and no tilde, does
    /// not begin with a dot, and is declared once.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn ask(ctx: CommandContext) -> Result {
    ///     let yes = button("Yes", ctx.custom_id("answer", "yes")?);
    ///     let no = danger_button("No", ctx.custom_id("answer", "no")?);
    ///     ctx.reply(NewMessage::from("Tea?").row([yes, no])).await
    /// }
    ///
    /// async fn answer(ctx: ComponentContext) -> Result {
    ///     ctx.reply(format!("You said {}.", ctx.argument())).await
    /// }
    ///
    /// let plugin = Plugin::new()
    ///     .command(Command::new("ask", "Asks").run(ask))
    ///     .component("answer", answer);
    /// ```
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

    /// Adds a function that makes the pages of this name, which a command answers with
    /// ([`Invocation::pages`](crate::Invocation::pages)): with buttons for the first, the previous, the next and the last
    /// one, and a number that opens a dialog. A page is made when it is looked at, so that it is turned after a reload and
    /// after a restart, too. Names share one set with those of [components](Self::component).
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn top(ctx: CommandContext) -> Result {
    ///     ctx.pages("top", "tea").await
    /// }
    ///
    /// async fn top_page(ctx: PageContext) -> Result<Page> {
    ///     let first = ctx.index() * 10 + 1;
    ///     let text = format!("Places {first} to {} in {}", first + 9, ctx.argument());
    ///     Ok(Page::new(embed("The best").description(text), 12))
    /// }
    ///
    /// let plugin = Plugin::new()
    ///     .command(Command::new("top", "Shows the best").run(top))
    ///     .pages("top", top_page);
    /// ```
    #[must_use]
    pub fn pages<F, Fut>(mut self, name: impl Into<String>, pages: F) -> Self
    where
        F: Fn(PageContext<S>) -> Fut + 'static,
        Fut: Future<Output = Result<Page>> + 'static,
    {
        let name = name.into();
        self.manifest.components.push(name.clone());
        self.handlers
            .pages
            .insert(name, Rc::new(move |ctx| Box::pin(pages(ctx))));
        self
    }

    /// Listens to an event: the handler's context says which.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn welcome(ctx: EventContext<MemberAdd>) -> Result {
    ///     let joined = ctx.event()?;
    ///     tracing::info!(name = joined.user.name, "somebody has joined");
    ///     Ok(())
    /// }
    /// let plugin = Plugin::new().on(welcome);
    /// ```
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
    ///     if ctx.content() == "ping" {
    ///         ctx.reply("pong").await?;
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
            guild_id: manifest.guild_id,
            ignore_bots: manifest.ignore_bots,
            chosen: manifest.chosen,
            deadline: manifest.deadline_ms.map(Duration::from_millis),
            handler: Rc::new(move |state, host, frame_guard| {
                Box::pin(handler(EventContext::new(state, host, frame_guard)))
            }),
        });
        self.manifest.listeners.push(manifest);
        self
    }

    /// Asks for gateway [intents](https://discord.com/developers/docs/events/gateway#list-of-intents) beyond those that
    /// its commands and listeners imply. Privileged ones have to be switched on for the application.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let plugin = Plugin::new().intents(Intents::GUILD_MEMBERS | Intents::GUILD_PRESENCES);
    /// ```
    #[must_use]
    pub fn intents(mut self, intents: Intents) -> Self {
        self.manifest.intents |= intents.bits();
        self
    }

    /// Saves the state, for the next generation: at reload, at unload and when the host stops. Quick and synchronous
    /// (`extensions.save_timeout_ms`, default 2,000): commands wait meanwhile. An error leaves this generation serving.
    ///
    /// ```
    /// use std::cell::RefCell;
    /// use plugin_api::prelude::*;
    ///
    /// #[derive(Default)]
    /// struct Queue(RefCell<Vec<String>>);
    ///
    /// let plugin = Plugin::with_state(|_host| async { Ok(Queue::default()) })
    ///     .on_save(|queue| State::new(1, &*queue.0.borrow()))
    ///     .on_restore(|queue, saved| {
    ///         *queue.0.borrow_mut() = saved.read()?;
    ///         Ok(())
    ///     });
    /// ```
    #[must_use]
    pub fn on_save(mut self, save: impl Fn(&Rc<S>) -> Result<State> + 'static) -> Self {
        self.manifest.keeps_state = true;
        self.handlers.save = Some(Box::new(save));
        self
    }

    /// Takes over what the last generation saved, after `start` and before the first command. An error leaves the older
    /// generation serving. Not called when nothing was saved.
    ///
    /// ```
    /// use std::{cell::RefCell, collections::BTreeMap};
    /// use plugin_api::prelude::*;
    ///
    /// /// Points by user.
    /// #[derive(Default)]
    /// struct Scores(RefCell<BTreeMap<u64, i64>>);
    ///
    /// let plugin = Plugin::with_state(|_host| async { Ok(Scores::default()) })
    ///     .on_save(|scores| State::new(2, &*scores.0.borrow()))
    ///     .on_restore(|scores, saved| {
    ///         *scores.0.borrow_mut() = match saved.schema() {
    ///             // Schema 1 was a list of users with one point each.
    ///             1 => saved.read::<Vec<u64>>()?.into_iter().map(|user| (user, 1)).collect(),
    ///             _ => saved.read()?,
    ///         };
    ///         Ok(())
    ///     });
    /// ```
    #[must_use]
    pub fn on_restore(mut self, restore: impl Fn(&Rc<S>, State) -> Result + 'static) -> Self {
        self.handlers.restore = Some(Box::new(restore));
        self
    }

    /// Says goodbye, when no handler runs any more and the state is saved. It has what is left of
    /// `extensions.stop_timeout_ms` (default 5,000).
    ///
    /// It may still call the host: a last message, say.
    ///
    /// ```
    /// use std::{cell::RefCell, rc::Rc};
    /// use plugin_api::prelude::*;
    ///
    /// #[derive(Default)]
    /// struct Diary(RefCell<Vec<String>>);
    ///
    /// async fn close(diary: Rc<Diary>) {
    ///     let page = diary.0.take().join("\n");
    ///     let written = tokio::task::spawn_blocking(|| std::fs::write("diary.txt", page)).await;
    ///     if !matches!(written, Ok(Ok(()))) {
    ///         tracing::warn!("the diary's last page is lost");
    ///     }
    /// }
    /// let plugin = Plugin::with_state(|_host| async { Ok(Diary::default()) }).on_stop(close);
    /// ```
    #[must_use]
    pub fn on_stop<F, Fut>(mut self, stop: F) -> Self
    where
        F: Fn(Rc<S>) -> Fut + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        self.handlers.stop = Some(Box::new(move |state| Box::pin(stop(state))));
        self
    }

    /// Waits until no handler runs before the state is saved; new commands wait meanwhile. A handler that takes longer
    /// than `extensions.save_timeout_ms` (default 2,000) makes the reload fail. By default the state is saved at once,
    /// and what a handler changes after its `.await` is not handed over.
    #[must_use]
    pub fn strict_handoff(mut self) -> Self {
        self.manifest.handoff = Handoff::Strict;
        self
    }

    /// Most handlers that run at once, at least 1; default 64. Further work waits in the host. One server's, or those of one channel of direct
    /// messages, hold about half of them: others find a place beside them. Handlers that wait for a member do not count.
    #[must_use]
    pub fn concurrency(mut self, handlers: u32) -> Self {
        self.manifest.concurrency = Some(handlers);
        self
    }

    /// What a handler of its commands, components and listeners may take before it is stopped, where it declares no deadline of its own.
    /// The time in which it waits for a member (`confirm`, `ask`, `next_message` …) does not count. The handler's future is dropped where it
    /// awaits, the member reads that it took too long, and the log has it. Default: `limits.handler_deadline_s` of the bot. Without an
    /// `.await` nothing can stop a handler: that is what `limits.watchdog_s` is for.
    ///
    /// ```
    /// use std::time::Duration;
    /// use plugin_api::prelude::*;
    ///
    /// let plugin = Plugin::new().deadline(Duration::from_secs(20));
    /// ```
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.manifest.deadline_ms = Some(deadline.as_millis().try_into().unwrap_or(u64::MAX));
        self
    }

    /// Needs another plugin loaded before it, in whatever version.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let plugin = Plugin::new().depends_on("calendar").depends_on_version("bank", ">=1.2, <3");
    /// ```
    #[must_use]
    pub fn depends_on(mut self, name: impl Into<String>) -> Self {
        self.manifest.dependencies.push(Dependency::any(name));
        self
    }

    /// Needs another plugin loaded before it, in a version that fits a
    /// [semver requirement](https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html) such as `^1.2`.
    #[must_use]
    pub fn depends_on_version(
        mut self,
        name: impl Into<String>,
        version: impl Into<String>,
    ) -> Self {
        self.manifest
            .dependencies
            .push(Dependency::new(name, version));
        self
    }

    /// Uses another plugin where it is there: at the start of the bot that one is loaded first, when it is reloaded this one is as well, and
    /// nothing fails without it.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let plugin = Plugin::new().depends_on("bank").optionally_depends_on("calendar");
    /// ```
    #[must_use]
    pub fn optionally_depends_on(mut self, name: impl Into<String>) -> Self {
        self.manifest.optional_dependencies.push(name.into());
        self
    }

    /// Answers to another name besides its own, which several plugins may provide: whoever depends on `economy`, is against it, or calls
    /// a function of it, may get this one. `version` is that of what is provided, and not the plugin's: `1.2`.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let bank = Plugin::new().provides("economy", "1.2");
    /// let shop = Plugin::new().depends_on_version("economy", "^1");
    /// // Where there can be one alone:
    /// let coins = Plugin::new().provides("economy", "1.0").conflicts_with("economy");
    /// ```
    #[must_use]
    pub fn provides(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        let provided = ProvidedManifest::new(name, version);
        self.manifest.provides.push(provided);
        self
    }

    /// Says that it emits a hook's event ([`Host::emit`]), so that others find it in its declaration.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Sold { cups: u32 }
    /// impl Hook for Sold {
    ///     const EVENT: &'static str = "shop.sold";
    /// }
    /// let plugin = Plugin::new().tells::<Sold>();
    /// ```
    #[must_use]
    pub fn tells<H: Hook>(mut self) -> Self {
        self.manifest.tells.push(H::EVENT.to_owned());
        self
    }

    /// Can't be loaded beside another plugin, whichever of the two says so.
    #[must_use]
    pub fn conflicts_with(mut self, name: impl Into<String>) -> Self {
        self.manifest.conflicts.push(name.into());
        self
    }

    /// Can't be loaded beside another plugin in certain versions, whichever of the two says so.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let plugin = Plugin::new().conflicts_with_version("bank", "<2");
    /// ```
    #[must_use]
    pub fn conflicts_with_version(
        mut self,
        name: impl Into<String>,
        version: impl Into<String>,
    ) -> Self {
        let conflict = Dependency::new(name, version);
        self.manifest.conflict_versions.push(conflict);
        self
    }

    /// Can't do without a host call; a host that does not know it refuses the plugin and names the call. For a call that
    /// is merely welcome, ask [`Host::supports`].
    #[must_use]
    pub fn requires(mut self, call: impl Into<String>) -> Self {
        self.manifest.requires.push(call.into());
        self
    }

    /// Wants powers: host calls that reach beyond what is the plugin's own need one, which the operator grants in
    /// `[grants.<plugin>] powers`, and most of them somebody who acts and may do that. Where it is not granted, the plugin is loaded all the
    /// same, and such a call fails with a sentence that says what is missing.
    ///
    /// ```
    /// use plugin_api::{Power, prelude::*};
    ///
    /// let plugin = Plugin::new().powers([Power::PluginsRead, Power::PluginsManage]);
    /// ```
    #[must_use]
    pub fn powers(mut self, powers: impl IntoIterator<Item = Power>) -> Self {
        let powers = powers.into_iter().map(|power| power.word().to_owned());
        self.manifest.powers.extend(powers);
        self
    }

    /// Hosts on the web that it reaches through [`Host::web`](crate::Host::web): `api.example.com`, or `*.example.org` for all
    /// below that. The owner sees them, and may grant others, those of the local network included.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let plugin = Plugin::new().web_hosts(["api.example.com", "*.example.org"]);
    /// ```
    #[must_use]
    pub fn web_hosts<T: Into<String>>(mut self, hosts: impl IntoIterator<Item = T>) -> Self {
        let hosts = hosts.into_iter().map(Into::into);
        self.manifest.web_hosts.extend(hosts);
        self
    }

    /// Erases the types. [`export_plugin!`](crate::export_plugin) calls this.
    #[doc(hidden)]
    #[must_use]
    pub fn into_program(mut self, package: Package) -> Program {
        if !self.checks.is_empty() {
            let commands = &mut self.manifest.commands;
            around::put_in_front(&self.checks, "", commands, &mut self.handlers);
        }
        package.describe(&mut self.manifest);
        let (start, handlers) = (self.start, Rc::new(self.handlers));
        runtime::program(
            self.manifest,
            Box::new(move |core| {
                Box::pin(async move {
                    let state = Guarded::new(Rc::new(start(Host::new(core)).await?));
                    let live: Rc<dyn Running> = Rc::new(Live { state, handlers });
                    Ok(live)
                })
            }),
        )
    }
}

impl<S> std::fmt::Debug for Plugin<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugin")
            .field("manifest", &self.manifest)
            .finish_non_exhaustive()
    }
}
