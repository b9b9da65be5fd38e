//! Handler dispatch of a started plugin: which handler a frame is for.

use std::{rc::Rc, time::Duration};

use crate::{
    abi::{CommandHead, ComponentHead, EventHeader, InvokeHead, QUESTIONS, event_flag},
    around,
    context::{self, CommandContext, ComponentContext, Invocation, PageContext},
    error::{Error, Result},
    guard::Guarded,
    handlers::{ComponentHandler, Handlers},
    host::Host,
    page::{Page, Turn},
    raw::FrameGuard,
    runtime::{Core, LocalFuture, Running},
    state::State,
};

/// A started plugin.
pub(crate) struct Live<S> {
    pub(crate) state: Guarded<Rc<S>>,
    pub(crate) handlers: Rc<Handlers<S>>,
}

impl<S: 'static> Running for Live<S> {
    fn command(
        &self,
        core: &Rc<Core>,
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
            Some(handler) => {
                let host = Host::for_frame(Rc::clone(core), frame_guard.id());
                let ctx = CommandContext::new(Rc::clone(&self.state), host, head, frame_guard);
                around::command(&self.handlers, ctx, handler)
            }
            None => missing("command", &head.command),
        }
    }

    fn component(
        &self,
        core: &Rc<Core>,
        head: ComponentHead,
        frame_guard: FrameGuard,
    ) -> LocalFuture<Result> {
        let host = Host::for_frame(Rc::clone(core), frame_guard.id());
        match self.handlers.components.get(&head.handler) {
            _ if head.handler == QUESTIONS => context::clicked(host, head, frame_guard),
            Some(handler) => self.handled(handler, host, head, frame_guard),
            None if self.handlers.pages.contains_key(&head.handler) => {
                let name = head.handler.clone();
                let click = Rc::new(Invocation::of_component(host, &head, frame_guard));
                let turning = Box::pin(context::turned(Rc::clone(&click), head));
                self.guarded_by_on_error(name, click, turning)
            }
            None => missing("component", &head.handler),
        }
    }

    fn page(
        &self,
        core: &Rc<Core>,
        frame: u64,
        name: &str,
        turn: Turn,
    ) -> LocalFuture<Result<Page>> {
        match self.handlers.pages.get(name) {
            Some(handler) => handler(PageContext {
                state: Rc::clone(&self.state),
                host: Host::for_frame(Rc::clone(core), frame),
                turn,
            }),
            None => missing("pages", name),
        }
    }

    fn listeners(&self) -> usize {
        self.handlers.listeners.len()
    }

    fn listens(&self, core: &Rc<Core>, listener: usize, header: &EventHeader) -> bool {
        let listening = &self.handlers.listeners[listener];
        listening.kind == header.kind
            && listening.guild_id.is_none_or(|id| id == header.guild_id)
            && !(listening.ignore_bots && header.flags & event_flag::BOT != 0)
            && (!listening.chosen || core.has_chosen(header.kind))
    }

    fn deadline_of(&self, listener: usize) -> Option<Duration> {
        self.handlers.listeners[listener].deadline
    }

    fn event(
        &self,
        listener: usize,
        core: &Rc<Core>,
        frame_guard: Rc<FrameGuard>,
    ) -> LocalFuture<Result> {
        let handler = &self.handlers.listeners[listener].handler;
        handler(
            Rc::clone(&self.state),
            Host::new(Rc::clone(core)),
            frame_guard,
        )
    }

    fn invoke(
        &self,
        core: &Rc<Core>,
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
        handler(
            Rc::clone(&self.state),
            Host::for_frame(Rc::clone(core), frame_guard.id()),
            head,
            frame_guard,
        )
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

impl<S: 'static> Live<S> {
    /// Calls a component's handler.
    fn handled(
        &self,
        handler: &ComponentHandler<S>,
        host: Host,
        head: ComponentHead,
        frame_guard: FrameGuard,
    ) -> LocalFuture<Result> {
        let name = head.handler.clone();
        let ctx = ComponentContext::new(Rc::clone(&self.state), host, head, frame_guard);
        let invocation = ctx.shared();
        self.guarded_by_on_error(name, invocation, handler(ctx))
    }

    /// What a component's handler does, and what is done about its error.
    fn guarded_by_on_error(
        &self,
        name: String,
        invocation: Rc<Invocation>,
        handling: LocalFuture<Result>,
    ) -> LocalFuture<Result> {
        if self.handlers.around.on_error.is_none() {
            return handling;
        }
        let failed_in = (Rc::clone(&self.state), invocation);
        around::component(&self.handlers, failed_in, name, handling)
    }
}

fn missing<T: 'static>(what: &str, name: &str) -> LocalFuture<Result<T>> {
    let error = Error::new(format!(
        "{what} `{name}` has no handler in this generation of the plugin"
    ));
    Box::pin(std::future::ready(Err(error)))
}
