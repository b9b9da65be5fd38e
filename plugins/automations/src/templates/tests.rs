//! Tests of the templates as data: what Discord's forms hold, and what holds of all of them.

use std::collections::BTreeSet;

use super::*;
use crate::model::Kind;

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
