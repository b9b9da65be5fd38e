//! Handlers that a plugin has declared, by name.

use std::{collections::HashMap, rc::Rc, time::Duration};

use crate::{
    abi::{CommandKind, EntryKind, InvokeHead},
    context::{CommandContext, ComponentContext, ErrorContext, PageContext},
    error::Result,
    guard::dispose,
    host::Host,
    page::Page,
    raw::FrameGuard,
    runtime::LocalFuture,
    state::State,
};

pub(crate) type CommandHandler<S> = Rc<dyn Fn(CommandContext<S>) -> LocalFuture<Result>>;
pub(crate) type ComponentHandler<S> = Rc<dyn Fn(ComponentContext<S>) -> LocalFuture<Result>>;
/// Function that makes the pages of a name.
pub(crate) type PagesHandler<S> = Rc<dyn Fn(PageContext<S>) -> LocalFuture<Result<Page>>>;
type Save<S> = Box<dyn Fn(&Rc<S>) -> Result<State>>;
type Restore<S> = Box<dyn Fn(&Rc<S>, State) -> Result>;
type Stop<S> = Box<dyn Fn(Rc<S>) -> LocalFuture<()>>;
/// An entry: it is given its argument as JSON, and gives its result as JSON.
pub(crate) type EntryHandler<S> =
    Rc<dyn Fn(Rc<S>, Host, InvokeHead, FrameGuard) -> LocalFuture<Result<Vec<u8>>>>;
type EventHandler<S> = Rc<dyn Fn(Rc<S>, Host, Rc<FrameGuard>) -> LocalFuture<Result>>;

/// What is done after a command; it is given how that ended, and says how it has ended then.
pub(crate) type After<S> = Rc<dyn Fn(CommandContext<S>, Result) -> LocalFuture<Result>>;
pub(crate) type OnError<S> = Rc<dyn Fn(ErrorContext<S>) -> LocalFuture<Result>>;

/// Handlers that a plugin has declared, by name.
pub(crate) struct Handlers<S> {
    pub(crate) commands: HashMap<(CommandKind, String), CommandHandler<S>>,
    pub(crate) components: HashMap<String, ComponentHandler<S>>,
    pub(crate) pages: HashMap<String, PagesHandler<S>>,
    pub(crate) listeners: Vec<Listening<S>>,
    pub(crate) entries: HashMap<(EntryKind, String), EntryHandler<S>>,
    pub(crate) around: Around<S>,
    pub(crate) save: Option<Save<S>>,
    pub(crate) restore: Option<Restore<S>>,
    pub(crate) stop: Option<Stop<S>>,
}

/// What a plugin does around its handlers.
pub(crate) struct Around<S> {
    pub(crate) before: Vec<CommandHandler<S>>,
    pub(crate) after: Vec<After<S>>,
    pub(crate) on_error: Option<OnError<S>>,
}

impl<S> Default for Around<S> {
    fn default() -> Self {
        Self {
            before: Vec::new(),
            after: Vec::new(),
            on_error: None,
        }
    }
}

/// A listener and its filters.
pub(crate) struct Listening<S> {
    pub(crate) kind: u16,
    pub(crate) guild_id: Option<u64>,
    pub(crate) ignore_bots: bool,
    /// Only while its event is chosen.
    pub(crate) chosen: bool,
    /// What it may take.
    pub(crate) deadline: Option<Duration>,
    pub(crate) handler: EventHandler<S>,
}

impl<S> Drop for Handlers<S> {
    /// One by one: what a handler has captured may panic in its destructor.
    fn drop(&mut self) {
        self.commands.drain().for_each(dispose);
        self.components.drain().for_each(dispose);
        self.pages.drain().for_each(dispose);
        self.listeners.drain(..).for_each(dispose);
        self.entries.drain().for_each(dispose);
        self.around.before.drain(..).for_each(dispose);
        self.around.after.drain(..).for_each(dispose);
        dispose(self.around.on_error.take());
        dispose(self.save.take());
        dispose(self.restore.take());
        dispose(self.stop.take());
    }
}
