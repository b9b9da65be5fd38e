//! Handle to a running sandbox.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use serde_json::Value;
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    actor::Actor,
    clock::Clock,
    error::Error,
    faults::Faults,
    hub::{Close, Order},
    report::Report,
    state::Shared,
    traffic::Crossing,
    view::MessageView,
    world::{Event, World},
};

/// A running sandbox. Clones are handles to the same one; it stops with [`Sandbox::shutdown`] or with the last handle.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), sandbox::Error> {
/// use sandbox::{Options, Sandbox};
///
/// let sandbox = Sandbox::start(Options::default()).await?;
/// println!("open {} and point a bot at {}", sandbox.page_url(), sandbox.gateway_url());
///
/// let member = sandbox.actor("member")?;
/// let sent = member.says("general", "is anybody here?").await?;
/// assert_eq!(member.messages("general"), [sent]);
/// sandbox.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Sandbox {
    pub(crate) shared: Arc<Shared>,
    addr: SocketAddr,
    running: Arc<Running>,
}

/// Ends the server when the last handle goes.
#[derive(Debug)]
struct Running {
    down: watch::Sender<bool>,
    task: std::sync::Mutex<Option<JoinHandle<()>>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.down.send_replace(true);
    }
}

impl Sandbox {
    /// A handle to a server that has started; `down` ends it.
    pub(crate) fn new(
        shared: Arc<Shared>,
        addr: SocketAddr,
        down: watch::Sender<bool>,
        task: JoinHandle<()>,
    ) -> Self {
        let running = Running {
            down,
            task: std::sync::Mutex::new(Some(task)),
        };
        Self {
            shared,
            addr,
            running: Arc::new(running),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `127.0.0.1:PORT`, for `twilight_http::client::ClientBuilder::proxy(…, true)`.
    #[must_use]
    pub fn http_proxy(&self) -> String {
        self.addr.to_string()
    }

    /// `ws://127.0.0.1:PORT`, for `twilight_gateway::ConfigBuilder::proxy_url`.
    #[must_use]
    pub fn gateway_url(&self) -> String {
        format!("ws://{}", self.addr)
    }

    /// The address of the web page.
    #[must_use]
    pub fn page_url(&self) -> String {
        format!("http://{}/", self.addr)
    }

    /// The token that the bot logs in with.
    #[must_use]
    pub fn token(&self) -> String {
        self.shared.settings.token.clone()
    }

    /// The application's id, which is also the bot's.
    #[must_use]
    pub fn application_id(&self) -> u64 {
        self.shared.read(|state| state.world.application.id)
    }

    /// The id of the application's owner.
    #[must_use]
    pub fn owner_id(&self) -> u64 {
        self.shared.read(|state| state.world.application.owner)
    }

    /// The id of the first guild; 0 in a world without guilds.
    #[must_use]
    pub fn guild_id(&self) -> u64 {
        self.shared
            .read(|state| state.world.guilds.keys().next().copied().unwrap_or(0))
    }

    /// The id of a guild's channel by its name.
    #[must_use]
    pub fn channel_id(&self, name: &str) -> Option<u64> {
        self.shared.read(|state| state.world.channel_named(name))
    }

    /// The id of a user by name.
    #[must_use]
    pub fn user_id(&self, name: &str) -> Option<u64> {
        self.shared.read(|state| state.world.user_named(name))
    }

    /// Somebody to act as.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownUser`] if nobody has that name.
    pub fn actor(&self, user: &str) -> Result<Actor, Error> {
        Actor::named(&self.shared, user)
    }

    /// Waits until a session of the bot has identified and was sent its guilds.
    ///
    /// # Errors
    ///
    /// [`Error::Deadline`] if that does not happen in time.
    pub async fn bot_ready(&self, timeout: Duration) -> Result<(), Error> {
        let ready = self
            .shared
            .wait(timeout, |state| state.hub.is_ready().then_some(()))
            .await;
        ready.ok_or_else(|| Error::Deadline {
            expected: "the bot to log in".to_owned(),
            waited_ms: timeout.as_millis(),
            seen: self.shared.read(|state| match state.traffic.last() {
                Some(last) => format!("last came {}", last.what),
                None => "no connection".to_owned(),
            }),
        })
    }

    /// Waits until a slash command of that name is registered, globally or in a guild.
    ///
    /// # Errors
    ///
    /// [`Error::Deadline`] if that does not happen in time.
    pub async fn commands_registered(&self, name: &str, timeout: Duration) -> Result<(), Error> {
        self.shared.commands_registered(name, timeout).await
    }

    /// The names of the registered slash commands.
    #[must_use]
    pub fn commands(&self) -> Vec<String> {
        self.shared.read(|state| state.world.slash_names())
    }

    /// The presence that the bot set last, as it sent it.
    #[must_use]
    pub fn presence(&self) -> Option<Value> {
        self.shared.read(|state| state.hub.presence.clone())
    }

    /// The presence object of any user as others see it, the bot's included.
    #[must_use]
    pub fn presence_of(&self, user_id: u64) -> Value {
        self.shared.read(|state| state.world.presence_json(user_id))
    }

    /// What crossed the gateway and REST, oldest first; the last 2,000 crossings are kept.
    #[must_use]
    pub fn traffic(&self) -> Vec<Crossing> {
        self.shared.read(|state| state.traffic.all())
    }

    /// Calls a function with everything that crosses from now on, in order, also past the 2,000 that
    /// [`traffic`](Self::traffic) keeps. It is called with the sandbox's lock held: it must be short and must
    /// not call the sandbox.
    pub fn observe(&self, observer: impl FnMut(&Crossing) + Send + 'static) {
        self.shared.change(|state| state.traffic.observe(observer));
    }

    /// What goes wrong on request.
    #[must_use]
    pub fn faults(&self) -> Faults {
        Faults::new(&self.shared)
    }

    /// The time of the sandbox, which can be paused and moved.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.shared.read(|state| state.world.clock.clone())
    }

    /// Any message as it is now; also those that a single user sees.
    #[must_use]
    pub fn message(&self, channel_id: u64, message_id: u64) -> Option<MessageView> {
        self.shared.read(|state| {
            state
                .world
                .message(channel_id, message_id)
                .map(|message| state.world.view(message))
        })
    }

    /// Tells the page's inspector of a part of the bot: a plugin that was loaded, or why it was not.
    pub fn report(&self, report: Report) {
        self.shared.change(|state| state.reports.note(report));
    }

    /// Asks every connection to reconnect (op 7).
    pub fn reconnect_all(&self) {
        self.shared
            .change(|state| state.hub.order_all(&Order::Reconnect));
    }

    /// Ends every session (op 9, not resumable).
    pub fn invalidate_sessions(&self) {
        self.shared
            .change(|state| state.hub.order_all(&Order::Invalidate));
    }

    /// Asks every connection for a heartbeat (op 1).
    pub fn ask_for_heartbeats(&self) {
        self.shared
            .change(|state| state.hub.order_all(&Order::AskForHeartbeat));
    }

    /// Closes every gateway connection with one of Discord's close codes (4000 to 4014); `false` if there is none of that number.
    ///
    /// What becomes of the session is up to the code and the client: after 4000 it can be resumed.
    pub fn close_connections(&self, code: u16) -> bool {
        let Some(close) = Close::by_code(code) else {
            return false;
        };
        self.shared
            .change(|state| state.hub.order_all(&Order::Close(close)));
        true
    }

    /// Cuts every gateway connection without a close frame. The sessions can be resumed.
    pub fn drop_connections(&self) {
        self.shared.change(|state| state.hub.order_all(&Order::Cut));
    }

    /// Changes the world while it runs, as its builder did before. The bot is told nothing of it, and so a session that has no
    /// connection can't be resumed any more: nothing would tell its next one, either.
    pub fn change_world<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        self.shared.change(|state| {
            state.hub.forget_waiting();
            change(&mut state.world)
        })
    }

    /// Dispatches any event, for what the sandbox has no words for; `guild` decides the shard and the intents.
    pub fn dispatch(&self, name: &str, guild: Option<u64>, data: Value) {
        let event = Event {
            name: name.to_owned(),
            guild,
            channel: None,
            data: data.into(),
        };
        self.shared.change(|state| state.world.outbox.push(event));
    }

    /// Stops the server: connections are closed with 1001, and the port is free afterwards.
    pub async fn shutdown(self) {
        self.running.down.send_replace(true);
        let task = self
            .running
            .task
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take();
        let Some(mut task) = task else { return };
        // A browser's open page must not hold up the end.
        if tokio::time::timeout(Duration::from_secs(3), &mut task)
            .await
            .is_err()
        {
            tracing::warn!("a connection to the sandbox did not end in time; it is cut");
            task.abort();
        }
    }
}
