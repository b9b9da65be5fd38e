//! Started plugin: frames find their handlers.

use std::{collections::HashMap, rc::Rc};

use crate::{
    abi::{CommandHead, ComponentHead, EntryKind, EventHeader, InvokeHead, event_flag},
    command::CommandHandler,
    context::{self, CommandContext, ComponentContext, Page, PageContext, Turn},
    error::{Error, Result},
    guard::{Guarded, dispose},
    host::Host,
    manifest::CommandKind,
    raw::FrameGuard,
    runtime::{LocalFuture, Running},
    state::State,
};

type ComponentHandler<S> = Rc<dyn Fn(ComponentContext<S>) -> LocalFuture<Result>>;
/// Function that makes the pages of a name.
pub(crate) type PagesHandler<S> = Rc<dyn Fn(PageContext<S>) -> LocalFuture<Result<Page>>>;
type Save<S> = Box<dyn Fn(&Rc<S>) -> Result<State>>;
type Restore<S> = Box<dyn Fn(&Rc<S>, State) -> Result>;
type Stop<S> = Box<dyn Fn(Rc<S>) -> LocalFuture<()>>;
/// An entry: it is given its argument as JSON, and gives its result as JSON.
pub(crate) type EntryHandler<S> =
    Rc<dyn Fn(Rc<S>, Host, InvokeHead, FrameGuard) -> LocalFuture<Result<Vec<u8>>>>;
type EventHandler<S> = Rc<dyn Fn(Rc<S>, Host, Rc<FrameGuard>) -> LocalFuture<Result>>;

/// Handlers that a plugin has declared, by name.
pub(crate) struct Handlers<S> {
    pub(crate) commands: HashMap<(CommandKind, String), CommandHandler<S>>,
    pub(crate) components: HashMap<String, ComponentHandler<S>>,
    pub(crate) pages: HashMap<String, PagesHandler<S>>,
    pub(crate) listeners: Vec<Listening<S>>,
    pub(crate) entries: HashMap<(EntryKind, String), EntryHandler<S>>,
    pub(crate) save: Option<Save<S>>,
    pub(crate) restore: Option<Restore<S>>,
    pub(crate) stop: Option<Stop<S>>,
}

/// A listener and its filters.
pub(crate) struct Listening<S> {
    pub(crate) kind: u16,
    pub(crate) guild_id: Option<u64>,
    pub(crate) ignore_bots: bool,
    pub(crate) handler: EventHandler<S>,
}

/// A started plugin.
pub(crate) struct Live<S> {
    pub(crate) state: Guarded<Rc<S>>,
    pub(crate) handlers: Rc<Handlers<S>>,
}

impl<S> Drop for Handlers<S> {
    /// One by one: what a handler has captured may panic in its destructor.
    fn drop(&mut self) {
        self.commands.drain().for_each(dispose);
        self.components.drain().for_each(dispose);
        self.pages.drain().for_each(dispose);
        self.listeners.drain(..).for_each(dispose);
        self.entries.drain().for_each(dispose);
        dispose(self.save.take());
        dispose(self.restore.take());
        dispose(self.stop.take());
    }
}

impl<S: 'static> Running for Live<S> {
    fn command(
        &self,
        host: &Host,
        head: CommandHead,
        frame_guard: FrameGuard,
    ) -> LocalFuture<Result> {
        let key = (head.kind, head.command);
        let handler = self.handlers.commands.get(&key);
        let head = CommandHead {
            command: key.1,
            ..head
        };
        match handler {
            Some(handler) => handler(CommandContext::new(
                Rc::clone(&self.state),
                host.clone(),
                head,
                frame_guard,
            )),
            None => missing("command", &head.command),
        }
    }

    fn component(
        &self,
        host: &Host,
        head: ComponentHead,
        frame_guard: FrameGuard,
    ) -> LocalFuture<Result> {
        match self.handlers.components.get(&head.handler) {
            Some(handler) => handler(ComponentContext::new(
                Rc::clone(&self.state),
                host.clone(),
                head,
                frame_guard,
            )),
            None if self.handlers.pages.contains_key(&head.handler) => {
                Box::pin(context::turned(host.clone(), head, frame_guard))
            }
            None => missing("component", &head.handler),
        }
    }

    fn page(&self, host: &Host, name: &str, turn: Turn) -> LocalFuture<Result<Page>> {
        match self.handlers.pages.get(name) {
            Some(handler) => handler(PageContext {
                state: Rc::clone(&self.state),
                host: host.clone(),
                turn,
            }),
            None => missing("pages", name),
        }
    }

    fn listeners(&self) -> usize {
        self.handlers.listeners.len()
    }

    fn listens(&self, listener: usize, header: &EventHeader) -> bool {
        let listening = &self.handlers.listeners[listener];
        listening.kind == header.kind
            && listening.guild_id.is_none_or(|id| id == header.guild_id)
            && !(listening.ignore_bots && header.flags & event_flag::BOT != 0)
    }

    fn event(
        &self,
        listener: usize,
        host: &Host,
        frame_guard: Rc<FrameGuard>,
    ) -> LocalFuture<Result> {
        let handler = &self.handlers.listeners[listener].handler;
        handler(Rc::clone(&self.state), host.clone(), frame_guard)
    }

    fn invoke(
        &self,
        host: &Host,
        head: InvokeHead,
        frame_guard: FrameGuard,
    ) -> LocalFuture<Result<Vec<u8>>> {
        let key = (head.kind, head.entry);
        let Some(handler) = self.handlers.entries.get(&key) else {
            return missing("entry", &key.1);
        };
        let head = InvokeHead {
            entry: key.1,
            ..head
        };
        handler(Rc::clone(&self.state), host.clone(), head, frame_guard)
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

fn missing<T: 'static>(what: &str, name: &str) -> LocalFuture<Result<T>> {
    let error = Error::new(format!(
        "{what} `{name}` has no handler in this generation of the plugin"
    ));
    Box::pin(std::future::ready(Err(error)))
}
