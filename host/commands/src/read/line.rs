//! Parser of the line behind a prefix command's name.

use std::collections::BTreeMap;

use host_base::invisible::{is_blank, is_unseen, trim};
use plugin_api::{
    abi::OptionValue,
    manifest::{CommandManifest, OptionKind, OptionManifest},
};

use super::{
    expected, form, refused,
    resolver::Resolver,
    value::{self, Value},
    words,
};
use crate::{router::CommandRoute, usage_line};

/// Reads a line.
///
/// # Errors
///
/// A sentence for the member: which option, what was expected, what came, and the usage line.
pub async fn read(
    prefix: &str,
    route: &CommandRoute,
    line: &str,
    resolver: &Resolver<'_>,
) -> Result<BTreeMap<String, OptionValue>, String> {
    read_as(prefix, &route.path, &route.command, line, resolver).await
}

async fn read_as(
    prefix: &str,
    path: &str,
    command: &CommandManifest,
    line: &str,
    resolver: &Resolver<'_>,
) -> Result<BTreeMap<String, OptionValue>, String> {
    let with_usage = |text: String| usage_line::with_usage(prefix, path, command, &text);
    let mut reading = Reading {
        resolver,
        rest: trim(line),
        files: resolver.files().into(),
    };
    let mut options = BTreeMap::new();
    for (at, option) in command.options.iter().enumerate() {
        let later = &command.options[at + 1..];
        let value = reading.option(option, later).await.map_err(with_usage)?;
        if let Some(value) = value {
            options.insert(option.name.clone(), value);
        }
    }
    if reading.rest.is_empty() {
        return Ok(options);
    }
    let extra = usage_line::quoted(reading.rest);
    Err(with_usage(if command.options.is_empty() {
        format!("`{prefix}{path}` takes no options, and {extra} is one too many.")
    } else {
        format!("{extra} is one too many; put text with blanks in \"quotes\".")
    }))
}

struct Reading<'a> {
    resolver: &'a Resolver<'a>,
    rest: &'a str,
    files: std::collections::VecDeque<serde_json::Value>,
}

impl Reading<'_> {
    async fn option(
        &mut self,
        option: &OptionManifest,
        later: &[OptionManifest],
    ) -> Result<Option<OptionValue>, String> {
        if option.kind == OptionKind::Attachment {
            return match self.files.pop_front() {
                Some(file) => Ok(Some(OptionValue::Attachment(file))),
                None if option.required => Err(missing(option)),
                None => Ok(None),
            };
        }
        if option.repeated {
            let mut values = Vec::new();
            while !self.rest.is_empty() {
                let word = self.word();
                if !is_blank(&word) {
                    values.push(one(option, &word, self.resolver).await?);
                }
            }
            return match values.is_empty() {
                true => self.absent(option).await,
                false => Ok(Some(OptionValue::List(values))),
            };
        }
        let before = self.rest;
        let word = match option.rest {
            true => std::mem::take(&mut self.rest).to_owned(),
            false => self.word(),
        };
        // Discord sends no empty option either: `""` holds the place of one that is left out.
        if is_blank(&word) || (option.rest && is_empty_quote(&word)) {
            return self.absent(option).await;
        }
        match one(option, &word, self.resolver).await {
            Err(_) if !option.required && form::is_for_a_later(option, &word, later) => {
                self.rest = before;
                self.absent(option).await
            }
            read => read.map(Some),
        }
    }

    /// What an option is that nothing was typed for.
    async fn absent(&self, option: &OptionManifest) -> Result<Option<OptionValue>, String> {
        match &option.default {
            Some(default) => one(option, default, self.resolver).await.map(Some),
            None if option.required => Err(missing(option)),
            None => Ok(None),
        }
    }

    fn word(&mut self) -> String {
        let (word, after) = words::next(self.rest);
        self.rest = after.trim_start_matches(is_unseen);
        word
    }
}

/// Whether a line is a pair of quotes with nothing between.
fn is_empty_quote(line: &str) -> bool {
    let (word, after) = words::next(line);
    is_blank(&word) && is_blank(after)
}

/// One value of an option.
pub(super) async fn one(
    option: &OptionManifest,
    word: &str,
    resolver: &Resolver<'_>,
) -> Result<OptionValue, String> {
    match value::read(option, word) {
        Ok(Value::Known(value)) => Ok(value),
        Ok(Value::Named) => resolver
            .find(option, trim(word))
            .await
            .map_err(|reason| refused(option, word, reason.as_deref())),
        Err(reason) => Err(refused(option, word, reason.as_deref())),
    }
}

fn missing(option: &OptionManifest) -> String {
    format!(
        "`{}` is missing: {} is expected.",
        option.name,
        expected(option)
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use host_discord::{Cache, Discord};
    use host_ops::config::Config;
    use serde_json::json;

    use super::*;
    use crate::usage_line::usage;

    fn command() -> CommandManifest {
        serde_json::from_value(json!({
            "name": "echo",
            "options": [
                {"name": "text", "kind": "string", "required": true, "max": 10.0},
                {"name": "times", "kind": "integer", "min": 1.0, "max": 5.0},
                {"name": "loud", "kind": "boolean"},
                {"name": "colour", "kind": "string", "choices": ["red", {"name": "Deep Blue", "value": "blue"}]},
                {"name": "pause", "kind": "duration", "max": 3600.0, "default": "10s"},
            ],
        }))
        .unwrap()
    }

    async fn read_all(command: CommandManifest, line: &str) -> Result<String, String> {
        let mut config = Config::default();
        // Port 9 is `discard`: nobody listens.
        config.discord.http_proxy = Some("127.0.0.1:9".into());
        let discord = Arc::new(Discord::new(&config.discord, None, Arc::default()));
        let cache = Cache::new(&config.cache, Arc::clone(&discord));
        let resolver = Resolver::new(&cache, &discord, None, "{}");
        let options = read_as("!", "echo", &command, line, &resolver).await?;
        let written = |(name, value): (&String, &OptionValue)| format!("{name}={value:?}");
        Ok(options.iter().map(written).collect::<Vec<_>>().join(" "))
    }

    async fn check(line: &str, expect: &str) {
        let found = match read_all(command(), line).await {
            Ok(options) => options,
            Err(text) => text.lines().next().unwrap_or_default().to_owned(),
        };
        assert_eq!(found, expect, "for `{line}`");
    }

    #[tokio::test]
    async fn good_lines() {
        check("hi", r#"pause=Duration(10000) text=String("hi")"#).await;
        check(
            r#""a b" 3 yes"#,
            r#"loud=Boolean(true) pause=Duration(10000) text=String("a b") times=Integer(3)"#,
        )
        .await;
        check(
            "x 1 off \"deep blue\" 1m",
            r#"colour=String("blue") loud=Boolean(false) pause=Duration(60000) text=String("x") times=Integer(1)"#,
        )
        .await;
    }

    #[tokio::test]
    async fn bad_lines_name_the_option_and_what_was_expected() {
        check(
            "",
            "`text` is missing: a text with a number of characters of at most 10 is expected.",
        )
        .await;
        for word in ["nine", "9", "9007199254740993"] {
            check(
                &format!("x {word}"),
                &format!("`times` can't be `{word}`: a whole number from 1 to 5 is expected."),
            )
            .await;
        }
        check(
            "x 1 maybe",
            "`loud` can't be `maybe`: yes or no is expected.",
        )
        .await;
        check(
            "x 1 on green",
            "`colour` can't be `green`: one of red, Deep Blue is expected.",
        )
        .await;
        check(
            "x 1 on red 2h",
            "`pause` can't be `2h`: a length of time such as 90s, 1h30m or 2 days of at most 1h is expected.",
        )
        .await;
        check(
            "x 1 on red 1m y",
            "`y` is one too many; put text with blanks in \"quotes\".",
        )
        .await;
    }

    #[tokio::test]
    async fn what_is_optional_is_left_out_where_the_word_is_for_a_later_option() {
        check(
            "x yes",
            r#"loud=Boolean(true) pause=Duration(10000) text=String("x")"#,
        )
        .await;
        check(
            "x 2 5m",
            r#"pause=Duration(300000) text=String("x") times=Integer(2)"#,
        )
        .await;
        check(
            "x red 5m",
            r#"colour=String("red") pause=Duration(300000) text=String("x")"#,
        )
        .await;
        // The option that it is for says what is wrong with it, and none that is passed over comes back.
        check(
            "x yes 2h",
            "`pause` can't be `2h`: a length of time such as 90s, 1h30m or 2 days of at most 1h is expected.",
        )
        .await;
        check(
            "x yes 3",
            "`colour` can't be `3`: one of red, Deep Blue is expected.",
        )
        .await;
        // A number that is too small is no no.
        check(
            "x 0",
            "`times` can't be `0`: a whole number from 1 to 5 is expected.",
        )
        .await;
        // What must be there is not passed over.
        let required = json!({"name": "n", "options": [
            {"name": "times", "kind": "integer", "required": true},
            {"name": "loud", "kind": "boolean"},
        ]});
        let required = serde_json::from_value::<CommandManifest>(required).unwrap();
        let error = read_all(required, "yes").await.unwrap_err();
        assert!(error.starts_with("`times` can't be `yes`"), "{error}");
    }

    #[tokio::test]
    async fn an_empty_quote_is_nothing_typed() {
        let missing =
            "`text` is missing: a text with a number of characters of at most 10 is expected.";
        for line in [
            r#""""#,
            "''",
            "“”",
            "„“",
            r#""  ""#,
            "\u{200b}",
            "\"\u{200b}\"",
            r#""" 3"#,
        ] {
            check(line, missing).await;
        }
        // What is optional is left out, and the next one comes in its place.
        check(
            r#"hi "" yes"#,
            r#"loud=Boolean(true) pause=Duration(10000) text=String("hi")"#,
        )
        .await;
        let rest = serde_json::from_value::<CommandManifest>(json!({"name": "say", "options": [
            {"name": "text", "kind": "string", "required": true, "rest": true}
        ]}))
        .unwrap();
        for line in [r#""""#, "„“", " \u{2060} "] {
            let error = read_all(rest.clone(), line).await.unwrap_err();
            assert!(error.starts_with("`text` is missing"), "{line}: {error}");
        }
        assert_eq!(
            read_all(rest, r#""" x"#).await.unwrap(),
            r#"text=String("\"\" x")"#
        );
        let repeated = json!({"name": "n", "options": [
            {"name": "n", "kind": "integer", "repeated": true, "required": true}
        ]});
        let repeated = serde_json::from_value::<CommandManifest>(repeated).unwrap();
        let error = read_all(repeated, r#""" """#).await.unwrap_err();
        assert!(error.starts_with("`n` is missing"), "{error}");
    }

    #[tokio::test]
    async fn what_nobody_sees_beside_a_value_is_no_part_of_it() {
        check(
            "hi\u{200b} 3\u{200b} yes\u{feff}",
            "loud=Boolean(true) pause=Duration(10000) text=String(\"hi\\u{200b}\") times=Integer(3)",
        )
        .await;
    }

    #[test]
    fn the_usage_line_shows_what_is_optional() {
        assert_eq!(
            usage("!", "echo", &command()),
            "!echo <text> [times] [loud] [red|Deep Blue] [pause=10s]"
        );
    }

    #[tokio::test]
    async fn the_rest_of_the_line_keeps_its_blanks_and_repeated_options_take_all() {
        let command = |option: serde_json::Value| {
            serde_json::from_value(json!({"name": "say", "options": [option]})).unwrap()
        };
        let rest =
            command(json!({"name": "text", "kind": "string", "required": true, "rest": true}));
        assert_eq!(
            read_all(rest, "  a  \"b\" c ").await.unwrap(),
            r#"text=String("a  \"b\" c")"#
        );
        let repeated = command(json!({"name": "n", "kind": "integer", "repeated": true}));
        assert_eq!(
            read_all(repeated.clone(), "1 2  3").await.unwrap(),
            "n=List([Integer(1), Integer(2), Integer(3)])"
        );
        let error = read_all(repeated, "1 two").await.unwrap_err();
        assert!(
            error.starts_with("`n` can't be `two`: a whole number is expected."),
            "{error}"
        );
    }
}
