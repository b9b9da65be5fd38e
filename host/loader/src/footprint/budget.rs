//! Budget of what generations hold that stay mapped.

use std::fmt;

use host_base::PluginName;

/// Plugins that are named, those that hold most first.
const NAMED: usize = 3;

/// How much generations that stay mapped may hold together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// In bytes; 0: as much as they do.
    pub bytes: u64,
}

impl Budget {
    /// Whether so much is more than it allows.
    #[must_use]
    pub const fn is_exceeded_by(self, bytes: u64) -> bool {
        self.bytes > 0 && bytes > self.bytes
    }
}

/// What is held by generations that stay mapped: plugin, bytes, and why it stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pinned(pub(super) Vec<(PluginName, u64, Option<String>)>);

impl Pinned {
    /// In all, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.iter().map(|(_, bytes, _)| bytes).sum()
    }
}

/// What is pinned is more than the budget allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverBudget {
    budget: Budget,
    pinned: Pinned,
}

impl fmt::Display for OverBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Ended generations of plugins hold {} that nobody can give back before the bot is restarted, more than \
             `extensions.pinned_limit_mb` allows ({}).",
            megabytes(self.pinned.bytes()),
            megabytes(self.budget.bytes)
        )?;
        let mut worst: Vec<_> = self.pinned.0.iter().collect();
        worst.sort_by_key(|(_, bytes, _)| std::cmp::Reverse(*bytes));
        for (name, bytes, why) in worst.into_iter().take(NAMED) {
            write!(f, " `{name}`: {}", megabytes(*bytes))?;
            match why {
                Some(why) => write!(f, ", {why}.")?,
                None => f.write_str(".")?,
            }
        }
        f.write_str(
            " Those that can't be unloaded are not reloaded by themselves any more; `reload NAME` does it all the same. A restart of the bot gives the \
             memory back, and `isolation = \"process\"` for such a plugin keeps it from coming to this.",
        )
    }
}

/// How much there was when it was said last.
#[derive(Debug, Default)]
pub(super) struct Told(u64);

impl Told {
    /// Whether there is something to say: the budget is exceeded, and by half more than when that was said last.
    pub(super) fn over(&mut self, budget: Budget, pinned: Pinned) -> Option<OverBudget> {
        let bytes = pinned.bytes();
        if !budget.is_exceeded_by(bytes) {
            self.0 = 0;
            return None;
        }
        let is_news = bytes >= self.0 + self.0 / 2 && bytes > self.0;
        is_news.then(|| {
            self.0 = bytes;
            OverBudget { budget, pinned }
        })
    }
}

/// Such as "12 MB"; less than one with a place.
#[must_use]
pub(crate) fn megabytes(bytes: u64) -> String {
    match bytes {
        0..10_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pinned(bytes: u64) -> Pinned {
        Pinned(vec![
            (PluginName::new("little"), 5, None),
            (
                PluginName::new("loose"),
                bytes - 5,
                Some("1 thread(s)".into()),
            ),
        ])
    }

    #[test]
    fn it_is_said_when_it_is_exceeded_and_again_when_it_has_grown_by_half() {
        let (budget, mut told) = (Budget { bytes: 2_000_000 }, Told::default());
        assert_eq!(told.over(budget, pinned(2_000_000)), None);
        let text = told.over(budget, pinned(4_000_000)).unwrap().to_string();
        assert!(text.contains("hold 4.0 MB"), "{text}");
        assert!(text.contains("allows (2.0 MB)."), "{text}");
        assert!(
            text.find("`loose`: 4.0 MB, 1 thread(s).") < text.find("`little`: 0.0 MB."),
            "{text}"
        );
        assert_eq!(told.over(budget, pinned(4_000_000)), None);
        assert_eq!(told.over(budget, pinned(5_000_000)), None);
        assert!(told.over(budget, pinned(6_000_000)).is_some());
    }

    #[test]
    fn without_a_limit_nothing_is_too_much() {
        assert!(!Budget { bytes: 0 }.is_exceeded_by(u64::MAX));
        assert!(
            Told::default()
                .over(Budget { bytes: 0 }, pinned(1 << 40))
                .is_none()
        );
    }
}
