//! Import circles: sibling modules that name each other, by however many steps. A module and what is in it are one.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use crate::{
    modules::{Modules, Names},
    packages, workspace,
};

/// Who names whom among siblings, and the first file that does.
type Arrows = BTreeMap<String, BTreeMap<String, String>>;

#[test]
fn modules_form_no_circles() {
    let mut told = String::new();
    for package in packages() {
        let modules = Modules::of(&package.root);
        for (above, arrows) in siblings(&modules) {
            for members in circles(&arrows) {
                told += &tell(&package.name, &above, &members, &arrows);
            }
        }
    }
    assert!(
        told.is_empty(),
        "modules that import each other, and where; what two of them need lies below both:\n{told}"
    );
}

/// The arrows among the modules in each module.
fn siblings(modules: &Modules) -> BTreeMap<Names, Arrows> {
    let mut all: BTreeMap<Names, Arrows> = BTreeMap::new();
    for (from, to, file) in modules.arrows() {
        let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
        if let (Some(from), Some(to_name)) = (from.get(shared), to.get(shared)) {
            let arrows = all.entry(to[..shared].to_vec()).or_default();
            let arrows = arrows.entry(from.clone()).or_default();
            let place = || shown(file);
            arrows.entry(to_name.clone()).or_insert_with(place);
        }
    }
    all
}

/// Members of which each reaches each other one.
fn circles(arrows: &Arrows) -> Vec<BTreeSet<String>> {
    let reached: BTreeMap<&String, BTreeSet<&String>> = arrows
        .keys()
        .map(|from| (from, reach(arrows, from)))
        .collect();
    let mut circles: Vec<BTreeSet<String>> = Vec::new();
    for (from, to) in &reached {
        if to.contains(from) && !circles.iter().any(|circle| circle.contains(*from)) {
            let back = |it: &&&String| reached.get(**it).is_some_and(|to| to.contains(from));
            circles.push(to.iter().filter(back).map(|it| (*it).clone()).collect());
        }
    }
    circles
}

fn reach<'a>(arrows: &'a Arrows, from: &String) -> BTreeSet<&'a String> {
    let mut reached = BTreeSet::new();
    let mut ahead: Vec<&String> = arrows[from].keys().collect();
    while let Some(next) = ahead.pop() {
        if reached.insert(next) {
            ahead.extend(arrows.get(next).into_iter().flat_map(BTreeMap::keys));
        }
    }
    reached
}

/// The arrows of a circle.
fn tell(name: &str, above: &[String], members: &BTreeSet<String>, arrows: &Arrows) -> String {
    let mut told = format!("{name} {}:\n", above.join("::"));
    for (from, to) in arrows.iter().filter(|(from, _)| members.contains(*from)) {
        for (to, file) in to.iter().filter(|(to, _)| members.contains(*to)) {
            told += &format!("  {from} -> {to} ({file})\n");
        }
    }
    told
}

fn shown(file: &Path) -> String {
    let root = workspace();
    let file = file.strip_prefix(&root).unwrap_or(file);
    file.display().to_string()
}

#[test]
fn a_circle_is_found_by_however_many_steps_and_through_exports() {
    let arrow = |(from, to): (&str, &str)| {
        (
            from.to_owned(),
            BTreeMap::from([(to.to_owned(), String::new())]),
        )
    };
    let arrows = |all: &[(&str, &str)]| -> Arrows { all.iter().copied().map(arrow).collect() };
    let three = arrows(&[("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")]);
    let circle = ["a", "b", "c"].map(str::to_owned);
    assert_eq!(circles(&three), [BTreeSet::from(circle)]);
    assert!(circles(&arrows(&[("a", "b"), ("b", "c"), ("d", "a")])).is_empty());
}
