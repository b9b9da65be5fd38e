//! Fair queue: a line per plugin, served in turn, so that whoever has queued a thousand calls delays the others by one
//! at a time.

use std::collections::{HashMap, VecDeque};

use host_base::PluginName;

/// Owner of a line: a plugin's name, or `None` for the host.
pub(super) type Whose = Option<PluginName>;

/// The lines.
#[derive(Debug)]
pub(super) struct FairQueue<T> {
    /// Who has something in their line, next first.
    order: VecDeque<Whose>,
    lines: HashMap<Whose, VecDeque<T>>,
}

impl<T> Default for FairQueue<T> {
    fn default() -> Self {
        Self {
            order: VecDeque::new(),
            lines: HashMap::new(),
        }
    }
}

impl<T> FairQueue<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.lines.values().map(VecDeque::len).sum()
    }

    /// How many wait in one line.
    pub(super) fn waiting(&self, whose: &Whose) -> usize {
        self.lines.get(whose).map_or(0, VecDeque::len)
    }

    /// Puts something at the end of a line.
    pub(super) fn push(&mut self, whose: Whose, item: T) {
        self.line(whose).push_back(item);
    }

    /// Puts something back that was taken and not done. Whoever has nothing else has the next turn: it was theirs.
    pub(super) fn put_back(&mut self, whose: Whose, item: T) {
        if !self.lines.contains_key(&whose) {
            self.order.push_front(whose.clone());
        }
        self.lines.entry(whose).or_default().push_front(item);
    }

    /// Passes over those who may have no turn now; whether there is anybody who may.
    pub(super) fn pass(&mut self, may: impl Fn(&Whose) -> bool) -> bool {
        let found = self.order.iter().position(may);
        if let Some(at) = found {
            // They keep their places, behind the one who comes before them.
            if let Some(whose) = self.order.remove(at) {
                self.order.push_front(whose);
            }
        }
        found.is_some()
    }

    /// Whose turn it is.
    pub(super) fn next_whose(&self) -> Option<&Whose> {
        self.order.front()
    }

    /// What comes next.
    pub(super) fn next(&self) -> Option<&T> {
        self.lines.get(self.order.front()?)?.front()
    }

    /// Takes what comes next; its line is then the last.
    pub(super) fn pop(&mut self) -> Option<T> {
        let whose = self.order.pop_front()?;
        let line = self.lines.get_mut(&whose)?;
        let item = line.pop_front();
        if line.is_empty() {
            self.lines.remove(&whose);
        } else {
            self.order.push_back(whose);
        }
        item
    }

    fn line(&mut self, whose: Whose) -> &mut VecDeque<T> {
        if !self.lines.contains_key(&whose) {
            self.order.push_back(whose.clone());
        }
        self.lines.entry(whose).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_turn_and_each_line_keeps_its_order() {
        let mut fair_queue = FairQueue::default();
        let whose = |name: &str| Some(PluginName::new(name));
        for number in 0..1_000 {
            fair_queue.push(whose("greedy"), ("greedy", number));
        }
        fair_queue.push(whose("modest"), ("modest", 0));
        fair_queue.push(None, ("host", 0));
        assert_eq!(
            (fair_queue.len(), fair_queue.waiting(&whose("greedy"))),
            (1_002, 1_000)
        );
        let first: Vec<_> = std::iter::from_fn(|| fair_queue.pop()).take(4).collect();
        assert_eq!(
            first,
            [("greedy", 0), ("modest", 0), ("host", 0), ("greedy", 1)]
        );
        fair_queue.put_back(whose("greedy"), ("greedy", 1));
        assert_eq!(fair_queue.next(), Some(&("greedy", 1)));
        // Also where its line was empty by then: the others don't come in between.
        fair_queue.put_back(whose("modest"), ("modest", 0));
        assert_eq!(fair_queue.pop(), Some(("modest", 0)));
        fair_queue.push(whose("modest"), ("modest", 1));
        assert!(fair_queue.pass(|who| *who != whose("greedy")));
        assert_eq!(fair_queue.pop(), Some(("modest", 1)));
        assert!(!fair_queue.pass(|who| *who != whose("greedy")));
        assert_eq!(std::iter::from_fn(|| fair_queue.pop()).count(), 999);
        assert!(fair_queue.is_empty() && fair_queue.next_whose().is_none());
    }
}
