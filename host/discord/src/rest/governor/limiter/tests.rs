//! Tests of the rate limits against a simulated Discord, in simulated time: seconds of work for hours of traffic.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::{
    super::{
        headers::Limited,
        invalid::{BAN, Bounds},
    },
    *,
};

const RULES: Rules = Rules {
    per_second: 50,
    longest_wait: Duration::from_secs(60),
};

/// Nothing goes out.
const NONE: [u64; 0] = [];

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn pending(plugin: &str, method: &str, path: &str) -> PendingRequest {
    PendingRequest {
        plugin: (!plugin.is_empty()).then(|| plugin.into()),
        route: Route::of(method, path),
        class: RequestClass::of(path),
    }
}

fn fine() -> RateLimitInfo {
    RateLimitInfo {
        status: 200,
        ..RateLimitInfo::default()
    }
}

fn limited(scope: Scope, wait: Duration) -> RateLimitInfo {
    RateLimitInfo {
        status: 429,
        limited: Some(Limited { scope, wait }),
        ..RateLimitInfo::default()
    }
}

/// Numbers from a seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// A book with a time of its own.
struct Bench {
    limiter: Limiter,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        Self {
            limiter: Limiter::new(RULES),
            now: Instant::now(),
        }
    }

    fn ask(&mut self, plugin: &str, method: &str, path: &str) -> Ticket {
        self.limiter
            .ask(&pending(plugin, method, path), None, self.now)
    }

    /// The numbers that go out now; whatever else is said is wrong.
    #[track_caller]
    fn go(&mut self) -> Vec<u64> {
        let verdicts = self.limiter.pump(self.now).into_iter();
        verdicts
            .map(|(number, verdict)| {
                assert_eq!(verdict, Verdict::Go);
                number
            })
            .collect()
    }

    fn answered(&mut self, ticket: Ticket, info: &RateLimitInfo) -> Fate {
        self.limiter.answered(ticket.number, info, self.now).0
    }
}

#[test]
fn one_of_a_bucket_is_on_its_way_and_buckets_do_not_disturb_each_other() {
    let mut bench = Bench::new();
    let first = bench.ask("a", "GET", "channels/1");
    let second = bench.ask("a", "GET", "channels/1");
    let other = bench.ask("a", "GET", "channels/2");
    assert_eq!(bench.go(), [first.number, other.number]);
    let info = RateLimitInfo {
        bucket: Some("abc".into()),
        remaining: Some(0),
        reset_after: Some(ms(1_500)),
        ..fine()
    };
    assert_eq!(bench.answered(first, &info), Fate::Done);
    assert_eq!(bench.go(), NONE);
    assert!(bench.limiter.due(bench.now) <= Some(bench.now + ms(1_500)));
    bench.now += ms(1_499);
    assert_eq!(bench.go(), NONE);
    bench.now += ms(1);
    assert_eq!(bench.go(), [second.number]);
}

#[test]
fn routes_that_share_a_bucket_share_its_limit_as_soon_as_that_is_known() {
    let mut bench = Bench::new();
    let info = |remaining| RateLimitInfo {
        bucket: Some("write".into()),
        remaining: Some(remaining),
        reset_after: Some(ms(5_000)),
        ..fine()
    };
    let send = bench.ask("a", "POST", "channels/1/messages");
    let edit = bench.ask("a", "PATCH", "channels/1/messages/2");
    assert_eq!(bench.go().len(), 2);
    bench.answered(send, &info(1));
    bench.answered(edit, &info(0));
    bench.ask("a", "POST", "channels/1/messages");
    let elsewhere = bench.ask("a", "POST", "channels/9/messages");
    assert_eq!(bench.go(), [elsewhere.number]);
}

#[test]
fn after_a_429_of_a_route_one_tries_and_the_others_follow_it() {
    let mut bench = Bench::new();
    let first = bench.ask("a", "GET", "channels/1");
    let others: Vec<_> = (0..5)
        .map(|_| bench.ask("b", "GET", "channels/1"))
        .collect();
    assert_eq!(bench.go(), [first.number]);
    let Fate::Again(again) = bench.answered(first, &limited(Scope::Route, ms(3_000))) else {
        panic!("it is worth the wait")
    };
    bench
        .limiter
        .ask(&pending("a", "GET", "channels/1"), Some(again), bench.now);
    bench.now += ms(2_999);
    assert_eq!(bench.go(), NONE);
    bench.now += ms(1);
    assert_eq!(bench.go().len(), 1);
    assert_eq!(others.len(), bench.limiter.waiting());
}

#[test]
fn after_a_429_of_all_routes_one_tries_and_the_others_follow_it() {
    for scope in [Scope::Global, Scope::Address] {
        let mut bench = Bench::new();
        let first = bench.ask("a", "GET", "channels/0");
        bench.go();
        let Fate::Again(again) = bench.answered(first, &limited(scope, ms(3_000))) else {
            panic!("it is worth the wait")
        };
        bench
            .limiter
            .ask(&pending("a", "GET", "channels/0"), Some(again), bench.now);
        for n in 1..4 {
            bench.ask("a", "GET", &format!("channels/{n}"));
        }
        bench.now += ms(2_999);
        assert_eq!(bench.go(), NONE, "{scope:?}");
        bench.now += ms(1);
        assert_eq!(bench.go(), [again.number], "{scope:?}: the oldest tries");
        bench.now += ms(500);
        let fate = bench.answered(again, &limited(scope, ms(2_000)));
        assert!(matches!(fate, Fate::Again(_)));
        bench.now += ms(1_999);
        assert_eq!(bench.go(), NONE, "{scope:?}: told to wait again");
        bench.now += ms(1);
        let scout = bench.go();
        assert_eq!(scout.len(), 1);
        bench.limiter.answered(scout[0], &fine(), bench.now);
        assert_eq!(bench.go().len(), 2, "{scope:?}: the way is open");
    }
}

#[test]
fn answers_to_interactions_pass_a_global_limit_and_no_ban() {
    let mut bench = Bench::new();
    let any = bench.ask("a", "GET", "users/@me");
    bench.go();
    bench.answered(any, &limited(Scope::Global, ms(40_000)));
    bench.ask("a", "GET", "guilds/1");
    let callback = bench.ask("a", "POST", "interactions/1/t/callback");
    let edit = bench.ask("a", "PATCH", "webhooks/1/t/messages/@original");
    assert_eq!(bench.go(), [callback.number, edit.number]);
    bench.answered(edit, &limited(Scope::Address, ms(50_000)));
    let callback = bench.ask("a", "POST", "interactions/2/t/callback");
    let verdicts = bench.limiter.pump(bench.now);
    assert_eq!(verdicts, [(callback.number, Verdict::TooLong(ms(50_000)))]);
}

#[test]
fn what_would_wait_too_long_fails_at_once_and_names_the_wait() {
    let mut bench = Bench::new();
    let first = bench.ask("a", "PATCH", "channels/1");
    let second = bench.ask("b", "PATCH", "channels/1");
    assert_eq!(bench.go(), [first.number]);
    let hour = ms(3_600_000);
    assert_eq!(
        bench.answered(first, &limited(Scope::Route, hour)),
        Fate::TooLong(hour)
    );
    assert_eq!(
        bench.limiter.pump(bench.now),
        [(second.number, Verdict::TooLong(hour))]
    );
    bench.now += ms(1_000);
    let later = bench.ask("a", "PATCH", "channels/1");
    let left = Verdict::TooLong(ms(3_599_000));
    assert_eq!(bench.limiter.pump(bench.now), [(later.number, left)]);
    // Another channel is not concerned.
    let other = bench.ask("a", "PATCH", "channels/2");
    assert_eq!(bench.go(), [other.number]);
    assert_eq!(bench.limiter.waiting(), 0);
}

#[test]
fn a_request_that_meets_nothing_but_429_ends() {
    let mut bench = Bench::new();
    let mut ticket = bench.ask("a", "GET", "channels/1");
    for tries in 1.. {
        assert_eq!(bench.go(), [ticket.number]);
        match bench.answered(ticket, &limited(Scope::Shared, ms(10))) {
            Fate::Again(again) => ticket = again,
            fate => {
                assert_eq!((fate, tries), (Fate::TooLong(ms(10)), TRIES));
                break;
            }
        }
        bench
            .limiter
            .ask(&pending("a", "GET", "channels/1"), Some(ticket), bench.now);
        bench.now += ms(10);
    }
}

#[test]
fn who_has_gone_leaves_nothing_behind() {
    let mut bench = Bench::new();
    let first = bench.ask("a", "GET", "channels/1");
    let second = bench.ask("a", "GET", "channels/1");
    let third = bench.ask("b", "GET", "channels/1");
    assert_eq!(bench.go(), [first.number]);
    bench.limiter.leave(second.number);
    assert_eq!(bench.go(), NONE);
    bench.limiter.leave(first.number);
    assert_eq!(bench.go(), [third.number]);
    bench.limiter.leave(third.number);
    assert_eq!(bench.limiter.waiting(), 0);
    assert!(bench.limiter.queues.is_empty() && bench.limiter.rotation.is_empty());
    assert_eq!(bench.limiter.due(bench.now), None);
    // A scout that never comes back does not leave the way shut.
    let any = bench.ask("a", "GET", "users/@me");
    bench.go();
    bench.answered(any, &limited(Scope::Global, ms(10)));
    bench.now += ms(10);
    let scout = bench.ask("a", "GET", "guilds/1");
    let next = bench.ask("a", "GET", "guilds/2");
    assert_eq!(bench.go(), [scout.number]);
    bench.limiter.leave(scout.number);
    assert_eq!(bench.go(), [next.number]);
}

/// Each has a route of its own, which nobody asks for a second time.
#[test]
fn answers_to_interactions_leave_nothing_behind() {
    let mut bench = Bench::new();
    let told = RateLimitInfo {
        bucket: Some("callbacks".into()),
        remaining: Some(4),
        reset_after: Some(ms(5_000)),
        ..fine()
    };
    for id in 0..3_000 {
        let path = format!("interactions/{id}/token/callback");
        let ticket = bench.ask("a", "POST", &path);
        assert_eq!(bench.go(), [ticket.number]);
        assert_eq!(bench.answered(ticket, &told), Fate::Done);
    }
    let limits = &bench.limiter.limits;
    assert_eq!((limits.buckets.len(), limits.names.len()), (0, 1));
    assert!(bench.limiter.on_their_way.is_empty() && bench.limiter.places.is_empty());
    // One that Discord wants later is sent again then, and not before.
    let path = "interactions/3001/token/callback";
    let ticket = bench.ask("a", "POST", path);
    assert_eq!(bench.go(), [ticket.number]);
    let fate = bench.answered(ticket, &limited(Scope::Route, ms(400)));
    let Fate::Again(again) = fate else {
        panic!("{fate:?}");
    };
    let pending = pending("a", "POST", path);
    bench.limiter.ask(&pending, Some(again), bench.now);
    assert_eq!(bench.go(), NONE);
    bench.now += ms(400);
    assert_eq!(bench.go(), [ticket.number]);
    assert_eq!(bench.answered(ticket, &fine()), Fate::Done);
}

#[test]
fn expired_buckets_are_forgotten_and_those_that_still_tell_something_are_kept() {
    let mut bench = Bench::new();
    let told = RateLimitInfo {
        remaining: Some(0),
        reset_after: Some(ms(10_000)),
        ..fine()
    };
    let uses = |bench: &mut Bench, from: usize, to: usize| {
        for id in from..to {
            let ticket = bench.ask("", "POST", &format!("webhooks/1/token{id}"));
            assert_eq!(bench.go(), [ticket.number]);
            bench.answered(ticket, &told);
        }
    };
    uses(&mut bench, 0, BUCKETS + 2);
    assert_eq!(bench.limiter.limits.buckets.len(), BUCKETS + 2);
    // All of them say when they are full again: they are not looked through for each further one.
    assert!(bench.limiter.limits.tidy_beyond >= 2 * BUCKETS);
    bench.now += ms(10_000);
    uses(&mut bench, BUCKETS + 2, 2 * BUCKETS + 4);
    assert!(bench.limiter.limits.buckets.len() <= BUCKETS + 4);
}

#[test]
fn a_flood_of_one_plugin_leaves_room_for_the_others() {
    let mut bench = Bench::new();
    let flood: Vec<_> = (0..WAITING + 1)
        .map(|n| bench.ask("flood", "GET", &format!("channels/{n}")))
        .collect();
    let verdicts = bench.limiter.pump(bench.now);
    let last = flood.last().unwrap().number;
    assert_eq!(verdicts[0], (last, Verdict::Crowded(WAITING)));
    assert_eq!(verdicts.len() - 1, RULES.for_floods());
    // Whoever comes now goes out at once.
    for n in 0..RULES.per_second - RULES.for_floods() {
        let path = format!("channels/{}", 2_000_000 + n);
        let own = bench.ask(&format!("p{n}"), "GET", &path);
        assert_eq!(bench.go(), [own.number]);
    }
    bench.ask("late", "GET", "channels/3000000");
    assert_eq!(bench.go(), NONE, "the second is full");
}

/// Something that happens in the simulation.
enum Happening {
    Arrives(PendingRequest),
    Answered(u64, RateLimitInfo),
}

/// The simulation: Discord's answers come `TRAVEL` later.
struct World {
    bench: Bench,
    ahead: BinaryHeap<Reverse<(Instant, u64)>>,
    what: HashMap<u64, Happening>,
    number: u64,
    /// Each that is asked for, until it is answered or refused.
    open: HashMap<u64, (PendingRequest, Instant)>,
    out: HashMap<u64, PendingRequest>,
}

const TRAVEL: Duration = Duration::from_millis(50);

impl World {
    fn new() -> Self {
        Self {
            bench: Bench::new(),
            ahead: BinaryHeap::new(),
            what: HashMap::new(),
            number: 0,
            open: HashMap::new(),
            out: HashMap::new(),
        }
    }

    fn later(&mut self, after: Duration, happening: Happening) {
        self.number += 1;
        self.ahead
            .push(Reverse((self.bench.now + after, self.number)));
        self.what.insert(self.number, happening);
    }

    /// Runs until nothing is left. `discord` says what a request that goes out is answered; `over` hears how each ended: after
    /// how long, and whether with an answer. `on_answer` hears each answer when it is there.
    fn run(
        &mut self,
        mut discord: impl FnMut(&PendingRequest, Instant) -> RateLimitInfo,
        mut on_answer: impl FnMut(&PendingRequest, &RateLimitInfo, Instant),
        mut over: impl FnMut(&PendingRequest, Option<&RateLimitInfo>, Duration),
    ) {
        loop {
            let next = self.ahead.peek().map(|Reverse((at, _))| *at);
            let due = self.bench.limiter.due(self.bench.now);
            let Some(at) = next.into_iter().chain(due).min() else {
                return;
            };
            self.bench.now = at.max(self.bench.now);
            let now = self.bench.now;
            while let Some(Reverse((at, _))) = self.ahead.peek()
                && *at <= now
            {
                let Some(Reverse((_, number))) = self.ahead.pop() else {
                    break;
                };
                match self.what.remove(&number).unwrap() {
                    Happening::Arrives(pending) => {
                        let ticket = self.bench.limiter.ask(&pending, None, now);
                        self.open.insert(ticket.number, (pending, now));
                    }
                    Happening::Answered(number, answer) => {
                        let pending = self.out.remove(&number).unwrap();
                        on_answer(&pending, &answer, now);
                        match self.bench.limiter.answered(number, &answer, now).0 {
                            Fate::Again(ticket) => {
                                self.bench.limiter.ask(&pending, Some(ticket), now);
                            }
                            _ => {
                                let (pending, since) = self.open.remove(&number).unwrap();
                                over(&pending, Some(&answer), now - since);
                            }
                        }
                    }
                }
            }
            for (number, verdict) in self.bench.limiter.pump(now) {
                if verdict == Verdict::Go {
                    let pending = self.open[&number].0.clone();
                    let answer = discord(&pending, now);
                    self.out.insert(number, pending);
                    self.later(TRAVEL, Happening::Answered(number, answer));
                } else {
                    let (pending, since) = self.open.remove(&number).unwrap();
                    over(&pending, None, now - since);
                }
            }
        }
    }
}

/// Waits that Discord has asked for, and until when.
#[derive(Default)]
struct Standing {
    routes: HashMap<Route, Instant>,
    global: Option<Instant>,
    address: Option<Instant>,
}

impl Standing {
    fn hear(&mut self, pending: &PendingRequest, info: &RateLimitInfo, now: Instant) {
        let Some(limited) = info.limited else {
            return;
        };
        let until = now + limited.wait;
        match limited.scope {
            Scope::Route | Scope::Shared => drop(self.routes.insert(pending.route.clone(), until)),
            Scope::Global => self.global = self.global.max(Some(until)),
            Scope::Address => self.address = self.address.max(Some(until)),
        }
    }

    fn forbids(&self, pending: &PendingRequest, now: Instant) -> bool {
        let over = |until: Option<Instant>| until.is_none_or(|until| until <= now);
        !(over(self.address)
            && (over(self.global) || !pending.class.is_counted())
            && over(self.routes.get(&pending.route).copied()))
    }
}

#[test]
fn in_an_hour_of_mixed_429s_nothing_is_sent_while_told_to_wait() {
    for seed in [1, 20_261_128] {
        let (mut world, mut dice) = (World::new(), Dice(seed));
        let start = world.bench.now;
        for plugin in 0..8 {
            let mut at = 0;
            while at < 3_600_000 {
                at += 1 + dice.roll(3_500);
                let channel = dice.roll(6);
                let (method, path) = match dice.roll(10) {
                    0 => ("PATCH", format!("channels/{channel}")),
                    1 => ("POST", format!("interactions/{at}/t{plugin}/callback")),
                    2 => ("PATCH", format!("webhooks/1/t{at}/messages/@original")),
                    3 => ("GET", "users/@me".to_owned()),
                    _ => ("POST", format!("channels/{channel}/messages")),
                };
                world.later(
                    ms(at),
                    Happening::Arrives(pending(&format!("p{plugin}"), method, &path)),
                );
            }
        }
        let standing = std::cell::RefCell::new(Standing::default());
        let (mut sent, mut forbidden, mut seconds) = (0, 0, VecDeque::new());
        let mut most = 0;
        let mut names: HashMap<Arc<str>, VecDeque<Instant>> = HashMap::new();
        let discord = |pending: &PendingRequest, now: Instant| {
            sent += 1;
            forbidden += usize::from(standing.borrow().forbids(pending, now));
            if pending.class.is_counted() {
                seconds.push_back(now);
                while now - seconds[0] >= ms(1_000) {
                    seconds.pop_front();
                }
                most = most.max(seconds.len());
            }
            // A channel's name: twice in ten minutes, and the headers say nothing of it.
            if &*pending.route.template == "PATCH channels/:x" {
                let name = names
                    .entry(Arc::clone(&pending.route.resource))
                    .or_default();
                name.retain(|at| now - *at < ms(600_000));
                if name.len() >= 2 {
                    let wait = ms(600_000) - (now - name[0]);
                    return RateLimitInfo {
                        remaining: Some(8),
                        reset_after: Some(ms(2_000)),
                        ..limited(Scope::Route, wait)
                    };
                }
                name.push_back(now);
            }
            match dice.roll(400) {
                0 => limited(Scope::Global, ms(200 + dice.roll(5_000))),
                1 => limited(Scope::Address, ms(3_000 + dice.roll(90_000))),
                2..6 => limited(Scope::Shared, ms(dice.roll(4_000))),
                6..12 => limited(Scope::Route, ms(dice.roll(8_000))),
                _ => RateLimitInfo {
                    bucket: pending
                        .class
                        .is_counted()
                        .then(|| format!("b {}", pending.route.template)),
                    remaining: Some(u32::try_from(dice.roll(3)).unwrap()),
                    reset_after: Some(ms(dice.roll(1_200))),
                    ..fine()
                },
            }
        };
        let (mut done, mut refused) = (0, 0);
        world.run(
            discord,
            |pending, info, now| standing.borrow_mut().hear(pending, info, now),
            |_, info, took| {
                assert!(took <= RULES.longest_wait + TRAVEL * 10, "{took:?}");
                match info {
                    Some(info) if info.limited.is_none() => done += 1,
                    _ => refused += 1,
                }
            },
        );
        assert_eq!(forbidden, 0, "of {sent} sent with seed {seed}");
        assert!(most <= RULES.per_second, "{most} in a second");
        assert!(
            done > 5_000 && refused > 100,
            "{done} done, {refused} refused"
        );
        assert!(world.bench.now - start >= ms(3_500_000));
        assert_eq!(world.bench.limiter.waiting(), 0);
        println!(
            "seed {seed}: {sent} sent, {done} done, {refused} refused, {most} in one second, {forbidden} too early"
        );
    }
}

/// Mean time of the others' requests, and how many of the loop's were sent.
fn beside_a_loop(per_second: u64) -> (Duration, usize) {
    let mut world = World::new();
    for n in 0..per_second * 120 {
        let path = format!("channels/{}/messages", 100 + n % 500);
        world.later(
            ms(n * 1_000 / per_second),
            Happening::Arrives(pending("loop", "POST", &path)),
        );
    }
    for plugin in 0..5 {
        for n in 0..240 {
            let path = format!("guilds/{plugin}/roles/{}", n % 7);
            let arrives = Happening::Arrives(pending(&format!("p{plugin}"), "PATCH", &path));
            world.later(ms(n * 500 + plugin * 37), arrives);
        }
    }
    let mut forbidden = 0;
    let (mut time, mut count) = (Duration::ZERO, 0);
    let is_loop = |pending: &PendingRequest| pending.plugin.as_deref() == Some("loop");
    world.run(
        |pending, _| {
            let status = if is_loop(pending) { 403 } else { 200 };
            forbidden += usize::from(is_loop(pending));
            RateLimitInfo { status, ..fine() }
        },
        |_, _, _| {},
        |pending, info, took| {
            if !is_loop(pending) {
                assert!(info.is_some(), "refused beside a loop");
                time += took;
                count += 1;
            }
        },
    );
    assert_eq!(count, 1_200);
    (time / count, forbidden)
}

#[test]
fn a_403_loop_of_one_plugin_is_stopped_in_time_and_costs_the_others_next_to_nothing() {
    let (alone, none) = beside_a_loop(0);
    assert_eq!(none, 0);
    for per_second in [20, 100] {
        let (beside, sent) = beside_a_loop(per_second);
        println!("{per_second} a second: {sent} sent, others {beside:?} instead of {alone:?}");
        // It is stopped at its share: what was on its way by then comes on top.
        let share = Bounds::default().plugin;
        assert!((share..=share + RULES.per_second).contains(&sent), "{sent}");
        assert!(sent < BAN / 4);
        assert!(
            beside <= alone.mul_f64(1.10),
            "{beside:?} instead of {alone:?}"
        );
    }
}
