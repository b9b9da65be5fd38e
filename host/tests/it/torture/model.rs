//! Model of the plugins: what is known of them, and what their answers must agree with.

use std::collections::{HashMap, HashSet};

use sandbox::MessageView;

/// One plugin, as far as an operator can know it.
#[derive(Debug, Default)]
pub struct Known {
    /// Whether it serves, as far as the last finished operation says.
    pub loaded: bool,
    /// Counts up when an operation on it begins and when it ends: what was sent before may have met either side.
    pub epoch: u64,
    /// Counts up when its state may have gone back for a reason that is told: killed, or thrown away by force.
    life: u64,
    /// The highest count that is on disk.
    saved: u64,
    /// The counts that were answered in this life.
    counts: HashSet<u64>,
    /// Whether some code of it was told to do what keeps its library mapped.
    pub clings: bool,
}

/// All plugins, and all that was said.
#[derive(Debug, Default)]
pub struct Model {
    pub plugins: HashMap<String, Known>,
    /// Messages that are commands: what became of each.
    sent: HashMap<u64, Sent>,
    /// Answers that were looked at.
    seen: HashSet<u64>,
    /// How many commands were answered.
    pub answered: usize,
}

#[derive(Debug, Default)]
struct Sent {
    line: String,
    /// The plugin, and its epoch when this was sent.
    of: Option<(String, u64)>,
    answers: Vec<String>,
}

impl Model {
    /// A command was sent, to a plugin that was in this epoch before.
    pub fn sent(&mut self, message: &MessageView, of: Option<(&str, u64)>) {
        let of = of.map(|(name, epoch)| (name.to_owned(), epoch));
        let sent = self.sent.entry(message.id).or_default();
        (sent.line, sent.of) = (message.content.clone(), of);
    }

    /// Reads what the bot has said since it was last asked: nothing is answered twice, and no count comes twice in a life.
    pub fn read(&mut self, messages: &[MessageView]) {
        for message in messages {
            let Some(to) = message.reply_to else { continue };
            if !self.seen.insert(message.id) {
                continue;
            }
            let text = message.text();
            let sent = self.sent.entry(to).or_default();
            sent.answers.push(text.clone());
            // A handler that has answered and was ended before it had ended itself is apologised for as well.
            let was_ended = sent.of.as_ref().is_some_and(|(name, epoch)| {
                sent.answers.len() == 2
                    && text.starts_with("Something went wrong")
                    && self.plugins[name].epoch != *epoch
            });
            assert!(
                sent.answers.len() == 1 || was_ended,
                "{:?} was answered by {:?}",
                sent.line,
                sent.answers
            );
            self.answered += 1;
            let Some((name, count)) = text.split_once(" counts ") else {
                continue;
            };
            let (known, count) = (
                self.plugins.get_mut(name).unwrap(),
                count.parse::<u64>().unwrap(),
            );
            assert!(
                count > known.saved,
                "{name} counts {count} in life {}, and {} was on disk",
                known.life,
                known.saved
            );
            assert!(
                known.counts.insert(count),
                "{name} counts {count} a second time in life {}: its state went back",
                known.life
            );
        }
    }

    /// Its state is on disk, with all that was answered.
    pub fn saved(&mut self, name: &str) {
        let known = self.plugins.get_mut(name).unwrap();
        known.saved = known.counts.drain().max().unwrap_or(known.saved);
    }

    /// What was not on disk may be gone.
    pub fn lost(&mut self, name: &str) {
        let known = self.plugins.get_mut(name).unwrap();
        known.counts.clear();
        known.life += 1;
    }
}
