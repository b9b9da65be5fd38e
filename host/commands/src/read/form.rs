//! Form of a word: which option it is meant for, as far as it shows without asking anybody.

use plugin_api::manifest::{OptionKind, OptionManifest};

use super::{
    message, resolver,
    value::{self, Value},
};

/// Whether a word that an option has refused is meant for one of those behind it: `5` for a number behind a channel, `#ops` for a
/// channel behind a number.
///
/// What has the refusing option's own form, as a number out of its bounds has, is meant for that one; so is what no other has
/// the form of. A free text takes anything, so nothing is left to it that may be a slip, nor to what stands behind it.
pub(super) fn is_for_a_later(
    option: &OptionManifest,
    word: &str,
    later: &[OptionManifest],
) -> bool {
    let mut formed = later.iter().take_while(|later| !is_free_text(later));
    !has_form(option, word) && formed.any(|later| has_form(later, word))
}

fn is_free_text(option: &OptionManifest) -> bool {
    option.kind == OptionKind::String && option.choices.is_empty()
}

/// Whether it can be read as this option's kind, within its bounds or not.
fn has_form(option: &OptionManifest, word: &str) -> bool {
    let mut unbounded = option.clone();
    (unbounded.min, unbounded.max) = (None, None);
    match value::read(&unbounded, word) {
        Ok(Value::Known(_)) => true,
        Ok(Value::Named) if option.kind == OptionKind::Message => message::is_link(word),
        Ok(Value::Named) => resolver::is_mention_or_id(option.kind, word),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn options(options: serde_json::Value) -> Vec<OptionManifest> {
        serde_json::from_value(options).unwrap()
    }

    #[track_caller]
    fn check(of: serde_json::Value, meant_for_later: &[&str], refused: &[&str]) {
        let all = options(of);
        let of = |word: &&&str| is_for_a_later(&all[0], word, &all[1..]);
        for word in meant_for_later {
            assert!(of(&word), "{word} is for a later one");
        }
        for word in refused {
            assert!(!of(&word), "{word} is refused");
        }
    }

    #[test]
    fn a_word_is_for_the_option_whose_form_it_has() {
        let channel = json!({"name": "channel", "kind": "channel"});
        let count = json!({"name": "count", "kind": "integer", "min": 1, "max": 20});
        // Out of its bounds as well: the number then says so.
        check(
            json!([channel, count]),
            &["5", "21"],
            &["tea", "#tea", "<#175928847299117063>", "175928847299117063"],
        );
        check(
            json!([count, channel]),
            &["<#175928847299117063>", "175928847299117063"],
            &["21", "nine", "ops", "#ops", "<@175928847299117063>"],
        );
        check(
            json!([count, {"name": "loud", "kind": "boolean"}]),
            &["yes"],
            // A slip of the number, not a no.
            &["0", "maybe"],
        );
        check(
            json!([{"name": "user", "kind": "user"}, {"name": "role", "kind": "role"}, {"name": "at", "kind": "message"},
                   {"name": "pause", "kind": "duration"}]),
            &[
                "<@&175928847299117063>",
                "https://discord.com/channels/1/2/3",
                "90s",
            ],
            &["<@175928847299117063>", "5", "Captain"],
        );
    }

    #[test]
    fn a_free_text_takes_no_slip() {
        let count = json!({"name": "count", "kind": "integer"});
        let loud = json!({"name": "loud", "kind": "boolean"});
        let text = json!({"name": "text", "kind": "string"});
        check(json!([count, text, loud]), &[], &["nine", "yes"]);
        let size = json!({"name": "size", "kind": "string", "choices": ["cup", "pot"]});
        check(json!([count, size, text]), &["Pot"], &["jug"]);
    }
}
