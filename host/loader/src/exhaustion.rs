//! Exhaustion of descriptors: when the process has nearly all that it may have, and what they lead to.

use std::collections::BTreeMap;

use crate::{descriptors::Descriptors, platform::process};

/// Kinds of targets that are named, those with most descriptors first.
const NAMED: usize = 3;

/// Tells once that descriptors run short, and again when they have been plentiful meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Exhaustion {
    is_told: bool,
}

impl Exhaustion {
    /// What there is to tell now. Reads a link for each descriptor.
    pub(crate) fn look(&mut self) -> Option<String> {
        let limit = process::descriptor_limit()?;
        // Not even one for the look itself.
        let open = process::open_fds();
        self.judge(open.as_ref(), limit)
    }

    fn judge(&mut self, open: Option<&Descriptors>, limit: u64) -> Option<String> {
        let count = open.map_or(limit, |open| open.len() as u64);
        if count < limit / 10 * 8 {
            self.is_told = false;
            return None;
        }
        let is_news = !std::mem::replace(&mut self.is_told, true);
        is_news.then(|| in_words(open, count, limit))
    }
}

fn in_words(open: Option<&Descriptors>, count: u64, limit: u64) -> String {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for target in open.into_iter().flat_map(BTreeMap::values) {
        // `socket:[4711]` and its like are of one kind each.
        let kind = target.split_once(":[").map_or(&**target, |(kind, _)| kind);
        *kinds.entry(kind).or_default() += 1;
    }
    let mut kinds: Vec<_> = kinds.into_iter().filter(|(_, count)| *count > 1).collect();
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let kinds: Vec<String> = kinds
        .into_iter()
        .take(NAMED)
        .map(|(kind, count)| format!("{count} to `{kind}`"))
        .collect();
    let what = match kinds.is_empty() {
        true => String::new(),
        false => format!(" ({})", kinds.join(", ")),
    };
    format!(
        "The bot has {count} of {limit} descriptors open{what}: without one nothing can be opened, no file and no connection. The system does not say \
         whose they are; the log names what a plugin has left open when it is unloaded. A restart of the bot gives them back, and in a process of its own \
         (`isolation = \"process\"`) a plugin has its own limit."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(sockets: i32, files: i32) -> Descriptors {
        let sockets = (0..sockets).map(|fd| (fd, format!("socket:[{fd}]")));
        let files = (0..files).map(|fd| (1000 + fd, "/dev/null".to_owned()));
        sockets.chain(files).collect()
    }

    #[test]
    fn it_is_told_once_with_what_they_lead_to_and_again_after_there_were_enough() {
        let mut exhaustion = Exhaustion::default();
        assert_eq!(exhaustion.judge(Some(&open(20, 59)), 100), None);
        let told = exhaustion.judge(Some(&open(20, 70)), 100).unwrap();
        assert!(
            told.contains("90 of 100 descriptors open (70 to `/dev/null`, 20 to `socket`)"),
            "{told}"
        );
        assert_eq!(exhaustion.judge(Some(&open(20, 75)), 100), None);
        assert_eq!(exhaustion.judge(Some(&open(1, 1)), 100), None);
        let told = exhaustion.judge(None, 100).unwrap();
        assert!(
            told.contains("100 of 100 descriptors open: without"),
            "{told}"
        );
    }
}
