//! Check of the workspace's crates against the table in `docs/architecture.md`: each has a row, imports no crate of
//! ours but those that the row names, and nothing that is deliberately absent, by however many of our crates.

use std::{collections::BTreeSet, fs};

use crate::{Package, packages, workspace};

/// A row of the table.
#[derive(Debug)]
struct Row {
    /// Folders, as patterns.
    crates: Vec<String>,
    may_import: String,
    /// Crates, as patterns.
    absent: Vec<String>,
}

/// The table below this line.
const HEAD: &str = "| crate | may import | deliberately absent |";

fn table() -> Vec<Row> {
    let text = fs::read_to_string(workspace().join("docs/architecture.md")).unwrap();
    let (_, below) = text.split_once(HEAD).unwrap();
    let rows = below
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let rows = rows.map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, crates, may_import, absent, _] = *cells else {
            panic!("no row of three cells: {line}");
        };
        Row {
            crates: quoted(crates),
            may_import: may_import.to_owned(),
            absent: quoted(absent),
        }
    });
    rows.collect()
}

/// What stands in backticks.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// Whether this is the pattern, or what its `*` at the end stands for.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(begin) => name.starts_with(begin),
        None => name == pattern,
    }
}

/// Whether a cell names a crate.
fn names(cell: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '*' | '/');
    cell.split(|c| !is_part(c)).any(|word| word == name)
}

/// What a crate imports, its own and that of the crates of ours that it imports.
fn all_imports(package: &Package, packages: &[Package]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut ahead = vec![package];
    while let Some(next) = ahead.pop() {
        for import in &next.imports {
            if all.insert(import.clone()) {
                ahead.extend(packages.iter().find(|package| package.name == *import));
            }
        }
    }
    all
}

/// What is wrong with the crates.
fn faults(rows: &[Row], packages: &[Package]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut used = BTreeSet::new();
    for package in packages {
        let (name, folder) = (&package.name, &package.folder);
        let is_row = |row: &&Row| row.crates.iter().any(|it| fits(it, folder));
        // A folder in a folder is no part of it: `host/base` has a row of its own.
        let Some(row) = rows.iter().find(is_row) else {
            faults.push(format!("{folder} ({name}) has no row"));
            continue;
        };
        for import in &package.imports {
            used.insert((row.crates.clone(), import.clone()));
            let is_ours = packages.iter().any(|other| other.name == *import);
            if is_ours && !names(&row.may_import, import) {
                faults.push(format!(
                    "{name} imports {import}, which its row does not name"
                ));
            }
        }
        for import in all_imports(package, packages) {
            if row.absent.iter().any(|absent| fits(absent, &import)) {
                faults.push(format!("{name} imports {import}, which is to be absent"));
            }
        }
    }
    for row in rows {
        for package in packages {
            let (name, arrow) = (&package.name, (row.crates.clone(), package.name.clone()));
            if names(&row.may_import, name) && !used.contains(&arrow) {
                let crates = &row.crates;
                faults.push(format!(
                    "{crates:?} may import {name}, and none of them does"
                ));
            }
        }
    }
    faults
}

#[test]
fn crates_are_as_the_table_says() {
    let rows = table();
    assert!(rows.len() > 5, "{rows:?}");
    let faults = faults(&rows, &packages());
    assert!(faults.is_empty(), "docs/architecture.md: {faults:#?}");
}

#[test]
fn what_the_table_does_not_say_is_told() {
    let package = |name: &str, folder: &str, imports: &[&str]| Package {
        name: name.into(),
        folder: folder.into(),
        root: folder.into(),
        imports: imports.iter().map(|it| (*it).to_owned()).collect(),
    };
    let packages = [
        package("top", "top", &["top-low", "sql"]),
        package("top-low", "top/low", &["net-http"]),
        package("p", "plugins/p", &["top-low"]),
        package("new", "new", &[]),
    ];
    let row = |crates: &str, may_import: &str, absent: &str| Row {
        crates: vec![crates.into()],
        may_import: may_import.into(),
        absent: vec![absent.into()],
    };
    let rows = [
        row("top", "top-low, sql", "net-*"),
        row("top/low", "net-http, p", "top"),
        row("plugins/*", "", "top"),
    ];
    assert_eq!(
        faults(&rows, &packages),
        [
            "top imports net-http, which is to be absent",
            "p imports top-low, which its row does not name",
            "new (new) has no row",
            "[\"top/low\"] may import p, and none of them does",
        ]
    );
}
