//! Property tests of replies, on a Discord that loses requests and answers, in whose channel somebody deletes messages,
//! and where somebody else with the bot's token may be faster: thousands of stories, each from a number that is printed
//! when it goes wrong.

mod simulated;

use std::collections::BTreeSet;

use host_store::Storage;
use serde_json::json;

use self::simulated::{APPLICATION, Dice, INTERACTION, Message, SOURCE, Simulated, World};
use super::*;

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
            events: 5,
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
        let live = Live::new(host_ops::config::Config::default());
        let replies = Replies::new(live, discord, Arc::new(later));
        replies.set_application(APPLICATION);
        replies.register(Received {
            id: INTERACTION,
            token: "t",
            user: 0,
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
async fn a_deleted_is_thinking_gets_one_follow_up_as_private_as_it_was() {
    for private in [false, true] {
        let story = Story::of(1, u64::MAX, false, Kind::Command, false);
        story.simulated.world().events = u64::MAX;
        let deferred = if private { "private" } else { "public" };
        story.answer(ReplyMode::Defer, deferred).await.unwrap();
        story.simulated.world().delete_original();
        story.answer(ReplyMode::Reply, "public 1").await.unwrap();
        story.answer(ReplyMode::Edit, "public 2").await.unwrap();
        let messages = story.simulated.world().messages.clone();
        let shown: Vec<_> = messages.iter().map(|it| (&*it.text, it.private)).collect();
        assert_eq!(shown, [("public 2", private)]);
        story.answer(ReplyMode::Delete, "").await.unwrap();
        assert!(story.simulated.world().messages.is_empty());
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

#[test]
fn colours_that_nobody_configures_are_those_that_plugins_are_built_with() {
    let story = Story::of(1, 1_000_000, false, Kind::Command, false);
    assert_eq!(story.replies.colours(), Colours::DEFAULT);
}
