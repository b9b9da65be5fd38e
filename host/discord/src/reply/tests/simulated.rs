//! Simulated Discord with one interaction in one channel.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::{FutureExt, future::BoxFuture};
use host_capability::{ALREADY_ACKNOWLEDGED, UNKNOWN_INTERACTION};
use http::StatusCode;
use serde_json::{Value, json};

use crate::rest::{Answer, Lost, Outgoing, Transport};

pub(super) const APPLICATION: u64 = 1;
/// The message of the component.
pub(super) const SOURCE: u64 = 2;
pub(super) const INTERACTION: u64 = 3;

/// A random number generator (xorshift): the same numbers from the same seed.
#[derive(Debug)]
pub(super) struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }

    pub fn one_in(&mut self, most: u64) -> bool {
        self.below(most) == 0
    }
}

#[derive(Debug, Clone)]
pub(super) struct Message {
    pub id: u64,
    pub text: String,
    pub private: bool,
    pub thinking: bool,
    pub foreign: bool,
}

/// What Discord knows, and what the test watches.
#[derive(Debug)]
pub(super) struct World {
    pub dice: Dice,
    /// Faults may happen, and how often: one request in so many.
    pub trouble: u64,
    /// Somebody else does something at one request in so many.
    pub events: u64,
    /// Somebody else may answer, and not only defer.
    pub rival: bool,
    pub is_acknowledged: bool,
    pub is_over: bool,
    pub original: Option<u64>,
    pub next: u64,
    pub messages: Vec<Message>,
    /// Which message has had which text, and whether everybody saw it.
    pub shown: BTreeSet<(String, u64, bool)>,
    /// First responses that Discord took, whose fate the host was not told, and that came after it was told the last word.
    pub taken: u32,
    pub untold: u32,
    pub is_final: bool,
    /// How often a moderator has deleted something.
    pub deleted: usize,
    pub wrong: Vec<String>,
}

type Said = (u16, Value);

fn error(status: u16, code: u64) -> Said {
    (status, json!({"code": code, "message": "no"}))
}

impl World {
    fn happens(&mut self, path: &str) {
        let is_component = self.messages.iter().any(|message| message.id == SOURCE);
        if path.ends_with("callback") && !self.is_acknowledged && self.dice.one_in(self.events) {
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
        if self.original != Some(SOURCE) && self.dice.one_in(self.events) {
            self.delete_original();
        }
    }

    /// A moderator deletes what is there.
    pub fn delete_original(&mut self) {
        let original = self.original;
        self.messages.retain(|message| Some(message.id) != original);
        self.deleted += 1;
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

    pub fn told(&self) -> (u32, u32) {
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
pub(super) struct Simulated(pub Arc<Mutex<World>>);

impl Simulated {
    pub fn world(&self) -> MutexGuard<'_, World> {
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
