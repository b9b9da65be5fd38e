//! Conditions as lines of text: written and changed in a form, one rule a line, groups by indentation.
//!
//! ```text
//! time 22:00-06:00
//! any:
//!   role has @Helper
//!   messages >= 10
//! ```

use super::Role;
use super::condition::{Compare, Condition, Day, Standing, TimeOfDay};

/// Most lines that are read.
const LINES: usize = 60;

/// What a line can be, for whoever has written something else.
const RULES: &str = "`time 22:00-06:00`, `weekday mon-fri`, `role has @Name` (or lacks, above, below), `messages >= 10`, \
                     `account >= 7 days`, `variable level == 5`, `all:`, `any:` or `not:`";

/// Reads conditions. `role` finds a role by what stands for it.
///
/// # Errors
///
/// The line, what is wrong with it, and what could stand there.
pub(crate) fn read(text: &str, role: &impl Fn(&str) -> Option<Role>) -> Result<Condition, String> {
    let mut lines = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.replace('\t', "    ");
        let words = line.trim();
        if !words.is_empty() && !words.starts_with('#') {
            lines.push((
                at + 1,
                line.len() - line.trim_start().len(),
                words.to_owned(),
            ));
        }
    }
    if lines.len() > LINES {
        return Err(format!(
            "there are {} lines, and {LINES} are all there may be",
            lines.len()
        ));
    }
    let (mut all, used) = group(&lines, role)?;
    if let Some((at, ..)) = lines.get(used) {
        return Err(format!(
            "line {at}: it is indented less than the first line"
        ));
    }
    let read = match (all.len(), all.pop()) {
        // A lone group says itself what it is.
        (1, Some(only @ (Condition::All(_) | Condition::Any(_)))) => only,
        (_, last) => {
            all.extend(last);
            Condition::All(all)
        }
    };
    read.check()?;
    Ok(read)
}

type Line = (usize, usize, String);

/// The rules of one indentation, and how many lines they take.
fn group(
    lines: &[Line],
    role: &impl Fn(&str) -> Option<Role>,
) -> Result<(Vec<Condition>, usize), String> {
    let Some((_, indent, _)) = lines.first() else {
        return Ok((Vec::new(), 0));
    };
    let (mut all, mut at) = (Vec::new(), 0);
    while let Some((number, own, words)) = lines.get(at) {
        if own < indent {
            break;
        }
        let place = |why: String| format!("line {number}: {why}");
        if own > indent {
            return Err(place(
                "it is indented, and what stands above it is no group (`all:`, `any:`, `not:`)"
                    .into(),
            ));
        }
        at += 1;
        let Some(name) = words.strip_suffix(':') else {
            all.push(rule(words, role).map_err(place)?);
            continue;
        };
        let inner: &[Line] = match lines.get(at) {
            Some((_, deeper, _)) if deeper > own => &lines[at..],
            _ => {
                return Err(place(format!(
                    "`{name}:` has nothing in it: indent what belongs to it by blanks"
                )));
            }
        };
        // Deeper than is allowed is refused before it is followed.
        if *own > 40 {
            return Err(place("it is indented too deep".into()));
        }
        let (inner, used) = group(inner, role)?;
        at += used;
        all.push(match name.trim().to_lowercase().as_str() {
            "all" => Condition::All(inner),
            "any" => Condition::Any(inner),
            "not" => Condition::Not(Box::new(match <[Condition; 1]>::try_from(inner) {
                Ok([only]) => only,
                Err(several) => Condition::All(several),
            })),
            other => {
                return Err(place(format!(
                    "`{other}:` is no group; there are `all:`, `any:` and `not:`"
                )));
            }
        });
    }
    Ok((all, at))
}

fn rule(words: &str, role: &impl Fn(&str) -> Option<Role>) -> Result<Condition, String> {
    let (kind, rest) = words.split_once(char::is_whitespace).unwrap_or((words, ""));
    let rest = rest.trim();
    match kind.to_lowercase().as_str() {
        "time" => {
            let (from, to) = rest
                .split_once('-')
                .ok_or_else(|| format!("`{rest}` is no range of times, such as 22:00-06:00"))?;
            let (from, to) = (TimeOfDay::read(from.trim())?, TimeOfDay::read(to.trim())?);
            Ok(Condition::Time { from, to })
        }
        "weekday" | "day" => days(rest).map(Condition::Weekday),
        "role" => {
            let (is, named) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let is = match is.to_lowercase().as_str() {
                "has" => Standing::Has,
                "lacks" => Standing::Lacks,
                "above" => Standing::Above,
                "below" => Standing::Below,
                _ => {
                    return Err(
                        "behind `role` stands has, lacks, above or below, and then the role".into(),
                    );
                }
            };
            let found = role(named.trim());
            let role =
                found.ok_or_else(|| format!("`{}` is no role of this server", named.trim()))?;
            Ok(Condition::Role { is, role })
        }
        "messages" => {
            let (is, count) = compared(rest)?;
            let count = whole(count)?;
            Ok(Condition::Messages { is, count })
        }
        "account" => {
            let (is, days) = compared(rest)?;
            let days = whole(days.trim_end_matches("days").trim_end_matches("day").trim())?;
            Ok(Condition::AccountDays { is, days })
        }
        "variable" => {
            let (name, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let name = name.trim_matches(['{', '}']).to_lowercase();
            let (is, value) = compared(rest)?;
            Ok(Condition::Variable {
                name,
                is,
                value: value.to_owned(),
            })
        }
        _ => Err(format!("`{kind}` is no condition; there are {RULES}")),
    }
}

fn compared(text: &str) -> Result<(Compare, &str), String> {
    let text = text.trim();
    let found = Compare::ALL
        .iter()
        .find_map(|(sign, is)| Some((*is, text.strip_prefix(sign)?.trim())));
    found.ok_or_else(|| {
        format!("`{text}` does not begin with one of <, <=, ==, !=, >=, > and contains")
    })
}

fn whole(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is no whole number"))
}

/// Reads `mon-fri, sun`; a range may go over the week's end.
fn days(text: &str) -> Result<Vec<Day>, String> {
    let day = |name: &str| {
        let name = name.trim().to_lowercase();
        let short = name.get(..3).unwrap_or_default();
        let at = Day::ALL.iter().position(|(it, _)| *it == short);
        at.ok_or_else(|| format!("`{name}` is no day, such as mon"))
    };
    let mut days = Vec::new();
    for part in text.split(',') {
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (day(first)?, day(last)?),
            None => (day(part)?, day(part)?),
        };
        let length = (last + 7 - first) % 7;
        days.extend((first..=first + length).map(|it| Day::ALL[it % 7].1));
    }
    days.sort_unstable();
    days.dedup();
    Ok(days)
}

/// Conditions as [`read`] takes them. `role` says how a role is written.
pub(crate) fn print(condition: &Condition, role: &impl Fn(Role) -> String) -> String {
    let mut text = String::new();
    match condition {
        // A group at the top would be lost in a lone group in it.
        Condition::All(all) if !matches!(all[..], [Condition::All(_) | Condition::Any(_)]) => {
            all.iter().for_each(|it| put(it, 0, role, &mut text));
        }
        other => put(other, 0, role, &mut text),
    }
    text.truncate(text.trim_end().len());
    text
}

fn put(condition: &Condition, depth: usize, role: &impl Fn(Role) -> String, text: &mut String) {
    let day = |it: &Day| {
        let found = Day::ALL.iter().find(|(_, day)| day == it);
        found.map_or("mon", |(name, _)| name)
    };
    let mut line = |words: String| {
        text.push_str(&"  ".repeat(depth));
        text.push_str(&words);
        text.push('\n');
    };
    match condition {
        Condition::All(_) => line("all:".into()),
        Condition::Any(_) => line("any:".into()),
        Condition::Not(_) => line("not:".into()),
        Condition::Time { from, to } => line(format!("time {from}-{to}")),
        Condition::Weekday(days) => {
            let days: Vec<_> = days.iter().map(day).collect();
            line(format!("weekday {}", days.join(", ")));
        }
        Condition::Role { is, role: id } => {
            let is = match is {
                Standing::Has => "has",
                Standing::Lacks => "lacks",
                Standing::Above => "above",
                Standing::Below => "below",
            };
            line(format!("role {is} {}", role(*id)));
        }
        Condition::Messages { is, count } => line(format!("messages {is} {count}")),
        Condition::AccountDays { is, days } => line(format!("account {is} {days} days")),
        Condition::Variable { name, is, value } => line(format!("variable {name} {is} {value}")),
    }
    match condition {
        Condition::All(all) | Condition::Any(all) => {
            all.iter().for_each(|it| put(it, depth + 1, role, text));
        }
        Condition::Not(it) => put(it, depth + 1, role, text),
        _ => {}
    }
}
