//! Buttons, and votes that survive a reload: the buttons' ids name the poll, the votes are saved with the state.

use std::{cell::RefCell, collections::BTreeMap};

use plugin_api::prelude::*;
use serde::{Deserialize, Serialize};

/// Polls that are remembered; the oldest is forgotten first.
const POLLS: usize = 1000;

export_plugin!(|| {
    Plugin::with_state(|_host| async { Ok(Polls::default()) })
        .description("Asks the members")
        .command(poll())
        .component("vote", vote)
        .component("close", close)
        .on_save(|polls| State::new(1, &*polls.borrow()))
        .on_restore(|polls, state| {
            polls.replace(state.read()?);
            Ok(())
        })
        .on_erase(forget)
});

/// By number, in the order in which they were asked.
type Polls = RefCell<BTreeMap<u64, Poll>>;

#[derive(Serialize, Deserialize)]
struct Poll {
    author: u64,
    question: String,
    answers: Vec<String>,
    /// Who has voted for which answer.
    votes: BTreeMap<u64, usize>,
}

/// Asks a question with up to four answers.
#[command]
async fn poll(
    ctx: CommandContext<Polls>,
    /// What is asked.
    #[max = 200]
    question: String,
    /// Two to four, each a word or in quotes.
    #[max = 80]
    answers: Vec<String>,
) -> Result {
    if !(2..=4).contains(&answers.len()) {
        return Err(Error::user("A poll has two to four answers."));
    }
    let author = ctx.user().id.get();
    let poll = Poll {
        author,
        question,
        answers,
        votes: BTreeMap::new(),
    };
    let message = {
        let mut polls = ctx.state().borrow_mut();
        let number = polls.last_key_value().map_or(1, |(last, _)| last + 1);
        let message = poll.show(&ctx, number)?;
        polls.insert(number, poll);
        if polls.len() > POLLS {
            polls.pop_first();
        }
        message
    };
    ctx.reply(message).await
}

async fn vote(ctx: ComponentContext<Polls>) -> Result {
    let (number, answer) = ctx
        .argument()
        .split_once(' ')
        .ok_or(Error::new("a vote names its poll and the answer"))?;
    let (number, answer) = (number.parse()?, answer.parse()?);
    let message = {
        let mut polls = ctx.state().borrow_mut();
        let poll = polls.get_mut(&number).ok_or_else(forgotten)?;
        poll.votes.insert(ctx.user().id.get(), answer);
        poll.show(&ctx, number)?
    };
    ctx.update(message).await
}

async fn close(ctx: ComponentContext<Polls>) -> Result {
    let message = {
        let mut polls = ctx.state().borrow_mut();
        let number = ctx.argument().parse()?;
        let poll = polls.get(&number).ok_or_else(forgotten)?;
        if poll.author != ctx.user().id.get() {
            return Err(Error::user("Whoever asked closes the poll."));
        }
        let result = NewMessage::from(format!("{}\n(closed)", poll.text()));
        polls.remove(&number);
        result.without_components()
    };
    ctx.update(message).await
}

/// Takes a user's votes and polls out of the memory, and so out of the state.
async fn forget(ctx: EraseContext<Polls>) -> Result {
    let user = ctx.user_id().get();
    let mut polls = ctx.state().borrow_mut();
    polls.retain(|_, poll| poll.author != user);
    for poll in polls.values_mut() {
        poll.votes.remove(&user);
    }
    Ok(())
}

fn forgotten() -> Error {
    Error::user("This poll is over.")
}

impl Poll {
    fn text(&self) -> String {
        let mut lines = vec![format!("**{}**", self.question)];
        for (index, answer) in self.answers.iter().enumerate() {
            let votes = self.votes.values().filter(|vote| **vote == index).count();
            lines.push(format!("{answer}: {votes}"));
        }
        lines.join("\n")
    }

    /// The message, with a button for each answer.
    fn show(&self, ctx: &Invocation, number: u64) -> Result<NewMessage> {
        let mut buttons = Vec::new();
        for (index, answer) in self.answers.iter().enumerate() {
            let id = ctx.custom_id("vote", format!("{number} {index}"))?;
            buttons.push(button(answer, id));
        }
        buttons.push(danger_button("Close", ctx.custom_id("close", number)?));
        // Everybody votes, for as long as it takes.
        Ok(NewMessage::from(self.text())
            .row(buttons)
            .for_everyone()
            .persistent())
    }
}
