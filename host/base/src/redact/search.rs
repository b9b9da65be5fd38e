//! Multi-pattern search in one pass that skips most of the text (Wu and Manber, "A fast algorithm for multi-pattern
//! searching", 1994): two bytes tell how far the next place is at which one of the texts can begin.

use std::{collections::BTreeMap, ops::Range};

/// Pairs of bytes.
const PAIRS: usize = 1 << 16;

fn number(pair: [u8; 2]) -> usize {
    usize::from(u16::from_le_bytes(pair))
}

/// Texts, each with whose it is.
pub(super) struct Search<T> {
    texts: Vec<(Vec<u8>, Vec<T>)>,
    /// Bytes of the shortest.
    shortest: usize,
    longest: usize,
    /// How far to go on, by the number of the last two of `shortest` bytes; 0: a text may begin here.
    step: Box<[u8]>,
    /// Which may, by that number.
    here: BTreeMap<usize, Vec<usize>>,
}

impl<T: PartialEq> Search<T> {
    /// `None` without texts. Those of fewer than two bytes are left out.
    pub(super) fn new(texts: impl Iterator<Item = (Vec<u8>, T)>) -> Option<Self> {
        let mut merged: BTreeMap<Vec<u8>, Vec<T>> = BTreeMap::new();
        for (text, whose) in texts.filter(|(text, _)| text.len() >= 2) {
            let all = merged.entry(text).or_default();
            if !all.contains(&whose) {
                all.push(whose);
            }
        }
        let texts: Vec<_> = merged.into_iter().collect();
        let lengths = || texts.iter().map(|(text, _)| text.len());
        let shortest = lengths().min()?.min(usize::from(u8::MAX));
        let longest = lengths().max()?;
        let mut step = vec![(shortest - 1) as u8; PAIRS].into_boxed_slice();
        let mut here: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, (text, _)) in texts.iter().enumerate() {
            for end in 2..=shortest {
                let number = number([text[end - 2], text[end - 1]]);
                step[number] = step[number].min((shortest - end) as u8);
            }
            let last = number([text[shortest - 2], text[shortest - 1]]);
            here.entry(last).or_default().push(index);
        }
        Some(Self {
            texts,
            shortest,
            longest,
            step,
            here,
        })
    }

    /// Bytes of the longest text.
    pub(super) const fn longest(&self) -> usize {
        self.longest
    }

    /// Tells of each place of each text, also of those that overlap.
    pub(super) fn all<'a>(&'a self, within: &[u8], mut found: impl FnMut(Range<usize>, &'a [T])) {
        let mut at = 0;
        while let Some(window) = within.get(at..at + self.shortest) {
            let number = number([window[self.shortest - 2], window[self.shortest - 1]]);
            match self.step[number] {
                0 => {}
                step => {
                    at += usize::from(step);
                    continue;
                }
            }
            for &index in self.here.get(&number).into_iter().flatten() {
                let (text, whose) = &self.texts[index];
                if within[at..].starts_with(text) {
                    found(at..at + text.len(), whose);
                }
            }
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_is_found_that_a_plain_search_finds() {
        let texts = [
            "abcabcab",
            "bcabcabc",
            "cabcabcabca",
            "zzzzzzzzz",
            "aaaaaaaa",
        ];
        let search =
            Search::new(texts.iter().map(|text| (text.as_bytes().to_vec(), *text))).unwrap();
        for within in [
            "",
            "abc",
            "abcabcab",
            "xabcabcabcabcabcax",
            "zzzzzzzzzzzzaaaaaaaaaa",
            "zzzzzzzz aaaaaaa",
        ] {
            let mut found = Vec::new();
            search.all(within.as_bytes(), |place, whose| {
                found.push((place.start, whose[0]))
            });
            let mut plain: Vec<_> = (0..within.len())
                .flat_map(|at| texts.map(|text| (at, text)))
                .filter(|(at, text)| within[*at..].starts_with(text))
                .collect();
            found.sort_unstable();
            plain.sort_unstable();
            assert_eq!(found, plain, "{within}");
        }
        assert!(Search::<()>::new(std::iter::empty()).is_none());
    }
}
