//! Check of what documents name: repository paths, links, routines of the `justfile`, keys of the configuration.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::{packages, workspace};

/// Folders of the repository that paths begin with.
const FOLDERS: [&str; 7] = [
    ".ci",
    "docs",
    "examples",
    "host",
    "plugin-api",
    "plugins",
    "sandbox",
];

/// Documents whose paths are looked at.
fn documents() -> Vec<PathBuf> {
    let root = workspace();
    let mut all = vec![root.join("README.md")];
    all.extend(markdown(&root.join("docs")));
    all
}

/// Documents whose links are looked at, besides.
fn others() -> Vec<PathBuf> {
    let root = workspace();
    let pages = [
        "CHANGELOG.md",
        "data/README.md",
        "examples/README.md",
        "plugins/README.md",
        "sandbox/README.md",
    ];
    let mut all: Vec<_> = pages.iter().map(|page| root.join(page)).collect();
    all.extend(markdown(&root.join("docs/decisions")));
    all
}

fn markdown(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|it| it == "md"))
        .collect()
}

/// The lines outside of fenced code.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut is_code = false;
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        if !is_code && !is_fence {
            lines.push((number + 1, line));
        }
    }
    lines
}

/// What stands in backticks in a line.
fn quoted(line: &str) -> Vec<&str> {
    line.split('`').skip(1).step_by(2).collect()
}

/// Whether a text can be a path of the repository: a file of Rust, or something below one of the folders.
fn is_path(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/{},".contains(c);
    if !text.chars().all(is_plain) {
        return false;
    }
    let first = text.split('/').next().unwrap_or_default();
    (text.contains('/') && FOLDERS.contains(&first)) || text.ends_with(".rs")
}

/// `a/{b,c}` as `a/b` and `a/c`.
fn unfolded(path: &str) -> Vec<String> {
    let Some((begin, rest)) = path.split_once('{') else {
        return vec![path.to_owned()];
    };
    let (choices, end) = rest.split_once('}').unwrap_or((rest, ""));
    choices
        .split(',')
        .map(|choice| format!("{begin}{choice}{end}"))
        .collect()
}

/// Paths in a document that lead nowhere. A path may begin at the root of the repository, in the folder that the heading above it
/// names (or in its `src`), or in a folder of a path before it in the same paragraph,
/// item or row.
fn lost_paths(text: &str, exists: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut lost = Vec::new();
    let mut section: Vec<String> = Vec::new();
    let mut bases: Vec<String> = Vec::new();
    for (number, line) in prose(text) {
        if line.starts_with('#') {
            let folder = quoted(line)
                .first()
                .map(|it| it.trim_end_matches('/').to_owned());
            section = folder.map_or_else(Vec::new, |it| {
                [ancestors(&it), vec![format!("{it}/src")]].concat()
            });
        }
        if line.is_empty() || line.starts_with(['#', '|', '-']) || bases.is_empty() {
            bases = section.clone();
            bases.push(String::new());
        }
        for text in quoted(line) {
            if !is_path(text) && !is_below(text, &bases, exists) {
                continue;
            }
            for path in unfolded(text) {
                let found = bases
                    .iter()
                    .map(|base| joined(base, &path))
                    .find(|path| exists(path));
                match found {
                    Some(found) => bases = [ancestors(&found), bases].concat(),
                    None => lost.push(format!("{number}: `{path}`")),
                }
            }
        }
    }
    lost
}

/// Whether this is the name of a folder that one of the bases has, as `authorize/`.
fn is_below(text: &str, bases: &[String], exists: &dyn Fn(&str) -> bool) -> bool {
    text.ends_with('/') && bases.iter().any(|base| exists(&joined(base, text)))
}

fn joined(base: &str, path: &str) -> String {
    if base.is_empty() {
        path.to_owned()
    } else {
        format!("{base}/{path}")
    }
}

/// A path and the folders that it is in, the nearest first.
fn ancestors(path: &str) -> Vec<String> {
    let all = Path::new(path.trim_end_matches('/')).ancestors();
    all.map(|it| it.display().to_string())
        .filter(|it| !it.is_empty())
        .collect()
}

/// Links to files, with their anchors.
fn links(text: &str) -> Vec<(usize, &str)> {
    let lines = prose(text).into_iter();
    lines
        .flat_map(|(number, line)| {
            let targets = line
                .split("](")
                .skip(1)
                .filter_map(|rest| rest.split(')').next());
            targets.map(move |target| (number, target))
        })
        .filter(|(_, target)| !target.contains("://"))
        .collect()
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let lines = prose(text).into_iter().map(|(_, line)| line);
    let headings = lines.filter_map(|line| {
        line.strip_prefix('#')
            .map(|it| it.trim_start_matches('#').trim())
    });
    headings
        .map(|heading| {
            let kept = heading
                .to_lowercase()
                .chars()
                .filter(|&c| c.is_alphanumeric() || "-_ ".contains(c))
                .collect::<String>();
            kept.replace(' ', "-")
        })
        .collect()
}

/// Tables of the configuration with their keys, as the commented file has them: `log.level`.
fn settings() -> BTreeSet<String> {
    let file = workspace().join("host/ops/src/config/default.toml");
    let text = fs::read_to_string(file).unwrap();
    let mut table = "";
    let mut all = BTreeSet::new();
    for line in text.lines().map(|line| line.trim_start_matches('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
            table = name;
        } else if let Some((key, _)) = line.split_once(" = ")
            && key.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        {
            all.insert(format!("{table}.{key}"));
        }
    }
    all
}

/// Adds the host calls that the sources in a folder make: `web.request`.
fn add_calls(folder: &Path, calls: &mut BTreeSet<String>) {
    for path in fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
    {
        if path.is_dir() {
            add_calls(&path, calls);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let texts = text.split('"').filter(|text| {
            let is_call = |c: char| c.is_ascii_lowercase() || c == '_' || c == '.';
            text.contains('.') && text.chars().all(is_call)
        });
        calls.extend(texts.map(str::to_owned));
    }
}

/// `log.level`, also from `[log] level`, if the configuration has such a table.
fn setting(text: &str, all: &BTreeSet<String>) -> Option<String> {
    let (table, key) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once("] ")?,
        None => text.split_once('.')?,
    };
    let key = key.split([' ', '=']).next()?;
    let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let is_file = ["rs", "toml", "md"].contains(&key);
    let begin = format!("{table}.");
    let is_table = all.iter().any(|known| known.starts_with(&begin));
    (is_key && is_table && !is_file).then(|| format!("{table}.{key}"))
}

/// The part of a page below the heading that names a folder.
fn section<'a>(page: &'a str, folder: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(&format!("\n### `{folder}/`\n"))?;
    Some(rest.split("\n#").next().unwrap_or(rest))
}

/// Whether a part of the map names a file or folder: `a.rs`, `a/`, or something in it.
fn is_on_map(section: &str, name: &str) -> bool {
    let stem = name.strip_suffix(".rs").unwrap_or(name);
    let begins = [format!("{stem}.rs"), format!("{stem}/")];
    let mut names = section.lines().flat_map(quoted);
    names.any(|text| begins.iter().any(|begin| text.starts_with(begin)))
}

/// What is wrong in a document, each with its place.
fn told(path: &Path, faults: impl IntoIterator<Item = String>) -> Vec<String> {
    let root = workspace();
    let name = path.strip_prefix(&root).unwrap().display().to_string();
    faults
        .into_iter()
        .map(|fault| format!("{name}:{fault}"))
        .collect()
}

#[test]
fn paths_in_documents_exist() {
    let root = workspace();
    let exists = |path: &str| root.join(path).exists();
    let faults = documents().into_iter().flat_map(|path| {
        let text = fs::read_to_string(&path).unwrap();
        told(&path, lost_paths(&text, &exists))
    });
    let faults: Vec<_> = faults.collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn modules_are_on_the_map() {
    let root = workspace();
    let page = fs::read_to_string(root.join("docs/architecture.md")).unwrap();
    let packages = packages();
    // Plugins have pages of their own.
    let packages = packages.iter().filter(|package| {
        let is_plugin =
            package.folder.starts_with("examples/") || package.folder.starts_with("plugins/");
        !is_plugin && package.folder != "plugin-api/macros"
    });
    let mut lost = Vec::new();
    for package in packages {
        let source = format!("{}/src", package.folder);
        let Some(section) = section(&page, &source).or_else(|| section(&page, &package.folder))
        else {
            lost.push(format!("no part `{source}/`"));
            continue;
        };
        for entry in fs::read_dir(root.join(&source)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let is_named_by_all = ["lib.rs", "error.rs"].contains(&&*name);
            if !is_named_by_all && !is_on_map(section, &name) {
                lost.push(format!("{source}/{name}"));
            }
        }
    }
    assert!(
        lost.is_empty(),
        "not on the map of docs/architecture.md: {lost:#?}"
    );
}

#[test]
fn links_in_documents_lead_somewhere() {
    let mut faults = Vec::new();
    let mut seen = 0;
    for path in documents().into_iter().chain(others()) {
        let text = fs::read_to_string(&path).unwrap();
        for (line, link) in links(&text) {
            seen += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() {
                path.clone()
            } else {
                path.parent().unwrap().join(file)
            };
            let has_anchor = || anchors(&fs::read_to_string(&target).unwrap()).contains(anchor);
            if !target.exists() || (!anchor.is_empty() && !has_anchor()) {
                faults.extend(told(&path, [format!("{line}: {link}")]));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(seen > 100, "{seen} links");
}

#[test]
fn the_readme_has_the_whole_of_hello() {
    let root = workspace();
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    for file in ["examples/hello/src/lib.rs", "examples/hello/Cargo.toml"] {
        let text = fs::read_to_string(root.join(file)).unwrap();
        assert!(
            readme.contains(&format!("\n{text}```")),
            "README.md shows another {file}"
        );
    }
}

#[test]
fn routines_settings_and_calls_in_documents_exist() {
    let root = workspace();
    let justfile = fs::read_to_string(root.join("justfile")).unwrap();
    let has_routine = |name: &str| {
        let mut lines = justfile
            .lines()
            .filter(|line| !line.starts_with([' ', '#']));
        lines.any(|line| line.split([' ', ':']).next() == Some(name))
    };
    let all = settings();
    assert!(all.len() > 50, "{} settings", all.len());
    let mut calls = BTreeSet::new();
    add_calls(&root.join("plugin-api/src/host"), &mut calls);
    assert!(calls.len() > 20, "{calls:?}");
    let is_known = |name: &String| all.contains(name) || calls.contains(name);
    let mut faults = Vec::new();
    for path in documents().into_iter().chain(others()) {
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in prose(&text) {
            for text in quoted(line) {
                let routine = text
                    .strip_prefix("just ")
                    .and_then(|it| it.split(' ').next());
                let is_lost = routine.is_some_and(|name| !has_routine(name))
                    || setting(text, &all).is_some_and(|name| !is_known(&name));
                if is_lost {
                    faults.extend(told(&path, [format!("{number}: `{text}`")]));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn what_leads_nowhere_is_reported() {
    let there = [
        "host/a/src/b.rs",
        "host/a/src/c/d.rs",
        "host/a/src/c/",
        "host/a/src/",
        "docs/e.md",
    ];
    let exists = |path: &str| there.contains(&path);
    let text = "`docs/e.md`, `docs/f.md`\n\n## `host/a/src/`\n\n| `b.rs`, `c/d.rs` | `d.rs` and `{b,x}.rs` |\n\n\
                `d.rs`\n```\n`host/x.rs`\n```\n`host/a/src/{b,x}.rs`";
    let lost = [
        "1: `docs/f.md`",
        "5: `x.rs`",
        "7: `d.rs`",
        "11: `host/a/src/x.rs`",
    ];
    assert_eq!(lost_paths(text, &exists), lost);
    assert_eq!(
        links("[a](b.md#c), [d](https://e.org/f)\n[g](#h)"),
        [(1, "b.md#c"), (2, "#h")]
    );
    assert_eq!(
        anchors("# A `b` (c)\n## D-e: f"),
        ["a-b-c".to_owned(), "d-e-f".to_owned()].into()
    );
    let map = section(
        "## B\n\n### `a/src/`\n\n`b.rs`, `c/d.rs`\n\n### `e/`\n`f.rs`",
        "a/src",
    )
    .unwrap();
    assert!(is_on_map(map, "b.rs") && is_on_map(map, "c") && !is_on_map(map, "f.rs"));
    let all = BTreeSet::from(["log.level".to_owned()]);
    assert_eq!(setting("log.levels", &all), Some("log.levels".to_owned()));
    assert_eq!(
        setting("[log] level = \"warn\"", &all),
        Some("log.level".to_owned())
    );
    assert_eq!(setting("log.rs", &all).or(setting("a.b", &all)), None);
}
