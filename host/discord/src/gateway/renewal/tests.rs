//! Property tests of the renewal, with a Discord made of random delays, failures and reconnects.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

const FEW: Intents = Intents::GUILDS;
const MORE: Intents = Intents::GUILDS.union(Intents::MESSAGE_CONTENT);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn plenty(now: Instant) -> Allowance {
    Allowance::of(1000, 1000, 1, now)
}

/// A shard whose first session is ready.
fn ready(intents: Intents, now: Instant) -> Renewal {
    let mut renewal = Renewal::new(intents, plenty(now), now);
    assert_eq!(renewal.step(Input::Ready(0), now), []);
    renewal
}

#[test]
fn a_wish_for_more_opens_a_session_which_takes_over() {
    let now = Instant::now();
    let mut renewal = ready(FEW, now);
    let opened = renewal.step(Input::Wanted(MORE), now);
    assert_eq!(opened, [Output::Open(1, MORE)]);
    assert_eq!(renewal.standing(), Standing::Renewing);
    let taken = renewal.step(Input::Ready(1), now + ms(900));
    assert_eq!(taken, [Output::TakenOver { from: 0, to: 1 }]);
    assert!(renewal.is_old(0));
    let end = renewal.wakes_at().unwrap();
    assert_eq!(end, now + ms(900) + OVERLAP);
    assert_eq!(renewal.step(Input::Time, end), [Output::Close(0)]);
    assert_eq!(
        (renewal.standing(), renewal.wakes_at()),
        (Standing::Steady, None)
    );
}

/// Deaf for good: wanted intents were compared with the current session, and not with the one that was on its way.
#[test]
fn a_wish_that_is_taken_back_while_its_session_is_on_its_way_is_followed() {
    let now = Instant::now();
    let mut renewal = ready(MORE, now);
    assert_eq!(renewal.step(Input::Wanted(FEW), now), [], "it settles");
    let opened = renewal.step(Input::Time, now + SETTLE);
    assert_eq!(opened, [Output::Open(1, FEW)]);
    let back = renewal.step(Input::Wanted(MORE), now + SETTLE + ms(1));
    assert_eq!(back, [Output::Close(1)]);
    // What it still says is the past.
    assert_eq!(renewal.step(Input::Ready(1), now + SETTLE + ms(2)), []);
    assert_eq!(renewal.current(), (0, MORE));
}

fn resuming(intents: Intents, knows: bool, now: Instant) -> Renewal {
    let restored = Restored { intents, knows };
    Renewal::resuming(restored, MORE, plenty(now), now)
}

#[test]
fn a_session_of_the_process_before_goes_on_and_costs_nothing() {
    let now = Instant::now();
    let mut renewal = resuming(MORE, true, now);
    assert_eq!(renewal.step(Input::Up(0, true), now), []);
    assert_eq!(renewal.step(Input::Resumed(0), now), []);
    assert_eq!(
        (renewal.standing(), renewal.wakes_at()),
        (Standing::Steady, None)
    );
}

/// Neither what it has told nor its intents are what is wanted: it brings what was missed first, and another one is opened then.
#[test]
fn a_session_whose_servers_are_not_known_is_renewed_once_it_goes_on() {
    for (intents, knows) in [(MORE, false), (FEW, true), (FEW, false)] {
        let now = Instant::now();
        let mut renewal = resuming(intents, knows, now);
        assert_eq!(renewal.step(Input::Up(0, true), now), []);
        assert_eq!((renewal.wakes_at(), renewal.current().1), (None, intents));
        let opened = renewal.step(Input::Resumed(0), now);
        assert_eq!(opened, [Output::Open(1, MORE)]);
        let taken = renewal.step(Input::Ready(1), now);
        assert_eq!(taken, [Output::TakenOver { from: 0, to: 1 }]);
    }
}

#[test]
fn a_session_that_does_not_go_on_is_identified_as_is_wanted_and_once() {
    for (intents, knows) in [(MORE, false), (FEW, true), (FEW, false)] {
        let now = Instant::now();
        let mut renewal = resuming(intents, knows, now);
        assert_eq!(renewal.step(Input::Up(0, true), now), []);
        assert_eq!(renewal.step(Input::Up(0, false), now), []);
        assert_eq!(renewal.step(Input::Ready(0), now), []);
        assert_eq!((renewal.current(), renewal.wakes_at()), ((0, MORE), None));
    }
}

#[test]
fn a_plugin_that_is_put_back_within_seconds_costs_no_session() {
    let now = Instant::now();
    let mut renewal = ready(MORE, now);
    assert_eq!(renewal.step(Input::Wanted(FEW), now), []);
    assert_eq!(renewal.step(Input::Wanted(MORE), now + ms(4_900)), []);
    assert_eq!(renewal.step(Input::Time, now + SETTLE), []);
    assert_eq!(renewal.wakes_at(), None);
}

#[test]
fn a_wish_that_changes_during_the_overlap_waits_for_its_end() {
    let now = Instant::now();
    let mut renewal = ready(FEW, now);
    renewal.step(Input::Wanted(MORE), now);
    renewal.step(Input::Ready(1), now);
    let other = Intents::GUILDS | Intents::GUILD_MEMBERS;
    assert_eq!(renewal.step(Input::Wanted(other), now + ms(1)), []);
    assert!(matches!(renewal.standing(), Standing::Waiting(_)));
    let end = renewal.wakes_at().unwrap();
    assert_eq!(
        renewal.step(Input::Time, end),
        [Output::Close(0), Output::Open(2, other)]
    );
}

#[test]
fn refused_intents_leave_the_session_that_there_is_and_are_asked_for_again() {
    let now = Instant::now();
    let mut renewal = ready(FEW, now);
    renewal.step(Input::Wanted(MORE), now);
    assert_eq!(renewal.step(Input::Closed(1), now), [Output::Refused(1)]);
    assert_eq!(renewal.current(), (0, FEW));
    assert_eq!(renewal.standing(), Standing::Refused(now + FIRST_RETRY));
    let mut at = now;
    let mut pauses = Vec::new();
    for number in 2..8 {
        let due = renewal.wakes_at().unwrap();
        pauses.push((due - at).as_secs());
        at = due;
        assert_eq!(renewal.step(Input::Time, at), [Output::Open(number, MORE)]);
        assert_eq!(
            renewal.step(Input::Closed(number), at),
            [Output::Refused(number)]
        );
    }
    assert_eq!(pauses, [60, 120, 240, 480, 900, 900]);
    // Something else is asked for at once.
    let other = Intents::GUILDS | Intents::GUILD_INVITES;
    let opened = renewal.step(Input::Wanted(other), at);
    assert_eq!(opened, [Output::Open(8, other)]);
}

#[test]
fn the_old_session_stands_in_for_a_new_one_that_dies_during_the_overlap() {
    let now = Instant::now();
    let mut renewal = ready(FEW, now);
    renewal.step(Input::Wanted(MORE), now);
    renewal.step(Input::Ready(1), now);
    assert_eq!(renewal.step(Input::Up(1, false), now + ms(10)), []);
    assert!(renewal.is_up());
    assert_eq!(renewal.step(Input::Time, now + ms(60_000)), []);
    let back = now + ms(70_000);
    assert_eq!(renewal.step(Input::Up(1, true), back), []);
    assert_eq!(renewal.wakes_at(), Some(back + OVERLAP));
    assert_eq!(
        renewal.step(Input::Time, back + OVERLAP),
        [Output::Close(0)]
    );
    // And if it is closed for good, the old one serves on.
    let mut renewal = ready(FEW, now);
    renewal.step(Input::Wanted(MORE), now);
    renewal.step(Input::Ready(1), now);
    assert_eq!(renewal.step(Input::Closed(1), now), [Output::Refused(1)]);
    assert_eq!(renewal.current(), (0, FEW));
}

#[test]
fn an_old_session_that_had_to_begin_anew_is_of_no_use() {
    let now = Instant::now();
    let mut renewal = ready(FEW, now);
    renewal.step(Input::Wanted(MORE), now);
    renewal.step(Input::Ready(1), now);
    assert_eq!(renewal.step(Input::Ready(0), now), [Output::Close(0)]);
}

#[test]
fn the_last_session_ends_the_shard() {
    let now = Instant::now();
    let mut renewal = ready(FEW, now);
    assert_eq!(renewal.step(Input::Closed(0), now), [Output::Ended]);
}

#[test]
fn plugins_that_come_and_go_all_day_do_not_use_up_the_sessions_of_the_day() {
    let start = Instant::now();
    for (total, remaining, shards) in [(1000, 1000, 1), (2000, 2000, 16), (1000, 4, 1)] {
        let mut renewal = Renewal::new(FEW, Allowance::of(total, remaining, shards, start), start);
        renewal.step(Input::Ready(0), start);
        let mut opened = 0;
        for second in 0..24 * 60 * 60 {
            let now = start + Duration::from_secs(second);
            let wanted = if second % 20 < 10 { MORE } else { FEW };
            for output in renewal.step(Input::Wanted(wanted), now) {
                if let Output::Open(number, _) = output {
                    opened += 1;
                    renewal.step(Input::Ready(number), now);
                }
            }
        }
        assert!(opened > 0);
        assert!(
            opened * shards <= total * 6 / 10,
            "{opened} of {total} on each of {shards} shards"
        );
    }
}

/// A source of numbers that is the same for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// A shard and a Discord that is anything but reliable.
struct World {
    random: Random,
    now: Instant,
    renewal: Renewal,
    /// What is going to happen, in order.
    coming: BTreeMap<(Instant, u64), Input>,
    counter: u64,
    /// The sessions that are open, and whether each is ready.
    open: BTreeMap<SessionNumber, (Intents, bool)>,
    /// What Discord gives to nobody.
    refused: Intents,
    wanted: Intents,
    story: Vec<String>,
}

impl World {
    fn new(seed: u64) -> Self {
        let now = Instant::now();
        let restored = Restored {
            intents: MORE,
            knows: seed % 8 < 4,
        };
        let is_restored = seed.is_multiple_of(2);
        let renewal = match is_restored {
            true => Renewal::resuming(restored, FEW, plenty(now), now),
            false => Renewal::new(FEW, plenty(now), now),
        };
        let mut world = Self {
            random: Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
            now,
            renewal,
            coming: BTreeMap::new(),
            counter: 0,
            open: BTreeMap::from([(0, (FEW, false))]),
            refused: Intents::empty(),
            wanted: FEW,
            story: Vec::new(),
        };
        match is_restored && world.random.below(2) == 0 {
            true => world.later(ms(700), Input::Resumed(0)),
            false => world.identify(0, FEW),
        }
        world
    }

    fn later(&mut self, after: Duration, input: Input) {
        self.counter += 1;
        self.coming.insert((self.now + after, self.counter), input);
    }

    /// A session's way to READY, or to its refusal.
    fn identify(&mut self, number: SessionNumber, intents: Intents) {
        let after = ms(self.random.below(8_000));
        let input = if intents.intersects(self.refused) {
            Input::Closed(number)
        } else {
            Input::Ready(number)
        };
        self.later(after, input);
    }

    fn happens(&mut self, input: Input) {
        self.story.push(format!("{input:?}"));
        match input {
            Input::Ready(number) | Input::Resumed(number) => {
                if let Some(session) = self.open.get_mut(&number) {
                    session.1 = true;
                }
            }
            Input::Up(number, is_up) => {
                if let Some(session) = self.open.get_mut(&number) {
                    session.1 = is_up;
                }
            }
            Input::Closed(number) => {
                self.open.remove(&number);
            }
            Input::Wanted(wanted) => self.wanted = wanted,
            Input::Time => {}
        }
        for output in self.renewal.step(input, self.now) {
            self.story.push(format!("    {output:?}"));
            self.carry_out(output);
        }
        let open: BTreeSet<_> = self.open.keys().copied().collect();
        assert!((1..=2).contains(&open.len()), "{self}");
        assert!(open.contains(&self.renewal.current().0), "{self}");
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Open(number, intents) => {
                self.open.insert(number, (intents, false));
                self.identify(number, intents);
            }
            Output::Close(number) => {
                let closed = self.open.remove(&number);
                let (_, was_ready) =
                    closed.unwrap_or_else(|| panic!("{number} is not open: {self}"));
                let mut left = self.open.values();
                assert!(
                    !was_ready || left.any(|it| it.1),
                    "the only session that hears something was closed: {self}"
                );
            }
            Output::TakenOver { from, to } => {
                assert!(self.open.contains_key(&from) && self.open[&to].1, "{self}");
            }
            Output::Refused(number) => {
                assert!(!self.open.contains_key(&number), "{self}");
            }
            Output::Ended => panic!("the shard has ended: {self}"),
        }
    }

    /// Lets time pass, and with it what is going to happen.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let next = self.coming.first_key_value().map(|(key, _)| key.0);
            let wakes = self.renewal.wakes_at().map(|at| at.max(self.now));
            let Some(at) = next.into_iter().chain(wakes).min().filter(|at| *at <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(at);
            match self.coming.first_entry() {
                Some(first) if first.key().0 <= self.now => {
                    let input = first.remove();
                    self.happens(input);
                }
                _ => self.happens(Input::Time),
            }
        }
    }

    /// One thing goes wrong, or is wished for.
    fn disturb(&mut self) {
        let sessions: Vec<_> = self
            .open
            .iter()
            .map(|(number, it)| (*number, *it))
            .collect();
        let at = self.random.below(sessions.len() as u64) as usize;
        let (number, (intents, is_ready)) = sessions[at];
        match self.random.below(10) {
            0..=4 => {
                let mut wanted = Intents::GUILDS;
                for intent in [
                    Intents::MESSAGE_CONTENT,
                    Intents::GUILD_MEMBERS,
                    Intents::GUILD_INVITES,
                ] {
                    wanted.set(intent, self.random.below(2) == 0);
                }
                self.happens(Input::Wanted(wanted));
            }
            // The connection is lost, and resumed.
            5 if is_ready => {
                self.happens(Input::Up(number, false));
                let after = ms(self.random.below(20_000));
                self.later(after, Input::Up(number, true));
            }
            // The session is invalid.
            6 if is_ready => {
                self.happens(Input::Up(number, false));
                let given = intents - self.refused;
                self.identify(number, given);
            }
            // For good; the other session serves on.
            7 if sessions.len() == 2 && sessions[1 - at].1.1 => {
                self.happens(Input::Closed(number));
            }
            8 => self.refused = Intents::MESSAGE_CONTENT,
            9 => self.refused = Intents::empty(),
            _ => {}
        }
    }
}

impl std::fmt::Display for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let from = self.story.len().saturating_sub(40);
        write!(f, "{:#?}\n{}", self.renewal, self.story[from..].join("\n"))
    }
}

#[test]
fn at_rest_session_and_wish_agree_whatever_has_happened() {
    for seed in 0..2_000 {
        let mut world = World::new(seed);
        world.story.push(format!("seed {seed}"));
        for _ in 0..1 + seed % 60 {
            world.disturb();
            let time = ms(world.random.below(6_000));
            world.pass(time);
        }
        // Discord refuses MESSAGE_CONTENT: the rest of time changes nothing, and it is told.
        if world.refused.intersects(world.wanted) {
            world.pass(Duration::from_secs(3_600));
            let (_, intents) = world.renewal.current();
            let stays = intents == world.wanted
                || matches!(
                    world.renewal.standing(),
                    Standing::Refused(_) | Standing::Renewing
                );
            assert!(stays, "{world}");
            world.refused = Intents::empty();
        }
        world.pass(Duration::from_secs(3_600));
        let (number, intents) = world.renewal.current();
        assert_eq!(intents, world.wanted, "{world}");
        assert_eq!(
            world.open,
            BTreeMap::from([(number, (intents, true))]),
            "{world}"
        );
        assert_eq!(world.renewal.standing(), Standing::Steady, "{world}");
        assert_eq!(world.renewal.wakes_at(), None, "{world}");
    }
}
