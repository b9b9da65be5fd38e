//! Cooldowns and concurrency limits. Kept by the host, by the command's name: a reload changes nothing.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use plugin_api::{
    abi::EventHeader,
    manifest::{CommandManifest, ConcurrencyManifest, CooldownManifest, Per},
};
use tokio::time::Instant;

/// Records are tidied up when there are this many, and twice as many as after the last time.
const TIDY_AT: usize = 10_000;

/// Most records that are kept, each some hundred bytes: beyond it, those that end first are forgotten.
const MOST: usize = 200_000;

/// Most uses that are remembered in one.
const USES: usize = 10_000;

/// Sharers of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Sharing {
    User(u64),
    Member(u64, u64),
    Channel(u64),
    Guild(u64),
    Everybody,
}

type LimitKey = (Arc<str>, Sharing);

/// A use that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Use<'a> {
    /// The command's path.
    pub path: &'a Arc<str>,
    /// The command.
    pub command: &'a CommandManifest,
    /// Who, and where.
    pub header: &'a EventHeader,
    /// The cooldown of commands that declare none.
    pub default: Option<CooldownManifest>,
    /// When.
    pub now: Instant,
}

/// The limits of all commands.
#[derive(Debug, Default)]
pub struct Limits(Arc<Mutex<LimitTable>>);

#[derive(Debug)]
struct LimitTable {
    /// When a command was used within its period, oldest first.
    used: HashMap<LimitKey, (VecDeque<Instant>, Duration)>,
    running: HashMap<LimitKey, u32>,
    tidy_at: usize,
}

impl Default for LimitTable {
    fn default() -> Self {
        Self {
            used: HashMap::new(),
            running: HashMap::new(),
            tidy_at: TIDY_AT,
        }
    }
}

/// Reason for which a command has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// It was used too often: for so long.
    Cooldown(Duration, Per),
    /// Too many uses run: until one of them ends.
    Busy(ConcurrencyManifest),
}

/// A use that runs: dropped when it is over.
#[derive(Debug)]
pub struct Running {
    limits: Arc<Mutex<LimitTable>>,
    key: Option<LimitKey>,
    /// What it counted against its cooldown.
    counted: Option<(LimitKey, Instant)>,
}

impl Limits {
    /// Number of commands, per sharer of their limit, that have running uses.
    pub fn running_count(&self) -> usize {
        lock(&self.0).running.len()
    }

    /// Takes a place for one use, and counts it.
    pub fn enter(&self, asked: Use<'_>) -> Result<Running, Wait> {
        let mut table = lock(&self.0);
        if let Some(wait) = table.refusal(asked) {
            return Err(wait);
        }
        let limit = asked.command.concurrency;
        let running = limit.map(|limit| asked.key(limit.per));
        if let Some(key) = &running {
            *table.running.entry(key.clone()).or_default() += 1;
        }
        let counted = asked.cooldown().map(|cooldown| {
            let key = asked.key(cooldown.per);
            table.count(key.clone(), cooldown, asked.now);
            (key, asked.now)
        });
        Ok(Running {
            limits: Arc::clone(&self.0),
            key: running,
            counted,
        })
    }

    /// Why a command would have to wait, without using it.
    pub fn look(&self, asked: Use<'_>) -> Option<Wait> {
        lock(&self.0).refusal(asked)
    }
}

impl LimitTable {
    /// Why a use has to wait.
    fn refusal(&mut self, asked: Use<'_>) -> Option<Wait> {
        if let Some(cooldown) = asked.cooldown()
            && let Some(wait) = self.wait(&asked.key(cooldown.per), cooldown, asked.now)
        {
            return Some(Wait::Cooldown(wait, cooldown.per));
        }
        let limit = asked.command.concurrency?;
        let running = self.running.get(&asked.key(limit.per)).copied();
        (running.unwrap_or_default() >= limit.uses.max(1)).then_some(Wait::Busy(limit))
    }

    fn wait(
        &mut self,
        key: &LimitKey,
        cooldown: CooldownManifest,
        now: Instant,
    ) -> Option<Duration> {
        let period = Duration::from_millis(cooldown.period_ms);
        let (used, kept_for) = self.used.get_mut(key)?;
        // A reload may have brought another period.
        *kept_for = period;
        while used
            .front()
            .is_some_and(|first| now.duration_since(*first) >= period)
        {
            used.pop_front();
        }
        let over = used.len().checked_sub(cooldown.uses? as usize)?;
        used.get(over)
            .map(|first| period.saturating_sub(now.duration_since(*first)))
    }

    fn count(&mut self, key: LimitKey, cooldown: CooldownManifest, now: Instant) {
        if self.used.len() >= self.tidy_at {
            self.used.retain(|_, (used, period)| {
                used.back()
                    .is_some_and(|last| now.duration_since(*last) < *period)
            });
            if self.used.len() >= MOST {
                self.forget_half();
            }
            self.tidy_at = (self.used.len() * 2).clamp(TIDY_AT, MOST);
        }
        let period = Duration::from_millis(cooldown.period_ms);
        let (used, _) = self
            .used
            .entry(key)
            .or_insert_with(|| (VecDeque::new(), period));
        used.push_back(now);
        if used.len() > USES {
            used.pop_front();
        }
    }

    /// Forgets the half that ends first.
    fn forget_half(&mut self) {
        let end = |(used, period): &(VecDeque<Instant>, Duration)| Some(*used.back()? + *period);
        let mut ends: Vec<Option<Instant>> = self.used.values().map(end).collect();
        let middle = ends.len() / 2;
        let (_, middle, _) = ends.select_nth_unstable(middle);
        let middle = *middle;
        self.used.retain(|_, record| end(record) > middle);
        tracing::warn!(
            kept = self.used.len(),
            "more than {MOST} cooldowns at once: those that would have ended first are forgotten"
        );
    }
}

impl Running {
    /// Gives the use back: it did not come to its plugin.
    pub fn give_back(mut self) {
        let Some((key, at)) = self.counted.take() else {
            return;
        };
        if let Some((used, _)) = lock(&self.limits).used.get_mut(&key)
            && let Some(place) = used.iter().rposition(|used| *used == at)
        {
            used.remove(place);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(key) = self.key.take() else { return };
        let mut table = lock(&self.limits);
        if let Some(running) = table.running.get_mut(&key) {
            *running -= 1;
            if *running == 0 {
                table.running.remove(&key);
            }
        }
    }
}

impl Wait {
    /// The rule's name, a stable word.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Cooldown(..) => "cooldown",
            Self::Busy(_) => "busy",
        }
    }

    /// For the member; `name` is the command as it is typed.
    pub fn sentence(self, name: &str) -> String {
        match self {
            Self::Cooldown(left, per) => {
                // Rounded up: who comes at that second is not told to wait once more.
                let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
                let at = std::time::SystemTime::now()
                    .duration_since(std::time::UNIX_EPOCH)
                    .map_or(0, |now| now.as_secs())
                    + seconds;
                let whose = match per {
                    Per::User | Per::Member => "",
                    Per::Channel => " in this channel",
                    Per::Guild => " in this server",
                    _ => " by anybody",
                };
                format!("`{name}` can be used{whose} again in {seconds} s (<t:{at}:R>).")
            }
            Self::Busy(limit) => {
                let whose = match limit.per {
                    Per::User | Per::Member => "You have",
                    Per::Channel => "This channel has",
                    Per::Guild => "This server has",
                    _ => "Others have",
                };
                let many = match limit.uses {
                    0 | 1 => "one".to_owned(),
                    many => many.to_string(),
                };
                format!("{whose} {many} of `{name}` running already: wait until it has ended.")
            }
        }
    }
}

impl Use<'_> {
    fn cooldown(&self) -> Option<CooldownManifest> {
        self.command
            .cooldown
            .or(self.default)
            .filter(|cooldown| cooldown.uses.is_some() && cooldown.period_ms > 0)
    }

    fn key(&self, per: Per) -> LimitKey {
        let user = self.header.user_id;
        let sharing = match (per, self.header.guild()) {
            (Per::Channel, _) => Sharing::Channel(self.header.channel_id),
            (Per::Member, Some(guild)) => Sharing::Member(guild.get(), user),
            (Per::Guild, Some(guild)) => Sharing::Guild(guild.get()),
            (Per::Global, _) => Sharing::Everybody,
            _ => Sharing::User(user),
        };
        (Arc::clone(self.path), sharing)
    }
}

fn lock(table: &Mutex<LimitTable>) -> MutexGuard<'_, LimitTable> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn at(user: u64, guild: u64, channel: u64) -> EventHeader {
        let mut header = EventHeader::EMPTY;
        (header.user_id, header.guild_id, header.channel_id) = (user, guild, channel);
        header
    }

    /// A command with these limits, and the means to use it.
    struct Trial {
        limits: Limits,
        path: Arc<str>,
        command: CommandManifest,
        default: Option<CooldownManifest>,
        began: Instant,
        passed: Cell<Duration>,
    }

    impl Trial {
        fn with(cooldown: Option<(u32, Per)>, at_once: Option<(u32, Per)>) -> Self {
            let cooldown = cooldown.map(
                |(uses, per)| serde_json::json!({"uses": uses, "period_ms": 10_000, "per": per}),
            );
            let at_once = at_once.map(|(uses, per)| serde_json::json!({"uses": uses, "per": per}));
            let json = serde_json::json!({"cooldown": cooldown, "concurrency": at_once});
            Self {
                limits: Limits::default(),
                path: "daily".into(),
                command: serde_json::from_value(json).unwrap(),
                default: None,
                began: Instant::now(),
                passed: Cell::default(),
            }
        }

        fn asked<'a>(&'a self, header: &'a EventHeader) -> Use<'a> {
            Use {
                path: &self.path,
                command: &self.command,
                header,
                default: self.default,
                now: self.began + self.passed.get(),
            }
        }

        fn passes(&self, seconds: u64) {
            self.passed
                .set(self.passed.get() + Duration::from_secs(seconds));
        }

        fn enter(&self, header: EventHeader) -> Result<Running, Wait> {
            self.limits.enter(self.asked(&header))
        }
    }

    #[test]
    fn of_too_many_cooldowns_those_that_end_first_are_forgotten() {
        let (mut table, now) = (LimitTable::default(), Instant::now());
        let path: Arc<str> = "daily".into();
        let key = |user: usize| (Arc::clone(&path), Sharing::User(user as u64));
        let cooldown: CooldownManifest =
            serde_json::from_value(serde_json::json!({"uses": 1, "period_ms": 86_400_000}))
                .unwrap();
        for user in 0..=MOST {
            table.count(
                key(user),
                cooldown,
                now + Duration::from_millis(user as u64),
            );
        }
        assert!(table.used.len() <= MOST, "{}", table.used.len());
        assert!(!table.used.contains_key(&key(0)) && table.used.contains_key(&key(MOST)));
        // And of one, the oldest.
        for _ in 0..2 * USES {
            table.count(key(MOST), cooldown, now);
        }
        assert_eq!(table.used[&key(MOST)].0.len(), USES);
    }

    #[test]
    fn so_many_uses_within_a_period_and_each_place_comes_free_again() {
        let trial = Trial::with(Some((2, Per::User)), None);
        let enter = |user| trial.enter(at(user, 1, 1)).map(drop);
        assert!(enter(7).is_ok());
        trial.passes(4);
        assert!(enter(7).is_ok());
        let six_left = Wait::Cooldown(Duration::from_secs(6), Per::User);
        assert_eq!(enter(7).unwrap_err(), six_left);
        let look = trial.limits.look(trial.asked(&at(7, 1, 1)));
        assert_eq!(look, Some(six_left));
        assert!(enter(8).is_ok(), "others have their own");
        trial.passes(6);
        assert!(enter(7).is_ok());
        let four_left = Wait::Cooldown(Duration::from_secs(4), Per::User);
        assert_eq!(enter(7).unwrap_err(), four_left);
    }

    #[test]
    fn a_use_that_did_not_come_to_its_plugin_costs_nothing() {
        let trial = Trial::with(Some((1, Per::User)), Some((1, Per::User)));
        trial.enter(at(7, 1, 1)).unwrap().give_back();
        let running = trial.enter(at(7, 1, 1)).unwrap();
        drop(running);
        assert!(matches!(trial.enter(at(7, 1, 1)), Err(Wait::Cooldown(..))));
    }

    #[test]
    fn who_shares_a_cooldown() {
        for (per, shared, own) in [
            (Per::User, at(7, 2, 2), at(8, 1, 1)),
            (Per::Member, at(7, 1, 2), at(7, 2, 1)),
            (Per::Channel, at(8, 1, 1), at(7, 1, 2)),
            (Per::Guild, at(8, 1, 2), at(7, 2, 1)),
        ] {
            let trial = Trial::with(Some((1, per)), None);
            assert!(trial.enter(at(7, 1, 1)).is_ok());
            assert!(trial.enter(shared).is_err(), "{per:?}");
            assert!(trial.enter(own).is_ok(), "{per:?}");
        }
        let trial = Trial::with(Some((1, Per::Global)), None);
        assert!(trial.enter(at(7, 1, 1)).is_ok());
        assert!(trial.enter(at(8, 2, 2)).is_err());
    }

    #[test]
    fn the_default_is_for_commands_that_declare_none() {
        let default = Trial::with(Some((1, Per::User)), None).command.cooldown;
        let plain = Trial {
            default,
            ..Trial::with(None, None)
        };
        assert!(plain.enter(at(7, 1, 1)).is_ok());
        assert!(plain.enter(at(7, 1, 1)).is_err());
        let free = Trial {
            default,
            ..Trial::with(Some((0, Per::User)), None)
        };
        for _ in 0..5 {
            assert!(free.enter(at(7, 1, 1)).is_ok());
        }
    }

    #[test]
    fn so_many_run_at_once() {
        let trial = Trial::with(None, Some((1, Per::Channel)));
        let first = trial.enter(at(7, 1, 1)).unwrap();
        assert!(matches!(trial.enter(at(8, 1, 1)), Err(Wait::Busy(_))));
        let look = trial.limits.look(trial.asked(&at(8, 1, 1)));
        assert!(matches!(look, Some(Wait::Busy(_))));
        assert!(trial.enter(at(8, 1, 2)).is_ok());
        drop(first);
        assert!(trial.enter(at(8, 1, 1)).is_ok());
        assert!(lock(&trial.limits.0).running.is_empty(), "nothing is left");
    }

    #[test]
    fn what_is_over_is_forgotten() {
        let trial = Trial::with(Some((1, Per::User)), None);
        for user in 0..TIDY_AT as u64 {
            assert!(trial.enter(at(user, 1, 1)).is_ok());
        }
        trial.passes(10);
        assert!(trial.enter(at(1 << 40, 1, 1)).is_ok());
        assert_eq!(lock(&trial.limits.0).used.len(), 1);
    }
}
