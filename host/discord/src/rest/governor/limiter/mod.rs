//! Rate limit state machine: who waits for what, and when it goes out. It has no clock, socket or task, and is told
//! what happens and when.
//!
//! ```text
//!  ask ───▶ waiting ──pump: its turn, and nothing is in the way──▶ on its way ──answered──▶ done
//!              │  ▲                                                     │
//!              │  └────────── a 429 with a wait that is worth it ───────┘
//!              └─ pump: it would wait too long, or nothing goes out any more ──▶ refused
//! ```
//!
//! One request of a bucket is on its way at a time: the answer to each tells how many are left, order is kept, and after a 429
//! there is one try, and not as many as wait.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use host_base::PluginName;

use super::{
    headers::{RateLimitInfo, Scope},
    invalid::{Bounds, Invalid, InvalidRequest, Notice, Stopped},
    route::{RequestClass, Route},
};

/// The global limit is counted over this time. A little more than Discord's second: what is sent within one must not arrive
/// within one.
const SECOND: Duration = Duration::from_millis(1_050);

/// What a first answer to an interaction is worth: then Discord has given up.
const CALLBACK_WAIT: Duration = Duration::from_secs(3);

/// How often one request meets a 429 before it fails.
const TRIES: u32 = 5;

/// Requests of one plugin that wait: some minutes of all that the global limit lets through. Beyond, it awaits nothing.
const WAITING: usize = 5_000;

/// Buckets that are kept before expired ones are forgotten, at least.
const BUCKETS: usize = 20_000;

/// Routes whose buckets' names are known. Discord has some 300.
const NAMES: usize = 2_000;

/// Limits that hold for all.
#[derive(Debug, Clone, Copy)]
pub(in crate::rest) struct Rules {
    /// Requests in a second, of all.
    pub per_second: usize,
    /// What is waited at most; what would take longer fails at once.
    pub longest_wait: Duration,
}

impl Rules {
    /// What those who take all they can get may have of a second, together: the rest is for whoever comes beside them, and goes
    /// out at once.
    fn for_floods(self) -> usize {
        (self.per_second * 4 / 5).max(1)
    }
}

/// A request as it is asked for.
#[derive(Debug, Clone)]
pub(in crate::rest) struct PendingRequest {
    /// Whose it is; `None` for the host's own.
    pub plugin: Option<PluginName>,
    pub route: Route,
    pub class: RequestClass,
}

/// One request's place, which it keeps when it is sent once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rest) struct Ticket {
    /// In the order of their coming.
    pub number: u64,
    /// It does not wait beyond.
    pub until: Instant,
    /// How often it was sent.
    pub tries: u32,
}

/// Verdict on a request that waited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rest) enum Verdict {
    /// It goes out.
    Go,
    /// It would have to wait for so long.
    TooLong(Duration),
    /// Too many requests were invalid.
    Stopped(Stopped),
    /// Its plugin has so many that wait.
    Crowded(usize),
}

/// Verdict on a request that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rest) enum Fate {
    /// The answer is for whoever asked.
    Done,
    /// It is to be asked for once more, with its ticket.
    Again(Ticket),
    /// Discord wants it to wait for so long.
    TooLong(Duration),
}

/// Turn in the queue. Answers go first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Turn {
    Answers,
    Host,
    Plugin(PluginName),
}

impl Turn {
    fn of(pending: &PendingRequest) -> Self {
        match (&pending.plugin, pending.class.is_counted()) {
            (_, false) => Self::Answers,
            (Some(plugin), true) => Self::Plugin(plugin.clone()),
            (None, true) => Self::Host,
        }
    }
}

/// Waiting requests of one plugin: by route, each in its order.
#[derive(Debug, Default)]
struct Queue {
    routes: BTreeMap<Route, (RequestClass, VecDeque<Ticket>)>,
    count: usize,
}

#[derive(Debug, Default)]
struct Bucket {
    on_its_way: bool,
    remaining: Option<u32>,
    reset: Option<Instant>,
    /// Until when Discord wants nothing of it.
    stop: Option<Instant>,
}

impl Bucket {
    /// From when on it takes one more, as far as is known.
    fn opens(&self) -> Option<Instant> {
        let reset = self.reset.filter(|_| self.remaining == Some(0));
        self.stop.max(reset)
    }
}

/// A stop of many buckets at once. Behind it there is one try before all others follow.
#[derive(Debug, Default)]
struct Barrier {
    until: Option<Instant>,
    /// The one that tries.
    scout: Option<u64>,
}

impl Barrier {
    fn close(&mut self, until: Instant) {
        self.until = self.until.max(Some(until));
        self.scout = None;
    }

    /// Whether nothing passes now.
    fn blocks(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until) || self.scout.is_some()
    }

    /// One passes: the first behind a stop is the scout.
    fn pass(&mut self, number: u64) {
        if self.until.is_some() {
            self.scout = Some(number);
        }
    }

    /// The scout is back; the way is open if Discord did not ask it to wait again.
    fn back(&mut self, number: u64, is_well: bool) {
        if self.scout == Some(number) {
            self.scout = None;
            if is_well {
                self.until = None;
            }
        }
    }
}

/// A request that is on its way.
#[derive(Debug)]
struct Out {
    pending: PendingRequest,
    ticket: Ticket,
    bucket: Key,
}

/// A bucket: its name, or the route as long as that is unknown, and whose it is.
type Key = (Arc<str>, Arc<str>);

#[derive(Debug)]
pub(in crate::rest) struct Limiter {
    rules: Rules,
    last: u64,
    queues: BTreeMap<Turn, Queue>,
    /// Those with something that waits, in the order of their turns.
    rotation: VecDeque<Turn>,
    /// Where each waits, and whose it is.
    places: HashMap<u64, (Turn, Route, Option<PluginName>)>,
    on_their_way: HashMap<u64, Out>,
    /// Those that found no place to wait.
    crowded: Vec<u64>,
    limits: Limits,
    /// What went out within the last second, and whose it was.
    lately: VecDeque<(Instant, Turn)>,
    invalid: Invalid,
}

/// Limits that Discord has reported.
#[derive(Debug)]
struct Limits {
    /// The buckets' names, by route.
    names: HashMap<Arc<str>, Arc<str>>,
    buckets: HashMap<Key, Bucket>,
    /// How many buckets there may be before expired ones are forgotten.
    tidy_beyond: usize,
    /// The bot's global limit.
    global: Barrier,
    /// The address.
    address: Barrier,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            names: HashMap::new(),
            buckets: HashMap::new(),
            tidy_beyond: BUCKETS,
            global: Barrier::default(),
            address: Barrier::default(),
        }
    }
}

impl Limits {
    fn key(&self, route: &Route) -> Key {
        let name = self.names.get(&route.template).unwrap_or(&route.template);
        (Arc::clone(name), Arc::clone(&route.resource))
    }

    fn bucket(&self, route: &Route) -> Option<&Bucket> {
        self.buckets.get(&self.key(route))
    }

    fn is_free(&self, route: &Route, now: Instant) -> bool {
        self.bucket(route).is_none_or(|bucket| {
            !bucket.on_its_way && bucket.opens().is_none_or(|opens| opens <= now)
        })
    }

    /// From when on a request of that route goes out, as far as is known.
    fn opens(&self, route: &Route, class: RequestClass) -> Option<Instant> {
        let global = self.global.until.filter(|_| class.is_counted());
        let bucket = self.bucket(route).and_then(Bucket::opens);
        bucket.max(global).max(self.address.until)
    }

    /// A route's bucket is called so.
    fn name(&mut self, template: &Arc<str>, name: &str) {
        if self
            .names
            .get(template)
            .is_none_or(|known| **known != *name)
        {
            self.names.insert(Arc::clone(template), name.into());
        }
    }

    /// A request goes out. A first answer to an interaction has a bucket of its own, which nothing else ever asks for: it leaves none.
    fn sent(&mut self, bucket: &Key, class: RequestClass) {
        match class {
            RequestClass::Callback => {
                if let Some(bucket) = self.buckets.get_mut(bucket) {
                    bucket.on_its_way = true;
                }
            }
            _ => self.buckets.entry(bucket.clone()).or_default().on_its_way = true,
        }
    }

    /// One that was on its way is so no more.
    fn back(&mut self, out: &Out) {
        if let Some(bucket) = self.buckets.get_mut(&out.bucket) {
            bucket.on_its_way = false;
        }
    }

    /// Forgets expired buckets, when there are many: each time after as many new ones as were left, so a request pays for one or two.
    fn tidy(&mut self, now: Instant) {
        if self.buckets.len() > self.tidy_beyond {
            let tells = |at: Option<Instant>| at.is_some_and(|at| at > now);
            self.buckets
                .retain(|_, bucket| bucket.on_its_way || tells(bucket.stop) || tells(bucket.reset));
            self.tidy_beyond = (2 * self.buckets.len()).max(BUCKETS);
        }
        if self.names.len() > NAMES {
            // A plugin may invent routes. What is known of the real ones is told again by their next answers.
            self.names.clear();
        }
    }
}

impl Limiter {
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            last: 0,
            queues: BTreeMap::new(),
            rotation: VecDeque::new(),
            places: HashMap::new(),
            on_their_way: HashMap::new(),
            crowded: Vec::new(),
            limits: Limits::default(),
            lately: VecDeque::new(),
            invalid: Invalid::default(),
        }
    }

    /// What a request of that class waits at most.
    pub fn longest_wait(&self, class: RequestClass) -> Duration {
        match class {
            RequestClass::Callback => CALLBACK_WAIT,
            _ => self.rules.longest_wait,
        }
    }

    /// Enters a request, or one that is to be sent `again` in its old place.
    pub fn ask(&mut self, pending: &PendingRequest, again: Option<Ticket>, now: Instant) -> Ticket {
        let ticket = again.unwrap_or_else(|| {
            self.last += 1;
            Ticket {
                number: self.last,
                until: now + self.longest_wait(pending.class),
                tries: 0,
            }
        });
        let turn = Turn::of(pending);
        let queue = self.queues.entry(turn.clone()).or_default();
        if queue.count >= WAITING && again.is_none() {
            self.crowded.push(ticket.number);
            return ticket;
        }
        if queue.count == 0 {
            self.rotation.push_back(turn.clone());
        }
        queue.count += 1;
        let (_, waiting) = queue
            .routes
            .entry(pending.route.clone())
            .or_insert_with(|| (pending.class, VecDeque::new()));
        // The old places are in front.
        let place = waiting.partition_point(|other| other.number < ticket.number);
        waiting.insert(place, ticket);
        let place = (turn, pending.route.clone(), pending.plugin.clone());
        self.places.insert(ticket.number, place);
        self.limits.tidy(now);
        ticket
    }

    /// Whoever asked has gone, whether it still waited or was on its way.
    pub fn leave(&mut self, number: u64) {
        if let Some((turn, route, _)) = self.places.remove(&number) {
            if let Some(queue) = self.queues.get_mut(&turn)
                && let Some((_, waiting)) = queue.routes.get_mut(&route)
                && let Some(place) = waiting.iter().position(|ticket| ticket.number == number)
            {
                waiting.remove(place);
                queue.count -= 1;
                if waiting.is_empty() {
                    queue.routes.remove(&route);
                }
            }
            self.tidy(&turn);
        }
        if let Some(out) = self.on_their_way.remove(&number) {
            self.limits.back(&out);
            self.limits.global.back(number, false);
            self.limits.address.back(number, false);
        }
    }

    /// What Discord says to a request that was on its way; also what is to be told of invalid ones.
    pub fn answered(
        &mut self,
        number: u64,
        info: &RateLimitInfo,
        now: Instant,
    ) -> (Fate, Vec<Notice>) {
        let Some(out) = self.on_their_way.remove(&number) else {
            return (Fate::Done, Vec::new());
        };
        let limits = &mut self.limits;
        limits.back(&out);
        if let Some(name) = &info.bucket {
            limits.name(&out.pending.route.template, name);
        }
        let key = limits.key(&out.pending.route);
        let scope = info.limited.map(|limited| limited.scope);
        limits.global.back(number, scope != Some(Scope::Global));
        limits.address.back(number, scope != Some(Scope::Address));
        // Of an interaction's first answer a 429 alone is of any use: there is no second one.
        if out.pending.class != RequestClass::Callback || info.limited.is_some() {
            let bucket = limits.buckets.entry(key.clone()).or_default();
            if info.remaining.is_some() {
                bucket.remaining = info.remaining;
                bucket.reset = info.reset_after.map(|after| now + after);
            }
        }
        let notices = match info.is_invalid() {
            true => {
                let request = InvalidRequest {
                    plugin: out.pending.plugin.clone(),
                    route: Arc::clone(&out.pending.route.template),
                    status: info.status,
                };
                self.invalid.note(&request, now)
            }
            false => Vec::new(),
        };
        let Some(limited) = info.limited else {
            return (Fate::Done, notices);
        };
        let until = now + limited.wait;
        match limited.scope {
            Scope::Route | Scope::Shared => {
                let bucket = limits.buckets.entry(key).or_default();
                bucket.stop = bucket.stop.max(Some(until));
            }
            Scope::Global => limits.global.close(until),
            Scope::Address => limits.address.close(until),
        }
        let ticket = Ticket {
            tries: out.ticket.tries + 1,
            ..out.ticket
        };
        let fate = if until > ticket.until || ticket.tries >= TRIES {
            Fate::TooLong(limited.wait)
        } else {
            Fate::Again(ticket)
        };
        (fate, notices)
    }

    /// From now on so many invalid requests stop what.
    pub fn bound_invalid(&mut self, bounds: Bounds) {
        self.invalid.bounds = bounds;
    }

    /// All that goes out now, and all that is refused.
    pub fn pump(&mut self, now: Instant) -> Vec<(u64, Verdict)> {
        let crowded = self.crowded.drain(..);
        let mut verdicts: Vec<_> = crowded
            .map(|number| (number, Verdict::Crowded(WAITING)))
            .collect();
        self.refuse(now, &mut verdicts);
        while self
            .lately
            .front()
            .is_some_and(|(sent, _)| now.duration_since(*sent) >= SECOND)
        {
            self.lately.pop_front();
        }
        while let Some(number) = self.send_one(&Turn::Answers, now) {
            verdicts.push((number, Verdict::Go));
        }
        let mut in_vain = 0;
        while in_vain < self.rotation.len() && self.lately.len() < self.rules.per_second {
            let Some(turn) = self.rotation.pop_front() else {
                break;
            };
            match self.send_one(&turn, now) {
                Some(number) => {
                    verdicts.push((number, Verdict::Go));
                    in_vain = 0;
                }
                None => in_vain += 1,
            }
            if self.queues.contains_key(&turn) {
                self.rotation.push_back(turn);
            }
        }
        verdicts
    }

    /// When something may change by itself; `None` while only an answer can.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        let mut due: Option<Instant> = None;
        let mut sooner = |at: Instant| due = Some(due.map_or(at, |due| due.min(at)));
        for queue in self.queues.values() {
            for (route, (class, waiting)) in &queue.routes {
                let Some(first) = waiting.front() else {
                    continue;
                };
                sooner(first.until);
                let opens = self.limits.opens(route, *class);
                let opens = opens.filter(|opens| *opens > now);
                opens.into_iter().for_each(&mut sooner);
                if class.is_counted() {
                    let first = self.lately.front().map(|(sent, _)| *sent + SECOND);
                    first.into_iter().for_each(&mut sooner);
                }
            }
        }
        due
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.places.len()
    }

    /// Refuses those that would wait for too long, and those that must not go out.
    fn refuse(&mut self, now: Instant, verdicts: &mut Vec<(u64, Verdict)>) {
        let Self {
            queues,
            limits,
            invalid,
            rules,
            places,
            rotation,
            ..
        } = self;
        queues.retain(|turn, queue| {
            let plugin = match turn {
                Turn::Plugin(plugin) => Some(plugin),
                _ => None,
            };
            let stopped = invalid.stops(plugin, now).map(Verdict::Stopped);
            let before = verdicts.len();
            queue.routes.retain(|route, (class, waiting)| {
                if let Some(stopped) = stopped.as_ref().filter(|_| !class.is_spared()) {
                    let all = waiting.drain(..);
                    verdicts.extend(all.map(|ticket| (ticket.number, stopped.clone())));
                }
                let opens = limits.opens(route, *class).filter(|opens| *opens > now);
                while let Some(first) = waiting.front()
                    && (first.until <= now || opens.is_some_and(|opens| opens > first.until))
                {
                    let wait = opens.map_or(rules.longest_wait, |opens| opens - now);
                    verdicts.push((first.number, Verdict::TooLong(wait)));
                    waiting.pop_front();
                }
                !waiting.is_empty()
            });
            let refused = verdicts.get(before..).unwrap_or_default();
            queue.count -= refused.len();
            for (number, _) in refused {
                places.remove(number);
            }
            if queue.count == 0 {
                rotation.retain(|other| other != turn);
            }
            queue.count > 0
        });
    }

    /// The next of this turn that nothing is in the way of.
    fn send_one(&mut self, turn: &Turn, now: Instant) -> Option<u64> {
        let is_counted = *turn != Turn::Answers;
        let limits = &self.limits;
        if limits.address.blocks(now) || is_counted && limits.global.blocks(now) {
            return None;
        }
        if is_counted && !self.has_room_for(turn) {
            return None;
        }
        let queue = self.queues.get(turn)?;
        let mut first: Option<(Ticket, &Route, RequestClass)> = None;
        for (route, (class, waiting)) in &queue.routes {
            let Some(ticket) = waiting.front() else {
                continue;
            };
            let earlier = first.is_none_or(|(first, ..)| ticket.number < first.number);
            if earlier && limits.is_free(route, now) {
                first = Some((*ticket, route, *class));
            }
        }
        let (ticket, route, class) = first?;
        let (route, bucket) = (route.clone(), limits.key(route));
        let queue = self.queues.get_mut(turn)?;
        queue.count -= 1;
        if let Some((_, waiting)) = queue.routes.get_mut(&route) {
            waiting.pop_front();
            if waiting.is_empty() {
                queue.routes.remove(&route);
            }
        }
        let plugin = self.places.remove(&ticket.number).and_then(|place| place.2);
        if queue.count == 0 {
            self.queues.remove(turn);
        }
        if *turn == Turn::Answers {
            self.rotation
                .retain(|turn| *turn != Turn::Answers || self.queues.contains_key(turn));
        }
        if class.is_counted() {
            self.lately.push_back((now, turn.clone()));
            self.limits.global.pass(ticket.number);
        }
        self.limits.address.pass(ticket.number);
        self.limits.sent(&bucket, class);
        let pending = PendingRequest {
            plugin,
            route,
            class,
        };
        let out = Out {
            pending,
            ticket,
            bucket,
        };
        self.on_their_way.insert(ticket.number, out);
        Some(ticket.number)
    }

    /// Whether this second has room for one more of that turn's: the last fifth is for those who have had less than their part.
    fn has_room_for(&self, turn: &Turn) -> bool {
        let used = self.lately.len();
        if used < self.rules.for_floods() {
            return true;
        }
        let whose: BTreeSet<&Turn> = self.lately.iter().map(|(_, whose)| whose).collect();
        let part = (self.rules.per_second / (whose.len() + 1)).max(1);
        let own = self.lately.iter().filter(|(_, whose)| whose == turn);
        used < self.rules.per_second && own.count() < part
    }

    /// Forgets a turn of which nothing waits.
    fn tidy(&mut self, turn: &Turn) {
        if self.queues.get(turn).is_some_and(|queue| queue.count == 0) {
            self.queues.remove(turn);
        }
        if !self.queues.contains_key(turn) {
            self.rotation.retain(|other| other != turn);
        }
    }
}

#[cfg(test)]
mod tests;
