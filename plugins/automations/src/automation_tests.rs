//! Tests of definitions: what a new one lacks, and what is wrong with one that comes from elsewhere.

use super::*;
use crate::templates::ALL;

#[test]
fn a_new_one_lacks_what_has_to_be_filled_in_and_nothing_else() {
    for template in ALL {
        let new = Definition::new(template);
        assert_eq!(new.template().unwrap().name, template.name);
        // What is still missing is said by its title, and nothing else is wrong.
        if let Err(wrong) = new.check() {
            let fine = |it: &String| it.contains("is missing") || it.contains("does nothing yet");
            assert!(wrong.iter().all(fine), "{}: {wrong:?}", template.name);
        }
    }
}

#[test]
fn what_is_imported_is_checked_as_what_is_typed() {
    for (json, wanted) in [
        (
            r#"{"name":"a","template":"nothing"}"#,
            "there is no template `nothing`",
        ),
        (
            r#"{"name":"7","template":"goodbye","parameters":{"channel":"5","message":"x"}}"#,
            "a name has letters",
        ),
        (
            r#"{"name":"a","template":"goodbye","parameters":{"message":"x"}}"#,
            "**Channel** is missing",
        ),
        (
            r#"{"name":"a","template":"goodbye","parameters":{"channel":5,"message":"x"}}"#,
            "**Channel**: a channel is named by its id",
        ),
        (
            r#"{"name":"a","template":"goodbye","parameters":{"channel":"5","message":"x","colour":"red"}}"#,
            "`colour` is no parameter",
        ),
        (
            r#"{"name":"a","template":"welcome"}"#,
            "it does nothing yet",
        ),
        (
            r#"{"name":"a","template":"goodbye","parameters":{"channel":"5","message":"x"},"steps":[{"do":"delay","seconds":0}]}"#,
            "step 1: a wait",
        ),
        (
            r#"{"name":"a","template":"goodbye","parameters":{"channel":"5","message":"x"},"conditions":{"any":[]}}"#,
            "nothing in it",
        ),
    ] {
        let definition: Definition = serde_json::from_str(json).unwrap();
        let wrong = definition.check().unwrap_err();
        assert!(
            wrong.iter().any(|it| it.contains(wanted)),
            "{json}: {wrong:?}"
        );
    }
    let fine =
        r#"{"name":"a","template":"goodbye_system","parameters":{"channel":"5","message":"x"}}"#;
    serde_json::from_str::<Definition>(fine)
        .unwrap()
        .check()
        .unwrap();
}

#[test]
fn addresses_of_webhooks_are_found_by_their_kind_and_taken_out() {
    for (json, has) in [
        (r#"{"name":"a","template":"webhook_bridge"}"#, false),
        (
            r#"{"name":"a","template":"webhook_bridge","parameters":{"url":"https://a.example/key"}}"#,
            true,
        ),
        (
            r#"{"name":"a","template":"welcome","parameters":{"message":"https://a.example/key"}}"#,
            false,
        ),
        (
            r#"{"name":"a","template":"gone","parameters":{"place":"https://a.example/key","text":"a key"}}"#,
            true,
        ),
        (
            r#"{"name":"a","template":"welcome","steps":[{"do":"webhook","url":"https://a.example/key"}]}"#,
            true,
        ),
    ] {
        let mut definition: Definition = serde_json::from_str(json).unwrap();
        let before = definition.clone();
        assert_eq!(definition.has_address(), has, "{json}");
        assert_eq!(definition.hide_addresses(), has, "{json}");
        let shown = serde_json::to_string(&definition).unwrap();
        assert_eq!(
            shown.contains("a.example/key"),
            json.contains("message"),
            "{shown}"
        );
        assert_eq!(definition == before, !has, "{json}");
    }
}
