//! Spelling suggestions: the known name that is nearest to one that does not exist.

/// The known name that `word` may stand for: at most a third of its letters are wrong, left out, too many or swapped.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let slips = |known: &str| strsim::damerau_levenshtein(&known.to_lowercase(), &word);
    known
        .into_iter()
        .map(|known| (slips(known), known))
        .min()
        .filter(|(slips, _)| *slips <= word.chars().count().div_ceil(3))
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn what_is_far_off_is_not_suggested() {
        let known = ["poll", "shop", "hello"];
        assert_eq!(nearest("Helo", known), Some("hello"));
        assert_eq!(nearest("hlelo", known), Some("hello"));
        assert_eq!(nearest("nope", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest("poll", []), None);
    }
}
