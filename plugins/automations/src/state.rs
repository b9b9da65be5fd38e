//! State in memory: the automations of the servers where something has happened lately, and which events all of them need.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap},
    rc::Rc,
    time::{Duration, Instant},
};

use plugin_api::prelude::*;

use crate::{
    automation::Automation,
    model::{Guild, User},
    store,
    voices::Voices,
};

/// How long what the bot itself has caused is remembered: its event comes at once, or never.
const CAUSED: Duration = Duration::from_secs(30);

/// Most servers whose automations are kept in memory.
const SERVERS: usize = 5_000;

/// The state as handlers and background tasks share it.
pub(crate) type Shared = Rc<State>;

/// What the plugin knows.
pub(crate) struct State {
    pub(crate) host: Host,
    /// Those servers that were looked at, with their automations.
    guilds: RefCell<HashMap<Guild, Rc<Vec<Automation>>>>,
    /// Servers with automations that are on, and the events that those need.
    servers: RefCell<BTreeMap<Guild, BTreeSet<String>>>,
    /// What was chosen last.
    chosen: RefCell<BTreeSet<String>>,
    /// Who is given no points before when, by automation.
    pauses: RefCell<HashMap<(Guild, i64, User), Instant>>,
    /// Messages that are counted and not yet written down.
    messages: RefCell<BTreeMap<(Guild, User), i64>>,
    /// What the bot has caused, and whose event is no occasion.
    caused: RefCell<Vec<(String, Instant)>>,
    /// Who is in which voice channel.
    pub(crate) voices: Voices,
}

impl State {
    /// Reads which events are needed, and asks for them: none where there is no automation.
    pub(crate) async fn start(host: Host) -> Result<Shared> {
        let servers = store::servers(&host).await?;
        let state = Rc::new(Self {
            host,
            guilds: RefCell::default(),
            servers: RefCell::new(servers),
            chosen: RefCell::default(),
            pauses: RefCell::default(),
            messages: RefCell::default(),
            caused: RefCell::default(),
            voices: Voices::default(),
        });
        state.choose().await?;
        Ok(state)
    }

    async fn choose(&self) -> Result {
        let mut wanted: BTreeSet<String> =
            self.servers.borrow().values().flatten().cloned().collect();
        if !self.servers.borrow().is_empty() {
            // Where the bot is no more, nothing is to be heard.
            wanted.insert("GUILD_DELETE".into());
        }
        if *self.chosen.borrow() == wanted {
            return Ok(());
        }
        self.host.choose_events(wanted.clone()).await?;
        *self.chosen.borrow_mut() = wanted;
        Ok(())
    }

    /// Whether a server has automations that are on.
    pub(crate) fn has_any(&self, guild: Guild) -> bool {
        self.servers.borrow().contains_key(&guild)
    }

    /// The servers with automations that are on.
    pub(crate) fn servers(&self) -> Vec<Guild> {
        self.servers.borrow().keys().copied().collect()
    }

    /// A server's automations that are on. Of a server that has none, the database is not asked.
    pub(crate) async fn working(&self, guild: Guild) -> Result<Rc<Vec<Automation>>> {
        if !self.has_any(guild) {
            return Ok(Rc::default());
        }
        if let Some(known) = self.guilds.borrow().get(&guild) {
            return Ok(Rc::clone(known));
        }
        self.read(guild).await
    }

    async fn read(&self, guild: Guild) -> Result<Rc<Vec<Automation>>> {
        let all = store::all(&self.host, guild).await?;
        let on: Rc<Vec<_>> = Rc::new(all.into_iter().filter(|it| it.is_on).collect());
        let mut guilds = self.guilds.borrow_mut();
        if guilds.len() >= SERVERS {
            guilds.clear();
        }
        guilds.insert(guild, Rc::clone(&on));
        Ok(on)
    }

    /// Something of a server's automations has changed: they are read anew, and so is what has to be heard.
    pub(crate) async fn changed(&self, guild: Guild) -> Result {
        let on = self.read(guild).await?;
        let events = on
            .iter()
            .flat_map(|it| it.definition.events())
            .map(str::to_owned);
        let events = (!on.is_empty()).then(|| events.collect::<BTreeSet<String>>());
        let known = self.servers.borrow().get(&guild).cloned();
        if known != events {
            store::keep_server(&self.host, guild, events.as_ref()).await?;
            let mut servers = self.servers.borrow_mut();
            match events {
                Some(events) => servers.insert(guild, events),
                None => servers.remove(&guild),
            };
        }
        self.choose().await
    }

    /// The bot has left a server: nothing of it is to be heard. Where it comes again, `automations list` begins anew.
    pub(crate) async fn left(&self, guild: Guild) -> Result {
        self.guilds.borrow_mut().remove(&guild);
        if self.servers.borrow_mut().remove(&guild).is_some() {
            store::keep_server(&self.host, guild, None).await?;
            self.choose().await?;
        }
        Ok(())
    }

    /// Whether somebody may be given points again, who then may not for a while. It keeps most messages from the database, which has the
    /// last word.
    pub(crate) fn may_gain(
        &self,
        guild: Guild,
        automation: i64,
        user: User,
        pause: Duration,
    ) -> bool {
        let (mut pauses, now) = (self.pauses.borrow_mut(), Instant::now());
        if pauses.len() > 50_000 {
            pauses.retain(|_, until| *until > now);
        }
        match pauses.get(&(guild, automation, user)) {
            Some(until) if *until > now => false,
            _ => {
                pauses.insert((guild, automation, user), now + pause);
                true
            }
        }
    }

    /// Counts a message.
    pub(crate) fn count(&self, guild: Guild, user: User) {
        *self.messages.borrow_mut().entry((guild, user)).or_default() += 1;
    }

    /// How many of somebody's messages are counted, and not written down.
    pub(crate) fn counted(&self, guild: Guild, user: User) -> i64 {
        self.messages
            .borrow()
            .get(&(guild, user))
            .copied()
            .unwrap_or(0)
    }

    /// Writes down what was counted. What can't be written is counted on.
    pub(crate) async fn write_counts(&self) -> Result {
        let counts = self.messages.take();
        let mut by_guild: BTreeMap<Guild, Vec<(User, i64)>> = BTreeMap::new();
        for ((guild, user), count) in counts {
            by_guild.entry(guild).or_default().push((user, count));
        }
        for (guild, counts) in by_guild {
            let sql = "INSERT INTO automations__messages VALUES (?1, ?2) ON CONFLICT DO UPDATE SET count = count + excluded.count";
            let database = self.host.storage().guild(guild);
            let written = database.transaction(|t| {
                for (user, count) in &counts {
                    t.execute(sql, params![user, count]);
                }
            });
            if let Err(error) = written.await {
                tracing::warn!(
                    guild = guild.get(),
                    "messages that were counted could not be written down: {error}"
                );
                // A server that the bot has left has no database.
                if self.has_any(guild) {
                    let mut messages = self.messages.borrow_mut();
                    for (user, count) in counts {
                        *messages.entry((guild, user)).or_default() += count;
                    }
                }
            }
        }
        Ok(())
    }

    /// Forgets what is in memory about somebody.
    pub(crate) fn forget(&self, user: User) {
        self.messages.borrow_mut().retain(|(_, it), _| *it != user);
        self.pauses.borrow_mut().retain(|(_, _, it), _| *it != user);
        self.voices.forget(user);
        // Their automations are deleted where they are kept.
        self.guilds.borrow_mut().clear();
    }

    /// The bot is about to cause this: an automation never reacts to what one has done.
    pub(crate) fn causes(&self, what: String) {
        let (mut caused, now) = (self.caused.borrow_mut(), Instant::now());
        caused.retain(|(_, at)| now.duration_since(*at) < CAUSED);
        caused.push((what, now));
    }

    /// Whether the bot has caused this. It is so once.
    pub(crate) fn was_caused(&self, what: &str) -> bool {
        let mut caused = self.caused.borrow_mut();
        let at = caused
            .iter()
            .position(|(it, at)| it == what && at.elapsed() < CAUSED);
        at.map(|at| caused.remove(at)).is_some()
    }
}
