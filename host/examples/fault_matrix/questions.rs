//! Questions that a member asks of a plugin without a pause, and what became of each.

use std::{
    collections::HashMap,
    error::Error,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use sandbox::{Actor, Sandbox, Way};
use serde_json::Value;
use tokio::{task::JoinHandle, time::sleep};

/// After so long without an answer something is wrong.
pub const LATE: Duration = Duration::from_millis(1500);

/// Where everybody talks.
pub const CHANNEL: &str = "general";

/// Replies of the bot, by the message that they reply to: when the first one came, and which it is.
#[derive(Debug, Default)]
pub struct Replies(Mutex<HashMap<u64, (Instant, u64)>>);

impl Replies {
    /// Those on this Discord, from now on.
    #[must_use]
    pub fn of(sandbox: &Sandbox) -> Arc<Self> {
        let replies = Arc::<Self>::default();
        let noted = Arc::clone(&replies);
        sandbox.observe(move |crossing| {
            let id = |value: &Value| value.as_str().and_then(|id| id.parse().ok());
            if crossing.way == Way::Rest
                && let Some(to) = id(&crossing.answer["message_reference"]["message_id"])
                && let Some(reply) = id(&crossing.answer["id"])
            {
                noted.lock().entry(to).or_insert((Instant::now(), reply));
            }
        });
        replies
    }

    /// When a message was replied to, and by which.
    #[must_use]
    pub fn to(&self, message: u64) -> Option<(Instant, u64)> {
        self.lock().get(&message).copied()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, (Instant, u64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One question.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// The message.
    pub id: u64,
    /// When it was asked.
    pub at: Instant,
}

/// What a question has come to.
#[derive(Debug, Clone, PartialEq)]
pub enum Became {
    /// The right answer, so long after the question.
    Answered(Duration, String),
    /// Another answer: words of regret.
    Regretted,
    /// No answer, for too long.
    Unanswered,
    /// No answer yet.
    Open,
}

/// A question that is asked over and over.
#[derive(Debug)]
pub struct Questions {
    asked: Arc<Mutex<Vec<Question>>>,
    stop: Arc<AtomicBool>,
    asking: JoinHandle<()>,
    right: &'static str,
}

impl Questions {
    /// Begins to ask; an answer with `right` in it is the right one.
    #[must_use]
    pub fn ask(who: Actor, text: &'static str, right: &'static str, every: Duration) -> Self {
        let (asked, stop) = (
            Arc::<Mutex<Vec<_>>>::default(),
            Arc::<AtomicBool>::default(),
        );
        let (noted, stopped) = (Arc::clone(&asked), Arc::clone(&stop));
        let asking = tokio::spawn(async move {
            while !stopped.load(Relaxed) {
                let at = Instant::now();
                if let Ok(message) = who.says(CHANNEL, text).await {
                    let question = Question { id: message.id, at };
                    noted
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(question);
                }
                sleep(every).await;
            }
        });
        Self {
            asked,
            stop,
            asking,
            right,
        }
    }

    /// Asks no more.
    ///
    /// # Errors
    ///
    /// Asking has panicked.
    pub async fn stop(&mut self) -> Result<(), Box<dyn Error>> {
        self.stop.store(true, Relaxed);
        Ok((&mut self.asking).await?)
    }

    /// What became of all that were asked since then.
    #[must_use]
    pub fn since(
        &self,
        since: Instant,
        sandbox: &Sandbox,
        replies: &Replies,
    ) -> Vec<(Question, Became)> {
        let asked = self
            .asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let asked = asked.into_iter().filter(|question| question.at >= since);
        asked
            .map(|question| (question, self.became(question, sandbox, replies)))
            .collect()
    }

    fn became(&self, question: Question, sandbox: &Sandbox, replies: &Replies) -> Became {
        let Some((at, reply)) = replies.to(question.id) else {
            return match question.at.elapsed() < LATE {
                true => Became::Open,
                false => Became::Unanswered,
            };
        };
        let text = text_of(sandbox, reply);
        match text.contains(self.right) {
            true => Became::Answered(at - question.at, text),
            false => Became::Regretted,
        }
    }
}

/// What a message of the bot's says.
#[must_use]
pub fn text_of(sandbox: &Sandbox, message: u64) -> String {
    let channel = sandbox.channel_id(CHANNEL);
    let found = channel.and_then(|channel| sandbox.message(channel, message));
    found.map_or_else(String::new, |message| message.text())
}
