//! Check of source files: the first line says in a noun phrase what the file is, and modules with folders have one form.

use std::{fs, path::Path};

use crate::{packages, workspace};

/// Words with which a clause begins, and no noun phrase.
const CLAUSES: [&str; 12] = [
    "How", "That", "What", "When", "Where", "Whether", "Which", "Who", "Whoever", "Whom", "Whose",
    "Why",
];

/// What is wrong with a first line; nothing, if it names the file.
fn fault(line: &str) -> Option<&'static str> {
    let Some(words) = line.strip_prefix("//! ") else {
        return Some("it does not begin with `//!`");
    };
    let first = words
        .split(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default();
    CLAUSES
        .contains(&first)
        .then_some("it begins with a clause, and names no thing")
}

/// Adds the faults of the files in a folder.
fn look(folder: &Path, faults: &mut Vec<String>, seen: &mut usize) {
    for path in fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
    {
        if path.is_dir() {
            // A folder that git has left behind empty is none.
            let is_empty = fs::read_dir(&path).unwrap().next().is_none();
            if path.with_extension("rs").exists() && !is_empty {
                faults.push(format!(
                    "{}: a module with a folder begins in its `mod.rs`",
                    path.with_extension("rs").display()
                ));
            }
            look(&path, faults, seen);
        } else if path.extension().is_some_and(|it| it == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let line = text.lines().next().unwrap_or_default();
            *seen += 1;
            faults.extend(fault(line).map(|fault| format!("{}: {fault}: {line}", path.display())));
        }
    }
}

#[test]
fn first_lines_say_what_a_file_is() {
    let (mut faults, mut seen) = (Vec::new(), 0);
    for package in packages() {
        let source = workspace().join(package.folder).join("src");
        look(&source, &mut faults, &mut seen);
    }
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(seen > 500, "{seen} files");
}

#[test]
fn a_riddle_is_reported() {
    assert_eq!(fault("//! Ring buffer of recently emitted events."), None);
    assert_eq!(fault("//! `[log]`: what is logged."), None);
    assert!(fault("//! What was told lately.").is_some());
    assert!(fault("use std::fs;").is_some());
}
