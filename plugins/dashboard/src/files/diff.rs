//! Lines that differ between two texts, with a few of those around them.

use maud::{Markup, html};
use plugin_api::text::number;

/// Lines around a change that are shown.
const AROUND: usize = 3;

/// Pairs of lines that are compared at most; where there would be more, everything between the first and the last difference counts as
/// changed.
const MOST: usize = 4_000_000;

/// Lines that are shown at most.
const SHOWN: usize = 1_000;

/// A line of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'a> {
    Same(&'a str),
    Gone(&'a str),
    New(&'a str),
}

/// The lines of both texts, in order.
pub(super) fn lines<'a>(before: &'a str, after: &'a str) -> Vec<Line<'a>> {
    let before: Vec<&str> = before.split_inclusive('\n').collect();
    let after: Vec<&str> = after.split_inclusive('\n').collect();
    let same = |pair: &(&&str, &&str)| pair.0 == pair.1;
    let head = before.iter().zip(&after).take_while(same).count();
    let (old, new) = (&before[head..], &after[head..]);
    let tail = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(same)
        .count();
    let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);
    let mut all: Vec<Line<'a>> = before[..head].iter().map(|line| Line::Same(line)).collect();
    all.extend(between(old, new));
    all.extend(
        before[before.len() - tail..]
            .iter()
            .map(|line| Line::Same(line)),
    );
    all
}

/// The [longest common subsequence](https://en.wikipedia.org/wiki/Longest_common_subsequence), and what is not in it.
fn between<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    let width = new.len() + 1;
    if old.len().saturating_mul(new.len()) > MOST {
        let gone = old.iter().map(|line| Line::Gone(line));
        return gone.chain(new.iter().map(|line| Line::New(line))).collect();
    }
    // How many lines are the same from here to both ends.
    let mut common = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i * width + j] = match old[i] == new[j] {
                true => common[(i + 1) * width + j + 1] + 1,
                false => common[(i + 1) * width + j].max(common[i * width + j + 1]),
            };
        }
    }
    let (mut i, mut j, mut all) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            all.push(Line::Same(old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len()
            || i < old.len() && common[(i + 1) * width + j] >= common[i * width + j + 1]
        {
            all.push(Line::Gone(old[i]));
            i += 1;
        } else {
            all.push(Line::New(new[j]));
            j += 1;
        }
    }
    all
}

/// How many lines are new, and how many are gone.
pub(super) fn counts(lines: &[Line<'_>]) -> (usize, usize) {
    let new = lines
        .iter()
        .filter(|line| matches!(line, Line::New(_)))
        .count();
    let gone = lines
        .iter()
        .filter(|line| matches!(line, Line::Gone(_)))
        .count();
    (new, gone)
}

/// The changed lines and those around them; what lies between is counted.
pub(super) fn drawn(lines: &[Line<'_>]) -> Markup {
    let changed: Vec<usize> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| !matches!(line, Line::Same(_)))
        .map(|(at, _)| at)
        .collect();
    let near = |at: usize| {
        let next = changed.partition_point(|changed| *changed < at);
        let of = |index: Option<usize>| index.and_then(|index| changed.get(index));
        of(Some(next)).is_some_and(|changed| changed - at <= AROUND)
            || of(next.checked_sub(1)).is_some_and(|changed| at - changed <= AROUND)
    };
    let (mut old, mut new, mut left, mut shown) = (0_u64, 0_u64, 0_u64, 0);
    let mut rows = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let (class, mark, text) = match line {
            Line::Same(text) => ("", " ", text),
            Line::Gone(text) => ("gone", "−", text),
            Line::New(text) => ("new", "+", text),
        };
        old += u64::from(class != "new");
        new += u64::from(class != "gone");
        if !near(at) || shown == SHOWN {
            left += 1;
            continue;
        }
        if left > 0 {
            rows.push(gap(std::mem::take(&mut left)));
        }
        shown += 1;
        rows.push(html! {
            tr class=(class) {
                td.line-number { @if class != "new" { (old) } }
                td.line-number { @if class != "gone" { (new) } }
                td.mark aria-label=[match class { "gone" => Some("gone"), "new" => Some("new"), _ => None }] { (mark) }
                td.line { code { (text.trim_end_matches('\n')) @if text.ends_with("\r\n") { span.muted { "␍" } } } }
            }
        });
    }
    if left > 0 {
        rows.push(gap(left));
    }
    html! {
        div.scroll.tall tabindex="0" role="region" aria-label="What would change" {
            table.diff {
                caption.hidden { "Lines before and after" }
                thead.hidden { tr { th scope="col" { "Before" } th scope="col" { "After" } th scope="col" { "" } th scope="col" { "Line" } } }
                tbody { @for row in rows { (row) } }
            }
        }
    }
}

fn gap(lines: u64) -> Markup {
    let what = if lines == 1 { "line" } else { "lines" };
    html! { tr.gap { td colspan="4" { "… " (number(lines)) " " (what) } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(before: &str, after: &str) -> String {
        let lines = lines(before, after);
        let told = lines.iter().map(|line| match line {
            Line::Same(text) => format!(" {}", text.trim_end()),
            Line::Gone(text) => format!("-{}", text.trim_end()),
            Line::New(text) => format!("+{}", text.trim_end()),
        });
        told.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn lines_that_stay_are_found_between_those_that_do_not() {
        assert_eq!(told("a\nb\nc\n", "a\nc\n"), " a\n-b\n c");
        assert_eq!(told("a\nb\nc\n", "a\nx\nb\nc\ny\n"), " a\n+x\n b\n c\n+y");
        assert_eq!(told("", "a\n"), "+a");
        assert_eq!(told("a\n", ""), "-a");
        assert_eq!(told("a\n", "a"), "-a\n+a");
        assert_eq!(told("", ""), "");
    }

    #[test]
    fn both_texts_are_in_the_comparison_whatever_they_are() {
        let (mut dice, mut text) = (7_u64, [String::new(), String::new()]);
        for round in 0..400 {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let of = &mut text[round % 2];
            if dice >> 60 == 0 {
                of.clear();
            }
            of.push_str(["a\n", "b\n", "c\n", "\n", "d"][(dice >> 33) as usize % 5]);
            let all = lines(&text[0], &text[1]);
            let side = |of: fn(&Line<'_>) -> bool| -> String {
                let text = |line: &Line<'_>| match *line {
                    Line::Same(text) | Line::Gone(text) | Line::New(text) => text.to_owned(),
                };
                all.iter().filter(|line| of(line)).map(text).collect()
            };
            assert_eq!(side(|line| !matches!(line, Line::New(_))), text[0]);
            assert_eq!(side(|line| !matches!(line, Line::Gone(_))), text[1]);
        }
    }

    #[test]
    fn long_texts_that_have_nothing_in_common_are_compared_at_once() {
        let text = |of: &str| {
            (0..5_000)
                .map(|at| format!("{of}{at}\n"))
                .collect::<String>()
        };
        assert_eq!(counts(&lines(&text("a"), &text("b"))), (5_000, 5_000));
    }

    #[test]
    fn what_lies_between_changes_is_counted() {
        let before: String = (0..100).map(|at| format!("{at}\n")).collect();
        let after = before.replace("50\n", "fifty\n");
        let shown = drawn(&lines(&before, &after)).into_string();
        assert!(
            shown.contains("… 47 lines") && shown.contains("… 46 lines"),
            "{shown}"
        );
        assert!(!drawn(&lines("", "<b>\n")).into_string().contains("<b>"));
    }
}
