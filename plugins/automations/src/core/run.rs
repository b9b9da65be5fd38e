//! Run of a pipeline: step by step, within limits, over waits and into other automations, in whatever world it is given.

use std::collections::VecDeque;

use plugin_api::{Error, Json, Result, text::code};
use serde::{Deserialize, Serialize};

use super::{Action, Occasion, Standing, expand, judge, reaches};
use crate::model::{Place, Step, User};

/// Most steps of one run, those of other automations and of the template included.
const STEPS_OF_A_RUN: u32 = 30;

/// Most automations within each other.
pub(crate) const DEEP: usize = 3;

/// Longest time that all waits of one run take together: two weeks, in seconds.
const WAITS: u64 = 14 * 86_400;

/// What a pipeline runs in.
pub(crate) trait World {
    /// How things stand for an action of this maker's.
    async fn standing(&self, maker: User, action: &Action, occasion: &Occasion)
    -> Result<Standing>;

    /// Does it. It was judged by this standing.
    async fn perform(&self, action: &Action, standing: &Standing, occasion: &Occasion) -> Result;

    /// Another automation of the same server, by its name or number.
    async fn callee(&self, named: &str, occasion: &Occasion) -> Result<Callee>;

    /// A number from the first to the second.
    fn dice(&self, low: i64, high: i64) -> i64;
}

/// What is found for an automation that is to be run by another.
pub(crate) enum Callee {
    /// There is none of that name.
    Missing,
    /// It is off, or its conditions don't hold.
    Rests,
    /// It is to be run.
    Ready(Frame),
}

/// What is left of one automation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Frame {
    /// Its number.
    pub(crate) automation: i64,
    pub(crate) maker: User,
    pub(crate) steps: VecDeque<Step>,
    /// How many steps are done.
    pub(crate) done: u32,
}

/// A run, which can be kept while it waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) occasion: Occasion,
    /// The outermost first. Invariant: no two of the same automation.
    frames: Vec<Frame>,
    /// Steps that may still be done.
    left: u32,
    /// Seconds that may still be waited.
    waits: u64,
    /// Whether it is among the runs of its automation: one that waits is, from its first wait on.
    #[serde(default)]
    is_counted: bool,
}

/// How a run has come to a halt.
#[derive(Debug)]
pub(crate) enum Ended {
    /// All is done.
    Done,
    /// It goes on after so many seconds.
    Waits(u64, Run),
}

/// A step that could not be done.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The number of the automation whose step it is.
    pub(crate) automation: i64,
    /// Which step, from 1.
    pub(crate) step: u32,
    /// What it does.
    pub(crate) what: String,
    pub(crate) why: Error,
}

impl Run {
    pub(crate) fn new(occasion: Occasion, first: Frame) -> Self {
        Self {
            occasion,
            frames: vec![first],
            left: STEPS_OF_A_RUN,
            waits: WAITS,
            is_counted: false,
        }
    }

    pub(crate) fn is_counted(&self) -> bool {
        self.is_counted
    }

    /// The same, and it is counted.
    pub(crate) fn counted(mut self) -> Self {
        self.is_counted = true;
        self
    }

    /// The same without the addresses of webhooks, which are keys.
    pub(crate) fn without_addresses(mut self) -> Self {
        let steps = self.frames.iter_mut().flat_map(|it| &mut it.steps);
        steps.filter_map(Step::address).for_each(String::clear);
        self
    }

    /// The same with the addresses that its automations have now: `steps` gives all steps of the one with a number. What is another step by
    /// now gets none, and fails.
    pub(crate) fn with_addresses(mut self, steps: impl Fn(i64) -> Vec<Step>) -> Self {
        for frame in &mut self.frames {
            // From the end, since what is left is the end of it.
            let now = steps(frame.automation).into_iter().rev();
            for (step, mut now) in frame.steps.iter_mut().rev().zip(now) {
                let address = now.address().map(std::mem::take);
                // All else of it has to be as it was.
                if *step == now
                    && let Some((gap, address)) = step.address().zip(address)
                {
                    *gap = address;
                }
            }
        }
        self
    }

    /// The automation that has begun it.
    pub(crate) fn first(&self) -> Option<i64> {
        self.frames.first().map(|it| it.automation)
    }
}

/// Goes on until all is done, a step waits, or one fails.
///
/// Invariant: each turn of the loop uses one of `left` up or takes a frame away, so that it ends whatever the automations say.
///
/// # Errors
///
/// The step that has failed. What was behind it is not done.
pub(crate) async fn advance(mut run: Run, world: &impl World) -> Result<Ended, Failure> {
    while let Some(frame) = run.frames.last_mut() {
        let Some(step) = frame.steps.pop_front() else {
            run.frames.pop();
            continue;
        };
        frame.done += 1;
        let (automation, number, maker) = (frame.automation, frame.done, frame.maker);
        let failed = |why: Error| Failure {
            automation,
            step: number,
            what: step.words(),
            why,
        };
        let Some(left) = run.left.checked_sub(1) else {
            return Err(failed(Error::user(format!(
                "One run has {STEPS_OF_A_RUN} steps at most."
            ))));
        };
        run.left = left;
        match &step {
            Step::Delay { seconds } => {
                let Some(waits) = run.waits.checked_sub(*seconds) else {
                    return Err(failed(Error::user(
                        "All waits of one run take 14 days at most.",
                    )));
                };
                run.waits = waits;
                if run.frames.iter().any(|it| !it.steps.is_empty()) {
                    return Ok(Ended::Waits(*seconds, run));
                }
            }
            Step::Run { automation } => {
                let found = world
                    .callee(automation, &run.occasion)
                    .await
                    .map_err(failed)?;
                match found {
                    Callee::Missing => {
                        let why = format!("This server has no automation {}.", code(automation));
                        return Err(failed(Error::user(why)));
                    }
                    Callee::Rests => {}
                    Callee::Ready(next) => {
                        if run.frames.iter().any(|it| it.automation == next.automation) {
                            return Err(failed(Error::user(
                                "The automations run each other in a circle.",
                            )));
                        }
                        if run.frames.len() >= DEEP {
                            return Err(failed(Error::user(format!(
                                "Automations run each other {DEEP} deep at most."
                            ))));
                        }
                        run.frames.push(next);
                    }
                }
            }
            step => {
                let action =
                    resolve(step, &run.occasion, world).map_err(|why| failed(Error::user(why)))?;
                let standing = world
                    .standing(maker, &action, &run.occasion)
                    .await
                    .map_err(failed)?;
                judge(&action, &run.occasion, &standing).map_err(|why| failed(Error::user(why)))?;
                if reaches(&action, &standing) {
                    let done = world.perform(&action, &standing, &run.occasion);
                    done.await.map_err(failed)?;
                }
            }
        }
    }
    Ok(Ended::Done)
}

/// A step with its texts filled in, for whom and where it is.
fn resolve(step: &Step, occasion: &Occasion, world: &impl World) -> Result<Action, String> {
    let variables = &occasion.variables;
    let mut filled = |text: &str| expand(text, variables, &mut |low, high| world.dice(low, high));
    let user = || {
        let person = occasion.person.as_ref().map(|it| it.id);
        person.ok_or_else(|| "This automation is about nobody: the step needs a member.".to_owned())
    };
    Ok(match step {
        Step::Send { to, text, embed } => {
            let channel = match to {
                Place::Channel(channel) => Some(*channel),
                Place::Here => occasion.channel,
            };
            let channel = channel.ok_or("It happened in no channel: the step has to name one.")?;
            let embed = embed.as_ref().map(|it| it.map(&mut filled));
            Action::Send {
                channel,
                text: filled(text),
                embed,
            }
        }
        Step::AddRole { role } => Action::GiveRole {
            user: user()?,
            role: *role,
        },
        Step::RemoveRole { role } => Action::TakeRole {
            user: user()?,
            role: *role,
        },
        Step::TimeOut { seconds } => Action::TimeOut {
            user: user()?,
            seconds: *seconds,
        },
        Step::Dm { text, embed } => {
            let embed = embed.as_ref().map(|it| it.map(&mut filled));
            Action::Dm {
                user: user()?,
                text: filled(text),
                embed,
            }
        }
        Step::Webhook { url, .. } if url.is_empty() => {
            return Err("The step was changed while the run has waited.".into());
        }
        Step::Webhook { url, payload } => Action::Webhook {
            url: url.clone(),
            payload: body(payload, &mut filled)?,
        },
        Step::CreateRole { name, color, give } => Action::CreateRole {
            name: plugin_api::text::clip(&filled(name), 100),
            color: Some(color.clone()).filter(|it| !it.is_empty()),
            give: if *give { Some(user()?) } else { None },
        },
        Step::DeleteMessage => {
            let place = occasion.channel.zip(occasion.message);
            let (channel, message) = place.ok_or("There is no message that it is about.")?;
            Action::Delete { channel, message }
        }
        // `advance` takes these itself.
        Step::Delay { .. } | Step::Run { .. } => return Err("It is no single action.".into()),
    })
}

/// The JSON that is posted: variables are filled into its texts, so that nobody's words become its structure. It mentions nobody.
fn body(payload: &str, filled: &mut impl FnMut(&str) -> String) -> Result<String, String> {
    fn fill(value: &mut Json, filled: &mut impl FnMut(&str) -> String) {
        match value {
            Json::String(text) => *text = filled(text),
            Json::Array(all) => all.iter_mut().for_each(|it| fill(it, filled)),
            Json::Object(all) => all.values_mut().for_each(|it| fill(it, filled)),
            _ => {}
        }
    }
    let mut json = match payload.trim() {
        "" => serde_json::json!({"username": "{username}", "content": "{message}"}),
        // serde_json reads 128 levels and no more.
        text => serde_json::from_str(text)
            .map_err(|error| format!("The payload is no JSON: {error}."))?,
    };
    fill(&mut json, filled);
    if let Json::Object(all) = &mut json {
        all.insert("allowed_mentions".into(), serde_json::json!({"parse": []}));
    }
    Ok(json.to_string())
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
