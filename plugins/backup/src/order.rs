//! Order of roles and channels: what has moved, and how those of a snapshot are put back among others.

/// The fewest that were moved to make `after` of `before`, in their new order. Both hold the same, each once.
pub(crate) fn moved<T: Copy + PartialEq>(before: &[T], after: &[T]) -> Vec<T> {
    let place = |it: &T| before.iter().position(|other| other == it);
    let places: Vec<usize> = after.iter().filter_map(place).collect();
    // The longest sequence that has kept its order, by the last place of each length.
    let (mut tails, mut previous) = (Vec::<usize>::new(), vec![None; places.len()]);
    for (at, place) in places.iter().enumerate() {
        let length = tails.partition_point(|tail| places[*tail] < *place);
        previous[at] = length.checked_sub(1).map(|shorter| tails[shorter]);
        match tails.get_mut(length) {
            Some(tail) => *tail = at,
            None => tails.push(at),
        }
    }
    let mut kept = vec![false; places.len()];
    let mut last = tails.last().copied();
    while let Some(at) = last {
        kept[at] = true;
        last = previous[at];
    }
    let all = after.iter().zip(kept);
    all.filter(|(_, kept)| !kept).map(|(it, _)| *it).collect()
}

/// `live`, with those that are in `wanted` in that order, in the places that they have together: others stay where they are.
pub(crate) fn arranged<T: Copy + PartialEq>(live: &[T], wanted: &[T]) -> Vec<T> {
    let mut next = wanted.iter().filter(|it| live.contains(it));
    let place = |it: &T| match wanted.contains(it) {
        true => *next.next().expect("as many as there are places"),
        false => *it,
    };
    live.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_few_as_possible_have_moved() {
        for (before, after, expected) in [
            ("abcd", "abcd", ""),
            ("abcd", "bcda", "a"),
            ("abcd", "dabc", "d"),
            ("abcdef", "afbcde", "f"),
            ("abcd", "dcba", "dcb"),
            ("", "", ""),
        ] {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            let found: String = moved(&chars(before), &chars(after)).into_iter().collect();
            assert_eq!(found, expected, "{before} {after}");
        }
    }

    #[test]
    fn others_stay_where_they_are() {
        for (live, wanted, expected) in [
            ("abc", "cba", "cba"),
            ("xaybz", "ba", "xbyaz"),
            ("abx", "bca", "bax"),
            ("xyz", "abc", "xyz"),
            ("", "ab", ""),
        ] {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            let found: String = arranged(&chars(live), &chars(wanted)).into_iter().collect();
            assert_eq!(found, expected, "{live} {wanted}");
        }
    }
}
