//! Answers to interactions against a Discord that loses requests and answers, in whose channel somebody deletes messages, and where
//! somebody else with the bot's token may be faster: thousands of stories, each from a number that is printed when it goes wrong.

use std::{
    collections::BTreeSet,
    sync::{MutexGuard, PoisonError},
};

use futures_util::{FutureExt, future::BoxFuture};
use http::StatusCode;
use serde_json::json;

use super::*;
use crate::services::{
    Storage,
    discord::{Answer, Lost, Outgoing, Transport},
    failure::{ALREADY_ACKNOWLEDGED, UNKNOWN_INTERACTION},
};

const APPLICATION: u64 = 1;
/// The message of the component.
const SOURCE: u64 = 2;
const INTERACTION: u64 = 3;
/// Somebody else does something at one request in so many.
const EVENTS: u64 = 5;

/// A random number generator (xorshift): the same numbers from the same seed.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }

    fn one_in(&mut self, most: u64) -> bool {
        self.below(most) == 0
    }
}

#[derive(Debug, Clone)]
struct Message {
    id: u64,
    text: String,
    private: bool,
    thinking: bool,
    foreign: bool,
}

/// What Discord knows, and what the test watches.
#[derive(Debug)]
struct World {
    dice: Dice,
    /// Faults may happen, and how often: one request in so many.
    trouble: u64,
    /// Somebody else may answer, and not only defer.
    rival: bool,
    is_acknowledged: bool,
    is_over: bool,
    original: Option<u64>,
    next: u64,
    messages: Vec<Message>,
    /// Which message has had which text, and whether everybody saw it.
    shown: BTreeSet<(String, u64, bool)>,
    /// First responses that Discord took, whose fate the host was not told, and that came after it was told the last word.
    taken: u32,
    untold: u32,
    is_final: bool,
    /// How often a moderator has deleted something.
    deleted: usize,
    wrong: Vec<String>,
}

type Said = (u16, Value);

fn error(status: u16, code: u64) -> Said {
    (status, json!({"code": code, "message": "no"}))
}

impl World {
    fn happens(&mut self, path: &str) {
        let is_component = self.messages.iter().any(|message| message.id == SOURCE);
        if path.ends_with("callback") && !self.is_acknowledged && self.dice.one_in(EVENTS) {
            match self.dice.below(4) {
                0 => self.is_over = true,
                1 if self.rival => {
                    let id = self.post("theirs".into(), false, false);
                    self.message(id).foreign = true;
                    (self.is_acknowledged, self.original) = (true, Some(id));
                }
                2 if is_component => {
                    (self.is_acknowledged, self.original) = (true, Some(SOURCE));
                }
                _ => {
                    let private = self.dice.one_in(2);
                    let id = self.post(String::new(), private, true);
                    (self.is_acknowledged, self.original) = (true, Some(id));
                }
            }
        }
        if self.original != Some(SOURCE) && self.dice.one_in(EVENTS) {
            // A moderator deletes what is there.
            let original = self.original;
            self.messages.retain(|message| Some(message.id) != original);
            self.deleted += 1;
        }
    }

    fn post(&mut self, text: String, private: bool, thinking: bool) -> u64 {
        let id = self.next;
        self.next += 1;
        self.messages.push(Message {
            id,
            text: String::new(),
            private,
            thinking,
            foreign: false,
        });
        if !thinking {
            self.write(id, text);
        }
        id
    }

    fn message(&mut self, id: u64) -> &mut Message {
        let mut messages = self.messages.iter_mut();
        messages.find(|message| message.id == id).unwrap()
    }

    fn write(&mut self, id: u64, text: String) {
        let message = self.message(id);
        if message.foreign {
            self.wrong
                .push(format!("{text} was written over another's answer"));
            return;
        }
        (message.thinking, message.text) = (false, text.clone());
        let private = message.private;
        if text.starts_with("private") && !private {
            self.wrong.push(format!("{text} was shown to everybody"));
        }
        self.shown.insert((text, id, private));
    }

    fn json(&mut self, id: u64) -> Said {
        let message = self.message(id);
        let flags = u64::from(message.private) * 64 + u64::from(message.thinking) * 128;
        let json = json!({"id": id.to_string(), "channel_id": "9", "flags": flags, "content": message.text});
        (200, json)
    }

    /// What Discord does with a request.
    fn execute(&mut self, method: &str, path: &str, body: &Value) -> Said {
        let parts: Vec<&str> = path.split('/').collect();
        if parts[0] == "interactions" {
            return self.callback(body);
        }
        if !self.is_acknowledged {
            return error(404, 10_015);
        }
        let text = || body["content"].as_str().unwrap_or_default().to_owned();
        let private = body["flags"].as_u64().unwrap_or_default() & 64 != 0;
        if method == "POST" {
            let thinks = |message: &&Message| Some(message.id) == self.original && message.thinking;
            // The first follow-up takes the place of "is thinking…", and its privacy.
            let id = match self.messages.iter().find(thinks).map(|message| message.id) {
                Some(id) => {
                    self.write(id, text());
                    id
                }
                None => self.post(text(), private, false),
            };
            return self.json(id);
        }
        let id = match parts[4] {
            "@original" => self.original,
            id => id.parse().ok(),
        };
        let known = |id: &u64| self.messages.iter().any(|message| message.id == *id);
        let Some(id) = id.filter(known) else {
            return error(404, 10_008);
        };
        match method {
            "PATCH" => self.write(id, text()),
            "DELETE" => self.messages.retain(|message| message.id != id),
            _ => {}
        }
        match method {
            "DELETE" => (204, Value::Null),
            _ => self.json(id),
        }
    }

    fn told(&self) -> (u32, u32) {
        (self.taken, self.untold)
    }

    fn callback(&mut self, body: &Value) -> Said {
        if self.is_acknowledged {
            return error(400, ALREADY_ACKNOWLEDGED);
        }
        if self.is_over {
            return error(404, UNKNOWN_INTERACTION);
        }
        self.taken += 1;
        self.is_acknowledged = true;
        let data = &body["data"];
        let private = data["flags"].as_u64().unwrap_or_default() & 64 != 0;
        let text = data["content"].as_str().unwrap_or_default().to_owned();
        let message = match body["type"].as_u64().unwrap() {
            4 => Some(self.post(text, private, false)),
            5 => Some(self.post(String::new(), private, true)),
            7 => {
                self.write(SOURCE, text);
                Some(SOURCE)
            }
            6 => Some(SOURCE),
            _ => None,
        };
        self.original = message;
        let message = message.map_or(Value::Null, |id| self.json(id).1);
        (200, json!({"resource": {"message": message}}))
    }

    fn serve(&mut self, request: &Outgoing) -> Result<Answer, Lost> {
        let path = request.path().split('?').next().unwrap().to_owned();
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let is_callback = path.ends_with("callback");
        if is_callback && self.is_final {
            self.wrong
                .push("a first response after the last word".into());
        }
        self.happens(&path);
        let fate = match self.dice.one_in(self.trouble) {
            true => self.dice.below(6),
            false => 6,
        };
        let mut answer = (502, Value::Null);
        match fate {
            0 | 2 => {}
            4 if is_callback => answer = error(400, 50_035),
            5 if is_callback => return Err(lost(true)),
            _ => answer = self.execute(request.method().as_str(), &path, &body),
        }
        let is_lost = matches!(fate, 0..=3);
        if is_callback {
            self.untold += u32::from(is_lost);
            let last = [ALREADY_ACKNOWLEDGED, UNKNOWN_INTERACTION];
            let code = answer.1["code"].as_u64().unwrap_or_default();
            self.is_final |= !is_lost && (answer.0 == 200 || last.contains(&code));
        }
        match fate {
            0 | 1 => Err(lost(false)),
            2 | 3 => answered((503, Value::Null)),
            _ => answered(answer),
        }
    }
}

fn lost(is_unsent: bool) -> Lost {
    Lost {
        is_unsent,
        why: "connection reset".into(),
    }
}

fn answered((status, body): Said) -> Result<Answer, Lost> {
    Ok(Answer {
        status: StatusCode::from_u16(status).unwrap(),
        body: serde_json::to_vec(&body).unwrap(),
        ..Answer::default()
    })
}

#[derive(Debug, Clone)]
struct Simulated(Arc<Mutex<World>>);

impl Simulated {
    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Simulated {
    fn send<'a>(&'a self, request: &'a Outgoing) -> BoxFuture<'a, Result<Answer, Lost>> {
        async move {
            tokio::task::yield_now().await;
            self.world().serve(request)
        }
        .boxed()
    }
}

struct Story {
    simulated: Simulated,
    replies: Replies,
    kind: Kind,
}

impl Story {
    fn of(seed: u64, trouble: u64, rival: bool, kind: Kind, ephemeral: bool) -> Self {
        let source = Message {
            id: SOURCE,
            text: "click me".into(),
            private: false,
            thinking: false,
            foreign: false,
        };
        let world = World {
            dice: Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
            trouble,
            rival,
            is_acknowledged: false,
            is_over: false,
            original: None,
            next: 10,
            messages: match kind {
                Kind::Command => Vec::new(),
                Kind::Component | Kind::Modal => vec![source],
            },
            shown: BTreeSet::new(),
            taken: 0,
            untold: 0,
            is_final: false,
            deleted: 0,
            wrong: Vec::new(),
        };
        let simulated = Simulated(Arc::new(Mutex::new(world)));
        let discord = Arc::new(Discord::simulated(Box::new(simulated.clone())));
        let later = Later::new(Arc::clone(&discord), Arc::new(Storage::absent()));
        let live = Live::new(crate::config::Config::default());
        let replies = Replies::new(live, discord, Arc::new(later), Arc::default());
        replies.set_application(APPLICATION);
        replies.register(Received {
            id: INTERACTION,
            token: "t",
            kind,
            ephemeral,
            source: (kind != Kind::Command).then_some(SOURCE),
        });
        Self {
            simulated,
            replies,
            kind,
        }
    }

    async fn answer(&self, mode: ReplyMode, text: &str) -> Result<Answered, Failure> {
        let origin = Origin::Interaction {
            id: INTERACTION,
            token: "t".into(),
        };
        let mut call = ReplyCall::new(origin, mode);
        call.ephemeral = text.starts_with("private");
        let body = serde_json::to_vec(&json!({ "content": text })).unwrap();
        self.replies.answer(call, body).await
    }

    /// How many messages have ever shown this.
    fn shown(&self, text: &str) -> usize {
        let world = self.simulated.world();
        let shown = world.shown.iter().filter(|(what, ..)| what == text);
        shown.count()
    }

    fn roll(&self, most: u64) -> u64 {
        self.simulated.world().dice.below(most)
    }

    /// Does something at random; what has gone wrong.
    async fn act(&self, number: u64) -> Result<(), String> {
        let mode = match self.roll(10) {
            0 => {
                self.replies.defer_if_fresh(INTERACTION).await;
                return Ok(());
            }
            1 => {
                self.replies.acknowledge(INTERACTION).await;
                return Ok(());
            }
            2 => ReplyMode::Defer,
            3 => ReplyMode::Delete,
            4 => ReplyMode::Modal,
            5 => ReplyMode::Edit,
            6 if self.kind == Kind::Component => ReplyMode::Update,
            _ => ReplyMode::Reply,
        };
        // What is changed is as private as it was.
        let private = mode == ReplyMode::Reply && self.roll(3) == 0;
        let text = format!("{} {number}", if private { "private" } else { "public" });
        let (before, deleted) = {
            let world = self.simulated.world();
            (world.told(), world.deleted)
        };
        let given = self.answer(mode, &text).await;
        let shown = self.shown(&text);
        // One that was deleted while its answer was lost may be given again.
        let most = 1 + self.simulated.world().deleted - deleted;
        let gone_wrong = match mode {
            ReplyMode::Reply | ReplyMode::Edit => match given {
                Ok(_) => !(1..=most).contains(&shown),
                Err(_) => shown > most,
            },
            // Public, as its message is.
            ReplyMode::Update => given.is_ok() && shown != 1,
            // One that was lost may have been taken, unless there is an answer of somebody else's.
            ReplyMode::Modal => {
                let world = self.simulated.world();
                let original = world
                    .messages
                    .iter()
                    .find(|it| Some(it.id) == world.original);
                given.is_ok()
                    && (world.told() == before || original.is_some_and(|it| it.id != SOURCE))
            }
            _ => false,
        };
        match gone_wrong {
            true => Err(format!("{mode:?} `{text}`: {given:?}, shown {shown} times")),
            false => Ok(()),
        }
    }

    async fn run(&self, length: u64) -> Result<(), String> {
        for number in 0..length {
            self.act(number).await?;
            let world = self.simulated.world();
            if let Some(wrong) = world.wrong.first() {
                return Err(wrong.clone());
            }
            if world.taken > 1 || world.untold > 2 {
                return Err(format!("{} taken, {} untold", world.taken, world.untold));
            }
        }
        Ok(())
    }
}

#[tokio::test]
async fn each_answer_is_given_once_or_an_error_told_whatever_gets_lost() {
    for seed in 1..=5_000 {
        let mut dice = Dice(seed * 7_919 + 1);
        let kind = match dice.below(3) {
            0 => Kind::Command,
            1 => Kind::Component,
            _ => Kind::Modal,
        };
        // Who has lost a message and finds one takes it for its own: there either are rivals, or things get lost.
        let rival = dice.one_in(3);
        let trouble = if rival { 1_000_000 } else { 2 + dice.below(8) };
        let story = Story::of(seed, trouble, rival, kind, dice.one_in(3));
        if let Err(wrong) = story.run(1 + dice.below(6)).await {
            panic!(
                "story {seed} ({kind:?}): {wrong}\n{:#?}",
                story.simulated.world()
            );
        }
    }
}
