//! Option parsing, from what was typed or picked to typed values: the same by prefix and by slash.
//!
//! | file | what it does |
//! | --- | --- |
//! | `words.rs` | cuts a line into words, quotes and code blocks |
//! | `value.rs` | reads one word as an option's value |
//! | `form.rs` | tells which option a word is meant for |
//! | `emoji.rs` | an emoji |
//! | `message.rs` | a message, by link or id |
//! | `resolver.rs` | finds users, roles and channels by mention, id or name |
//! | `line.rs` | a line behind a prefix command's name |
//! | `slash.rs` | the options of a slash command |

mod emoji;
mod form;
mod line;
mod message;
mod resolver;
mod slash;
mod value;
mod words;

use host_base::shown;
use host_discord::lenient::{self, Fields};
use plugin_api::manifest::{OptionKind, OptionManifest};
use serde_json::{Value, json};
use twilight_model::channel::Attachment;

use self::resolver::each_once;
pub use self::{
    line::read as line,
    resolver::{Resolver, names_channel_kind},
    slash::{SlashInput, read as slash, typed_so_far},
};
use super::usage_line::quoted;

/// What an option takes, in words: "a whole number from 1 to 5".
pub fn expected(option: &OptionManifest) -> String {
    let text = |bound: f64| match option.kind {
        OptionKind::Duration => value::duration_in_words(bound),
        _ => shown::number(bound),
    };
    let between = |what: &str| match (option.min, option.max) {
        (Some(min), Some(max)) => format!("{what} from {} to {}", text(min), text(max)),
        (Some(min), None) => format!("{what} of at least {}", text(min)),
        (None, Some(max)) => format!("{what} of at most {}", text(max)),
        (None, None) => what.to_owned(),
    };
    if !option.choices.is_empty() {
        let names: Vec<&str> = option.choices.iter().map(|choice| &*choice.name).collect();
        return format!("one of {}", names.join(", "));
    }
    match option.kind {
        OptionKind::Integer => between("a whole number"),
        OptionKind::Number => between("a number"),
        OptionKind::Boolean => "yes or no".into(),
        OptionKind::User => "a user, as a mention, an id or a name,".into(),
        OptionKind::Member => "a member, as a mention, an id or a name,".into(),
        OptionKind::Role => "a role, as a mention, an id or a name,".into(),
        OptionKind::Mentionable => "a user or a role, as a mention, an id or a name,".into(),
        OptionKind::Attachment => "a file".into(),
        OptionKind::Duration => between("a length of time such as 90s, 1h30m or 2 days"),
        OptionKind::Emoji => "an emoji".into(),
        OptionKind::Message => "a message, as a link or an id,".into(),
        OptionKind::Date => "a point in time such as 2026-12-24 18:00 or in 2h".into(),
        OptionKind::Channel if option.channel_kinds.is_empty() => {
            "a channel, as a mention, an id or a name,".into()
        }
        OptionKind::Channel => {
            let kinds = each_once(
                option
                    .channel_kinds
                    .iter()
                    .map(|kind| names_channel_kind(*kind)),
            );
            format!(
                "a channel ({}), as a mention, an id or a name,",
                kinds.join(", ")
            )
        }
        _ if option.min.is_some() || option.max.is_some() => {
            between("a text with a number of characters")
        }
        _ => "a text".into(),
    }
}

/// A file that was sent along, as plugins read it: whatever else is odd, where it lies is enough. `id` where it is told elsewhere.
fn file(id: Option<u64>, json: &str) -> Option<Value> {
    let fields = Fields::read(json)?;
    let id = id.or_else(|| fields.id("id").known())?;
    let url = fields.get("url", lenient::text).known()?;
    let template =
        json!({"id": id.to_string(), "url": url, "proxy_url": url, "filename": "file", "size": 0});
    let (file, _) = lenient::fitting::<Attachment>(json, template)?;
    Some(file)
}

/// "`times` can't be `nine`: a whole number from 1 to 5 is expected."
fn refused(option: &OptionManifest, word: &str, reason: Option<&str>) -> String {
    match reason {
        Some(reason) => format!("`{}` can't be {}: {reason}.", option.name, quoted(word)),
        None => format!(
            "`{}` can't be {}: {} is expected.",
            option.name,
            quoted(word),
            expected(option)
        ),
    }
}
