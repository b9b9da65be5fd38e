//! Variables in texts: `{user}`, `{random:1-100}`, `{math:level*2}`. One pass, and nothing that was put in is looked at again.

use std::collections::BTreeMap;

use super::arithmetic;

/// Most characters that come out: more than any message of Discord's holds.
const MOST: usize = 6_000;

/// Longest name of a variable with what it is given, in bytes.
const NAME: usize = 210;

/// A text with what its variables stand for. What stands for nothing stays as it is written; `{{` is a bracket. `dice` gives a number from
/// the first to the second.
pub(crate) fn expand(
    text: &str,
    variables: &BTreeMap<String, String>,
    dice: &mut impl FnMut(i64, i64) -> i64,
) -> String {
    let (mut out, mut rest) = (String::new(), text);
    let mut room = MOST;
    let mut put = |out: &mut String, piece: &str| {
        for c in piece.chars() {
            if room == 0 {
                return false;
            }
            room -= 1;
            out.push(c);
        }
        true
    };
    while let Some(at) = rest.find('{') {
        if !put(&mut out, &rest[..at]) {
            return out;
        }
        let behind = &rest[at + 1..];
        if let Some(after) = behind.strip_prefix('{') {
            put(&mut out, "{");
            rest = after;
            continue;
        }
        // The name ends where it can be one no more: no search runs over the whole text for each bracket.
        let window = &behind.as_bytes()[..behind.len().min(NAME)];
        let end = window
            .iter()
            .position(|it| matches!(it, b'}' | b'{' | b'\n'));
        let end = end.filter(|at| window[*at] == b'}');
        let value = end.and_then(|end| value_of(&behind[..end], variables, dice));
        match (end, value) {
            (Some(end), Some(value)) => {
                put(&mut out, &value);
                rest = &behind[end + 1..];
            }
            _ => {
                put(&mut out, "{");
                rest = behind;
            }
        }
    }
    put(&mut out, rest);
    out
}

/// What a variable stands for, if for anything.
pub(crate) fn value_of(
    name: &str,
    variables: &BTreeMap<String, String>,
    dice: &mut impl FnMut(i64, i64) -> i64,
) -> Option<String> {
    let name = name.trim();
    if let Some(range) = name.strip_prefix("random:") {
        // A minus may stand in front of the first number.
        let at = range
            .char_indices()
            .skip(1)
            .find(|(_, c)| *c == '-')
            .map(|(at, _)| at)?;
        let bound = |text: &str| {
            text.trim()
                .parse::<i64>()
                .ok()
                .filter(|it| it.abs() <= 1_000_000_000)
        };
        let (low, high) = (bound(&range[..at])?, bound(&range[at + 1..])?);
        return (low <= high).then(|| dice(low, high).clamp(low, high).to_string());
    }
    if let Some(expression) = name.strip_prefix("math:") {
        return arithmetic::evaluate(expression, variables).map(arithmetic::shown);
    }
    variables.get(name).cloned()
}

/// What a member has written or is called, such that it mentions nobody: an automation speaks with its maker's rights, and not with theirs.
pub(crate) fn harmless(text: &str) -> String {
    text.replace('@', "@\u{200b}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        let variables = BTreeMap::from([
            ("user".to_owned(), "<@7>".to_owned()),
            ("level".to_owned(), "5".to_owned()),
            ("trap".to_owned(), "{user}{trap}".to_owned()),
            ("message".to_owned(), harmless("@everyone <@&5>")),
        ]);
        expand(text, &variables, &mut |_, high| high)
    }

    #[test]
    fn variables_stand_for_their_values() {
        for (text, wanted) in [
            ("", ""),
            ("Welcome, {user}!", "Welcome, <@7>!"),
            ("{ user }", "<@7>"),
            ("{random:1-100}", "100"),
            ("{random:-5--1}", "-1"),
            ("{random:5-1}", "{random:5-1}"),
            ("{random:x}", "{random:x}"),
            (
                "{random:0-99999999999999999999}",
                "{random:0-99999999999999999999}",
            ),
            ("{math:level*2}", "10"),
            ("{math:1/0}", "{math:1/0}"),
            ("{nobody}", "{nobody}"),
            ("{{user}", "{user}"),
            ("{", "{"),
            ("{user", "{user"),
            ("}{user}{", "}<@7>{"),
            ("{é}", "{é}"),
            ("{a{user}", "{a<@7>"),
        ] {
            assert_eq!(of(text), wanted, "{text}");
        }
    }

    #[test]
    fn what_was_put_in_is_not_looked_at_again() {
        assert_eq!(of("{trap}"), "{user}{trap}");
    }

    #[test]
    fn what_a_member_writes_mentions_nobody() {
        let said = of("{message}");
        assert!(
            !said.contains("@everyone") && !said.contains("<@&5>"),
            "{said}"
        );
        assert_eq!(said.replace('\u{200b}', ""), "@everyone <@&5>");
    }

    #[test]
    fn brackets_without_end_take_no_time_and_the_result_no_room() {
        let began = std::time::Instant::now();
        let many = "{".repeat(200_001);
        assert!(of(&many).len() <= MOST);
        let odd = "{a".repeat(100_000);
        assert_eq!(of(&odd).chars().count(), MOST);
        let long = "{user}".repeat(100_000);
        assert_eq!(of(&long).chars().count(), MOST);
        // Quadratic work would be billions of steps.
        assert!(began.elapsed().as_secs() < 10);
    }
}
