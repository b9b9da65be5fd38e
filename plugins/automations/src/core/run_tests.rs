//! Tests of the run: its order, its limits, and 10,000 random pipelines in a world of two servers.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    pin::pin,
    task::{Context, Poll, Waker},
};

use plugin_api::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    core::{ChannelSeen, Person, RoleSeen, Target},
    model::{Guild, Rank},
};

const HERE: Guild = Id::new(1);
const THERE: Guild = Id::new(2);
const MAKER: User = Id::new(5);

/// Two servers: channels and roles below 100 are of the first, those from 100 on of the second. All is known at once.
struct Pretended {
    automations: BTreeMap<String, Frame>,
    done: RefCell<Vec<Action>>,
    seed: Cell<u64>,
}

impl Pretended {
    fn new(seed: u64) -> Self {
        Self {
            automations: BTreeMap::new(),
            done: RefCell::default(),
            seed: Cell::new(seed | 1),
        }
    }

    /// xorshift64: the same numbers for the same seed.
    fn random(&self, below: u64) -> u64 {
        let mut x = self.seed.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.seed.set(x);
        x % below
    }
}

fn server_of(id: u64) -> Guild {
    if id < 100 { HERE } else { THERE }
}

impl World for Pretended {
    async fn standing(&self, maker: User, action: &Action, _: &Occasion) -> Result<Standing> {
        assert_eq!(maker, MAKER);
        let all = Permissions::all();
        let channel = match action {
            Action::Send { channel, .. } | Action::Delete { channel, .. } => Some(channel.get()),
            _ => None,
        };
        // The server's roles: what is not among them is not seen.
        let role = match action {
            Action::GiveRole { role, .. } | Action::TakeRole { role, .. } => Some(*role),
            _ => None,
        };
        let role = role.filter(|it| server_of(it.get()) == HERE);
        Ok(Standing {
            maker: all,
            bot: all,
            maker_is_owner: true,
            maker_top: Rank::NONE,
            bot_top: Rank::new(50, Id::new(900)),
            channel: channel.map(|id| ChannelSeen {
                guild: Some(server_of(id)),
                maker: all,
                bot: all,
                is_thread: false,
            }),
            role: role.map(|id| RoleSeen {
                id,
                name: "x".into(),
                rank: Rank::new(i64::try_from(id.get()).unwrap(), id),
                managed: false,
                permissions: Permissions::empty(),
            }),
            target: Some(Target {
                top: Rank::NONE,
                above_all: false,
            }),
        })
    }

    async fn perform(&self, action: &Action, _: &Standing, occasion: &Occasion) -> Result {
        assert_eq!(occasion.guild, HERE);
        match action {
            Action::Send { channel, .. } | Action::Delete { channel, .. } => {
                assert_eq!(server_of(channel.get()), HERE, "{action:?}");
            }
            Action::GiveRole { role, .. } | Action::TakeRole { role, .. } => {
                assert_eq!(server_of(role.get()), HERE, "{action:?}");
                assert!(role.get() < 50, "{action:?} is not below the bot");
            }
            _ => {}
        }
        self.done.borrow_mut().push(action.clone());
        Ok(())
    }

    async fn callee(&self, named: &str, _: &Occasion) -> Result<Callee> {
        Ok(match self.automations.get(named) {
            None => Callee::Missing,
            Some(_) if named.ends_with("off") => Callee::Rests,
            Some(frame) => Callee::Ready(frame.clone()),
        })
    }

    fn dice(&self, low: i64, high: i64) -> i64 {
        let width = u64::try_from(high - low + 1).unwrap();
        low + i64::try_from(self.random(width)).unwrap()
    }
}

/// Nothing in a pretended world waits for anything.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

fn frame(automation: i64, steps: impl IntoIterator<Item = Step>) -> Frame {
    Frame {
        automation,
        maker: MAKER,
        steps: steps.into_iter().collect(),
        done: 0,
    }
}

fn occasion() -> Occasion {
    let person = Person {
        id: Id::new(7),
        name: "ann".into(),
        display: "@everyone Ann".into(),
        avatar: String::new(),
        roles: Vec::new(),
    };
    let mut occasion = Occasion::new(HERE).about(person).at(Id::new(9));
    occasion.message = Some(Id::new(77));
    occasion
}

fn say(text: &str) -> Step {
    Step::Send {
        to: Place::Here,
        text: text.into(),
        embed: None,
    }
}

fn call(name: &str) -> Step {
    Step::Run {
        automation: name.into(),
    }
}

/// Runs to the end, waits included: what was done, how long it has waited, and the failure if there was one.
fn run(world: &Pretended, steps: Vec<Step>) -> (Vec<Action>, u64, Option<Failure>) {
    let (mut run, mut waited) = (Run::new(occasion(), frame(0, steps)), 0);
    loop {
        match now(advance(run, world)) {
            Ok(Ended::Done) => return (world.done.take(), waited, None),
            Ok(Ended::Waits(seconds, rest)) => {
                waited += seconds;
                // As it is kept over a restart.
                run = serde_json::from_value(serde_json::to_value(&rest).unwrap()).unwrap();
                assert_eq!(run, rest);
            }
            Err(failure) => return (world.done.take(), waited, Some(failure)),
        }
    }
}

#[test]
fn steps_are_done_in_their_order_with_their_variables_filled_in() {
    let mut world = Pretended::new(1);
    world.automations.insert(
        "other".into(),
        frame(
            1,
            [
                say("two {username}"),
                Step::Delay { seconds: 60 },
                say("three"),
            ],
        ),
    );
    world
        .automations
        .insert("off".into(), frame(2, [say("never")]));
    let (done, waited, failure) = run(
        &world,
        vec![
            say("one {user}"),
            call("other"),
            call("off"),
            say("four {display_name}"),
        ],
    );
    assert!(failure.is_none(), "{failure:?}");
    let texts = done.iter().map(|it| match it {
        Action::Send { text, .. } => text.as_str(),
        other => panic!("{other:?}"),
    });
    let texts: Vec<_> = texts.collect();
    assert_eq!(
        texts,
        ["one <@7>", "two ann", "three", "four @\u{200b}everyone Ann"]
    );
    assert_eq!(waited, 60);
}

#[test]
fn a_failure_names_the_step_and_ends_the_run() {
    let world = Pretended::new(1);
    let away = Step::Send {
        to: Place::Channel(Id::new(100)),
        text: "x".into(),
        embed: None,
    };
    let (done, _, failure) = run(&world, vec![say("one"), away, say("three")]);
    assert_eq!(done.len(), 1);
    let failure = failure.unwrap();
    assert_eq!((failure.automation, failure.step), (0, 2));
    assert!(
        failure.why.to_string().contains("not one of this server"),
        "{failure:?}"
    );
}

#[test]
fn automations_that_run_each_other_are_stopped() {
    let mut world = Pretended::new(1);
    world
        .automations
        .insert("self".into(), frame(0, [say("again")]));
    world.automations.insert("a".into(), frame(1, [call("b")]));
    world.automations.insert("b".into(), frame(2, [call("a")]));
    world.automations.insert("c".into(), frame(3, [call("d")]));
    world.automations.insert("d".into(), frame(4, [call("e")]));
    world
        .automations
        .insert("e".into(), frame(5, [say("deep")]));
    for (name, wanted) in [
        ("self", "in a circle"),
        ("a", "in a circle"),
        ("c", "3 deep"),
        ("nobody", "no automation `nobody`"),
    ] {
        let (_, _, failure) = run(&world, vec![call(name)]);
        let why = failure.unwrap().why.to_string();
        assert!(why.contains(wanted), "{name}: {why}");
    }
    // One after the other is no circle.
    let (done, _, failure) = run(&world, vec![call("e"), call("e")]);
    assert!(failure.is_none() && done.len() == 2, "{failure:?}");
}

#[test]
fn steps_about_nobody_say_so() {
    let world = Pretended::new(1);
    for (step, wanted) in [
        (Step::AddRole { role: Id::new(5) }, "about nobody"),
        (say("x"), "in no channel"),
        (Step::DeleteMessage, "no message"),
    ] {
        let run = Run::new(Occasion::new(HERE), frame(0, [step]));
        let why = now(advance(run, &world)).unwrap_err().why.to_string();
        assert!(why.contains(wanted), "{why}");
    }
}

#[test]
fn nobodys_words_become_the_structure_of_what_is_posted() {
    let mut occasion = occasion();
    occasion.say("message", r#"","x":"@everyone"#);
    let world = Pretended::new(1);
    let steps = |payload: &str| {
        [Step::Webhook {
            url: "https://a.example".into(),
            payload: payload.into(),
        }]
    };
    let posted = |payload: &str| {
        let run = Run::new(occasion.clone(), frame(0, steps(payload)));
        now(advance(run, &world)).unwrap();
        match world.done.take().pop() {
            Some(Action::Webhook { payload, .. }) => {
                serde_json::from_str::<Json>(&payload).unwrap()
            }
            other => panic!("{other:?}"),
        }
    };
    let none = json!({"parse": []});
    let said = "\",\"x\":\"@\u{200b}everyone";
    assert_eq!(
        posted(""),
        json!({"username": "ann", "content": said, "allowed_mentions": none})
    );
    let own = r#"{"a":["{message}",1],"allowed_mentions":{"parse":["everyone"]}}"#;
    assert_eq!(
        posted(own),
        json!({"a": [said, 1], "allowed_mentions": none})
    );
}

#[test]
fn what_waits_has_no_address_in_it_and_posts_to_where_its_automation_does() {
    let hook = |url: &str, payload: &str| Step::Webhook {
        url: url.into(),
        payload: payload.into(),
    };
    let world = Pretended::new(1);
    let first = "https://a.example/key";
    let own = [
        Step::AddRole { role: Id::new(5) },
        Step::Delay { seconds: 60 },
        hook(first, "{}"),
        hook("https://b.example/key", "[]"),
    ];
    let waits = || match now(advance(Run::new(occasion(), frame(0, own.clone())), &world)) {
        Ok(Ended::Waits(_, run)) => run.counted().without_addresses(),
        other => panic!("{other:?}"),
    };
    let kept = serde_json::to_string(&waits()).unwrap();
    assert!(!kept.contains("example"), "{kept}");
    let posted = |now_are: Vec<Step>| {
        let run: Run = serde_json::from_str(&kept).unwrap();
        assert!(run.is_counted());
        world.done.take();
        let ended = now(advance(run.with_addresses(|_| now_are.clone()), &world));
        let done = world.done.take().into_iter();
        let urls: Vec<_> = done
            .filter_map(|it| match it {
                Action::Webhook { url, .. } => Some(url),
                _ => None,
            })
            .collect();
        (urls, ended.err().map(|it| it.why.to_string()))
    };
    // What it does before may be another by now.
    let (urls, failure) = posted(own[1..].to_vec());
    assert_eq!(urls, [first, "https://b.example/key"]);
    assert_eq!(failure, None);
    let (urls, failure) = posted(vec![hook("https://c.example/key", "{}"), own[3].clone()]);
    assert_eq!(urls.len(), 2);
    assert_eq!((&*urls[0], failure), ("https://c.example/key", None));
    // Another payload, another step, none at all.
    for changed in [
        vec![hook(first, "7"), own[3].clone()],
        vec![own[0].clone(), own[3].clone()],
        Vec::new(),
    ] {
        let (urls, failure) = posted(changed);
        assert_eq!(urls, Vec::<String>::new());
        assert!(
            failure
                .unwrap()
                .contains("changed while the run has waited")
        );
    }
}

/// Never loops, never exceeds its limits, never touches another server.
#[test]
fn ten_thousand_random_pipelines_end_within_their_limits() {
    let (mut acted, mut failed, mut waits) = (0, 0, 0);
    for seed in 1..=10_000_u64 {
        let mut world = Pretended::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let pick = |world: &Pretended| -> Step {
            // Of both servers, and some that are nowhere.
            let any = 1 + world.random(220);
            match world.random(10) {
                0 => say("{user} {random:1-6} {math:1+1}"),
                1 => Step::Send {
                    to: Place::Channel(Id::new(any)),
                    text: "x".into(),
                    embed: None,
                },
                2 => Step::AddRole { role: Id::new(any) },
                3 => Step::RemoveRole { role: Id::new(any) },
                4 => Step::Delay {
                    seconds: 1 + world.random(7 * 86_400),
                },
                5 | 6 => call(&format!("a{}", world.random(7))),
                7 => Step::DeleteMessage,
                8 => Step::Dm {
                    text: "x".into(),
                    embed: None,
                },
                _ => Step::CreateRole {
                    name: "x".into(),
                    color: String::new(),
                    give: true,
                },
            }
        };
        for n in 0..6 {
            let steps: Vec<_> = (0..world.random(11)).map(|_| pick(&world)).collect();
            world.automations.insert(format!("a{n}"), frame(n, steps));
        }
        let steps: Vec<_> = world.automations["a0"].steps.clone().into();
        let (done, waited, failure) = run(&world, steps);
        assert!(
            done.len() <= STEPS_OF_A_RUN as usize,
            "{} actions by seed {seed}",
            done.len()
        );
        assert!(waited <= WAITS, "waited {waited} s by seed {seed}");
        acted += done.len();
        waits += usize::from(waited > 0);
        failed += usize::from(failure.is_some());
    }
    // The pipelines are such that all of it happens.
    assert!(
        acted > 5_000 && failed > 1_000 && waits > 500,
        "{acted} {failed} {waits}"
    );
}
