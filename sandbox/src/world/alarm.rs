//! Alarms: what is to happen in the world at a time to come, without anybody asking.

use std::collections::BTreeSet;

use super::World;

/// Something that falls due by the clock. Whoever sets one also says in [`World::ring`] what it does.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Alarm {
    /// The time for the first response to this interaction is over.
    Unanswered(u64),
    /// A poll closes.
    PollEnds { channel: u64, message: u64 },
    /// The next wave of a storm; not the world's.
    Storm(u64),
    /// Nobody may have written in this thread for so long that it is archived.
    ThreadQuiet(u64),
}

/// All alarms that are set, the next one first.
#[derive(Debug, Default)]
pub(crate) struct Alarms {
    set: BTreeSet<(i64, Alarm)>,
}

impl Alarms {
    /// When the next alarm is due, in microseconds since 1970.
    pub(crate) fn next_us(&self) -> Option<i64> {
        self.set.first().map(|(due, _)| *due)
    }

    /// Sets an alarm.
    pub(crate) fn set(&mut self, due_us: i64, alarm: Alarm) {
        self.set.insert((due_us, alarm));
    }

    /// Takes an alarm back; one that is not set is no harm.
    pub(crate) fn unset(&mut self, due_us: i64, alarm: Alarm) {
        self.set.remove(&(due_us, alarm));
    }
}

impl World {
    /// Lets everything happen that is due by now; gives what is due outside of the world.
    pub(crate) fn ring_alarms(&mut self) -> Vec<Alarm> {
        let mut others = Vec::new();
        let now = self.clock.now_us();
        while let Some(due) = self.alarms.set.first().copied().filter(|due| due.0 <= now) {
            self.alarms.set.remove(&due);
            match due.1 {
                Alarm::Storm(_) => others.push(due.1),
                alarm => self.ring(alarm),
            }
        }
        others
    }

    fn ring(&mut self, alarm: Alarm) {
        match alarm {
            Alarm::Unanswered(interaction) => {
                if let Some(known) = self.interactions.get_mut(&interaction) {
                    known.failed = known.response.is_none();
                }
            }
            Alarm::Storm(_) => {}
            Alarm::PollEnds { channel, message } => {
                self.end_poll(channel, message);
            }
            Alarm::ThreadQuiet(thread) => self.archive_if_quiet(thread),
        }
    }
}
