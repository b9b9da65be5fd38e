//! Tests of the templates as data: what Discord's forms hold, and what holds of all of them.

use std::collections::BTreeSet;

use super::*;
use crate::model::{Definition, Kind};

#[test]
fn each_template_fits_into_discords_forms() {
    let names: BTreeSet<_> = ALL.iter().flat_map(|it| [it.name, it.reference]).collect();
    // The bridge is called the same in both.
    assert_eq!(names.len(), 2 * ALL.len() - 1);
    for template in ALL {
        let within = |text: &str, most: usize| {
            let length = text.chars().count();
            assert!(
                (1..=most).contains(&length),
                "{}: {text:?} has {length}",
                template.name
            );
        };
        within(template.description, 100);
        within(template.title, 30);
        assert!(
            (1..=4).contains(&template.groups.len()),
            "{}",
            template.name
        );
        let ids: BTreeSet<_> = template.parameters().map(|it| it.id).collect();
        assert_eq!(
            ids.len(),
            template.parameters().count(),
            "{}",
            template.name
        );
        for group in template.groups {
            within(group.title, 45);
            assert!(
                (1..=5).contains(&group.parameters.len()),
                "{}",
                template.name
            );
            for parameter in group.parameters {
                within(parameter.title, 45);
                within(parameter.hint, 100);
                if let Kind::Choice(all) = parameter.kind {
                    assert!((2..=25).contains(&all.len()));
                }
            }
        }
    }
}

#[test]
fn each_default_is_one_that_could_be_typed() {
    for template in ALL {
        for parameter in template.parameters().filter(|it| !it.default.is_empty()) {
            let read = parameter.kind.read(&[parameter.default.into()], &|_| None);
            assert!(
                matches!(read, Ok(Some(_))),
                "{} {}: {read:?}",
                template.name,
                parameter.id
            );
        }
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
fn templates_are_found_by_their_names_and_by_those_of_the_reference() {
    for template in ALL {
        assert_eq!(named(template.name).unwrap().name, template.name);
        assert_eq!(named(template.reference).unwrap().name, template.name);
    }
    assert_eq!(named(" Reaction Roles ").unwrap().name, "reaction_roles");
    assert!(named("nothing").is_none());
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
