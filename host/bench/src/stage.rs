//! Stage of the benchmark: the simulated Discord with one bot on it, and the users who ask it.

use std::{
    collections::HashMap,
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};

use crate::{
    Outcome,
    bot::{Bot, Home, Place, Programs},
    gateway::{Compression, Event, Gateway, Order},
    rest::{Answer, Rest},
    world::{self, Messages, Size},
};

/// What anything may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Users who ask at the same time.
pub const USERS: u64 = 16;

/// How somebody asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// `!hello`.
    Prefix,
    /// `/hello`.
    Slash,
}

/// The simulated Discord.
pub struct Stage {
    gateway: Rc<Gateway>,
    rest: Rc<Rest>,
    answers: mpsc::UnboundedReceiver<Answer>,
    size: Size,
    messages: Messages,
    next: u64,
}

impl Stage {
    /// Opens its ports.
    pub async fn open(compression: Compression, size: Size) -> Outcome<Self> {
        let gateway = Gateway::start(compression).await?;
        let (rest, answers) = Rest::start(gateway.address()).await?;
        Ok(Self {
            gateway,
            rest,
            answers,
            size,
            messages: Messages::of(USERS, size),
            next: 0,
        })
    }

    /// Where it is.
    pub fn place(&self, limited: bool) -> Place {
        Place {
            rest: self.rest.address().to_owned(),
            gateway: self.gateway.address().to_owned(),
            limited,
            counted: false,
        }
    }

    /// Starts a bot in so many servers; gives it and the time from its process' start to its first answer, in milliseconds. The question lies
    /// behind the servers.
    pub async fn start(
        &mut self,
        guilds: u64,
        home: &Home,
        programs: &Programs,
        place: &Place,
    ) -> Outcome<(Bot, f64)> {
        self.rest.forget();
        while self.answers.try_recv().is_ok() {}
        let size = Size {
            guilds,
            ..self.size
        };
        let question = self.id();
        let event = ("MESSAGE_CREATE", self.messages.one(0, question, "!hello"));
        self.gateway.prepare_opening(size, &[event])?;
        let bot = home.start(programs, place)?;
        let answer = self.answer(question).await;
        let answer = answer.map_err(|error| format!("{error}; it says:\n{}", bot.last_words()))?;
        let took = answer.at.duration_since(bot.began).as_secs_f64() * 1e3;
        if answer.content != "Hello, user0!" {
            return Err(format!("it answers {:?}", answer.content).into());
        }
        Ok((bot, took))
    }

    /// Until slash commands are registered.
    pub async fn registered(&self) -> Outcome<String> {
        let began = Instant::now();
        loop {
            if let Some(id) = self.rest.command("hello") {
                return Ok(id);
            }
            if began.elapsed() > PATIENCE {
                return Err("`/hello` is not registered".into());
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    fn id(&mut self) -> u64 {
        self.next = (self.next + 1).max(world::now());
        self.next
    }

    async fn answer(&mut self, question: u64) -> Outcome<Answer> {
        loop {
            let answer = self.any_answer().await?;
            if answer.to == question {
                return Ok(answer);
            }
        }
    }

    async fn any_answer(&mut self) -> Outcome<Answer> {
        let answer = timeout(PATIENCE, self.answers.recv()).await;
        let answer = answer.map_err(|_| "the bot does not answer")?;
        answer.ok_or_else(|| "the REST API is gone".into())
    }

    /// Somebody asks; gives the question's id and the event.
    fn question(&mut self, slot: u64, way: Way, command: &str) -> (u64, Event) {
        let id = self.id();
        let event = match way {
            Way::Prefix => ("MESSAGE_CREATE", self.messages.one(slot, id, "!hello")),
            Way::Slash => {
                let payload = world::interaction(slot, id, command, self.size);
                ("INTERACTION_CREATE", payload)
            }
        };
        (id, event)
    }

    /// One question after the other, so many; what each answer took in microseconds, sorted.
    pub async fn one_by_one(&mut self, questions: u64) -> Outcome<Vec<f64>> {
        let mut micros = Vec::new();
        for number in 0..questions {
            let (id, event) = self.question(number % USERS, Way::Prefix, "");
            let asked = Instant::now();
            self.gateway.order(Order::Send(event))?;
            let answer = self.answer(id).await?;
            micros.push(answer.at.duration_since(asked).as_secs_f64() * 1e6);
        }
        micros.sort_by(f64::total_cmp);
        Ok(micros)
    }

    /// Sixteen users ask at once, each anew when it has its answer; when each of so many answers came, from the beginning.
    pub async fn side_by_side(&mut self, way: Way, questions: u64) -> Outcome<Vec<Duration>> {
        let command = match way {
            Way::Prefix => String::new(),
            Way::Slash => self.registered().await?,
        };
        let began = Instant::now();
        let (mut asked, mut open) = (0, HashMap::new());
        let mut came = Vec::new();
        while (came.len() as u64) < questions {
            while asked < questions && (open.len() as u64) < USERS {
                // The users who wait for nothing are as many as there is room.
                let slot = (0..USERS).find(|slot| !open.values().any(|it| it == slot));
                let slot = slot.ok_or("all users wait")?;
                let (id, event) = self.question(slot, way, &command);
                self.gateway.order(Order::Send(event))?;
                open.insert(id, slot);
                asked += 1;
            }
            let answer = self.any_answer().await?;
            if let Some(slot) = open.remove(&answer.to) {
                if answer.content != format!("Hello, user{slot}!") {
                    return Err(format!("user{slot} is answered {:?}", answer.content).into());
                }
                came.push(answer.at.duration_since(began));
            }
        }
        Ok(came)
    }

    /// As many events as the bot takes, all of them under way at once; events a second until it has answered a question behind them.
    pub async fn firehose(&mut self, name: &'static str, events: u64) -> Outcome<f64> {
        let first = self.id();
        let question = first + events;
        self.next = question;
        let slots = Rc::new(Messages::of(USERS, self.size));
        let chunks = (first..question).step_by(1_000).map(move |from| {
            let ids = from..(from + 1_000).min(question);
            ids.map(|id| (name, slots.chatter(id % USERS, id)))
                .collect::<Vec<_>>()
        });
        let chunks = chunks.chain([vec![(
            "MESSAGE_CREATE",
            self.messages.one(0, question, "!hello"),
        )]]);
        let count = events.div_ceil(1_000) + 1;
        self.gateway.prepare(Box::new(chunks)).await?;
        let began = Instant::now();
        for _ in 0..count {
            self.gateway.order(Order::Go)?;
        }
        let answer = self.answer(question).await?;
        Ok(events as f64 / answer.at.duration_since(began).as_secs_f64())
    }

    /// Messages that a listener reads, at most 4,000 under way: after each 2,000 the bot is asked how many it has heard, and the answer has to
    /// be all. Messages a second.
    pub async fn heard(&mut self, messages: u64) -> Outcome<f64> {
        const BATCH: u64 = 2_000;
        let before = self.ask_heard().await?;
        let batches = messages.div_ceil(BATCH);
        let first = self.id();
        self.next = first + batches * (BATCH + 1);
        let slots = Rc::new(Messages::of(USERS, self.size));
        let prepared = (0..batches).map(move |batch| {
            let from = first + batch * (BATCH + 1);
            let ids = from..from + BATCH;
            let mut all: Vec<Event> = ids
                .map(|id| ("MESSAGE_CREATE", slots.chatter(id % USERS, id)))
                .collect();
            all.push(("MESSAGE_CREATE", slots.one(0, from + BATCH, "!heard")));
            all
        });
        self.gateway.prepare(Box::new(prepared)).await?;
        let began = Instant::now();
        let mut gone = 0;
        for batch in 0..batches {
            while gone < batches && gone < batch + 2 {
                self.gateway.order(Order::Go)?;
                gone += 1;
            }
            let question = first + batch * (BATCH + 1) + BATCH;
            let answer = self.answer(question).await?;
            let all = before + (batch + 1) * BATCH;
            // It may have heard of the next batch, too, where its answers are slower than its ears.
            let heard: u64 = answer.content.parse()?;
            if heard < all {
                return Err(format!("it has heard {heard} of {all} messages").into());
            }
        }
        Ok((batches * BATCH) as f64 / began.elapsed().as_secs_f64())
    }

    async fn ask_heard(&mut self) -> Outcome<u64> {
        let id = self.id();
        let event = ("MESSAGE_CREATE", self.messages.one(0, id, "!heard"));
        self.gateway.order(Order::Send(event))?;
        Ok(self.answer(id).await?.content.parse()?)
    }
}
