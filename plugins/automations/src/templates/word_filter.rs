//! Template `word_filter`: words that are not wanted, and what happens to who says them.

use super::{Group, Template, WRITE, message, nothing};
use crate::model::{Card, Kind, Parameter, Parameters, Step};

pub(super) const TEMPLATE: Template = Template {
    name: "word_filter",
    reference: "message_filter",
    title: "Word filter",
    icon: "🛡️",
    description: "Deletes messages with words that are not wanted, warns, times out, and keeps a log",
    trigger: "A message, new or edited, has one of the words in it",
    groups: &[
        Group {
            title: "Words",
            parameters: &[
                Parameter::new("words", "Words", "One word or phrase a line", Kind::Text(2_000)).required(),
                Parameter::new(
                    "match",
                    "What counts",
                    "Whole words, or also a part of a longer word",
                    Kind::Choice(&[("word", "Whole words"), ("part", "Parts of words, too")]),
                )
                .default("word"),
                Parameter::new("case", "Capitals matter", "Whether TEA is another word than tea", Kind::Toggle).default("no"),
                Parameter::new("exempt", "Who is let be", "Roles whose members may say what they like", Kind::Roles),
            ],
        },
        Group {
            title: "What happens",
            parameters: &[
                Parameter::new("delete", "Delete the message", "Whether it is taken away", Kind::Toggle).default("yes"),
                Parameter::new("time_out", "Time-out", "Seconds for which they may not write; 0: none", Kind::Number(0, 2_419_200))
                    .default("0"),
                Parameter::new("warning", "Warning", "What is written to them alone; empty: nothing", Kind::Text(1_000))
                    .default("Your message in {channel} had a word in it that is not wanted in {guild_name}."),
                Parameter::new("log", "Log", "Channel in which it is told", Kind::Channel(WRITE)),
            ],
        },
    ],
    variables: &["{message}", "{word}"],
    steps,
    check: |values| {
        if words(values).next().is_none() {
            return Err("**Words** has none in it".into());
        }
        match steps(values).is_empty() {
            true => Err("it does nothing yet: have it delete, time out, warn or log".into()),
            false => Ok(()),
        }
    },
    events: |_| &["MESSAGE_CREATE", "MESSAGE_UPDATE"],
    claims: nothing,
};

fn steps(values: &Parameters) -> Vec<Step> {
    let mut steps = Vec::new();
    if values.flag("delete") {
        steps.push(Step::DeleteMessage);
    }
    if let Some(seconds) = values
        .number("time_out")
        .and_then(|it| u64::try_from(it).ok())
        .filter(|it| *it > 0)
    {
        steps.push(Step::TimeOut { seconds });
    }
    let warning = values.text("warning");
    if !warning.trim().is_empty() {
        steps.push(Step::Dm {
            text: warning.to_owned(),
            embed: None,
        });
    }
    if let Some(channel) = values.channel("log") {
        let card = Card {
            title: "Filtered".into(),
            color: "#e0245e".into(),
            fields: vec![
                ("Member".into(), "{user}".into()),
                ("Channel".into(), "{channel}".into()),
                ("Word".into(), "{word}".into()),
            ],
            ..Card::default()
        };
        steps.push(message(Some(channel), "{message}", Some(card)));
    }
    steps
}

fn words(values: &Parameters) -> impl Iterator<Item = &str> {
    values
        .text("words")
        .lines()
        .map(str::trim)
        .filter(|it| !it.is_empty())
}

/// The first of the words that a text has in it.
pub(crate) fn matches(values: &Parameters, text: &str) -> Option<String> {
    let case = values.flag("case");
    let parts = values.text("match") == "part";
    let fold = |text: &str| {
        if case {
            text.to_owned()
        } else {
            text.to_lowercase()
        }
    };
    let text = fold(text);
    let found = words(values).find(|word| {
        let word = fold(word);
        text.match_indices(&word)
            .any(|(at, _)| parts || stands_alone(&text, at, at + word.len()))
    });
    found.map(str::to_owned)
}

/// Whether no letter and no digit goes on where a word begins and ends. A word that ends in another sign ends there itself.
fn stands_alone(text: &str, from: usize, to: usize) -> bool {
    let goes_on = |outer: Option<char>, inner: Option<char>| {
        outer.is_some_and(char::is_alphanumeric) && inner.is_some_and(char::is_alphanumeric)
    };
    let word = &text[from..to];
    !goes_on(text[..from].chars().next_back(), word.chars().next())
        && !goes_on(text[to..].chars().next(), word.chars().next_back())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_as_they_are_meant() {
        for (words, how, case, text, wanted) in [
            ("coffee", "word", false, "I like COFFEE!", Some("coffee")),
            ("coffee", "word", false, "coffeehouse", None),
            ("coffee", "word", false, "decoffee", None),
            ("coffee", "part", false, "coffeehouse", Some("coffee")),
            ("coffee", "word", true, "Coffee", None),
            (
                "\n tea \nhot milk",
                "word",
                false,
                "hot milk, please",
                Some("hot milk"),
            ),
            ("tea", "word", false, "teatea tea", Some("tea")),
            ("c++", "word", false, "c++ is fine", Some("c++")),
            ("ÄRGER", "word", false, "kein ärger", Some("ÄRGER")),
            ("İx", "word", false, "a İx b", Some("İx")),
            ("", "part", false, "anything", None),
        ] {
            let mut values = Parameters::default();
            values.0.insert("words".into(), words.into());
            values.0.insert("match".into(), how.into());
            values.0.insert("case".into(), case.into());
            assert_eq!(
                matches(&values, text).as_deref(),
                wanted,
                "{words:?} in {text:?}"
            );
        }
    }
}
