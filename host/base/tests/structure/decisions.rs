//! Check of the decisions: each page has the one format, and the index lists them all, with their titles and states.

use std::{collections::BTreeSet, fs};

use crate::workspace;

/// The parts of a page, in their order; a page may be without the last two.
const PARTS: [&str; 4] = ["Context", "Decision", "Consequences", "Not chosen"];

/// A page.
struct Decision {
    file: String,
    text: String,
}

impl Decision {
    fn number(&self) -> &str {
        self.file.split('-').next().unwrap_or_default()
    }

    /// Behind its number.
    fn title(&self) -> &str {
        let line = self.text.lines().next().unwrap_or_default();
        let begin = format!("# {}: ", self.number());
        line.strip_prefix(&begin).unwrap_or_default()
    }

    /// The later pages that say otherwise in something.
    fn overtaken_by(&self) -> BTreeSet<&str> {
        let lines = self.text.split("Overtaken by").skip(1);
        lines
            .filter_map(|line| line.trim_start().strip_prefix('[')?.get(..4))
            .collect()
    }

    fn faults(&self) -> Vec<String> {
        let file = &self.file;
        let mut faults = Vec::new();
        if self.title().is_empty() {
            faults.push(format!(
                "{file}: its first line is not `# {}: …`",
                self.number()
            ));
        }
        let is_at = |part: &str| self.text.find(&format!("\n\n**{part}.**"));
        let places: Vec<_> = PARTS.iter().map(|part| is_at(part)).collect();
        if places[..2].contains(&None) {
            faults.push(format!("{file}: has no **Context.** or no **Decision.**"));
        }
        if !places.iter().flatten().is_sorted() {
            faults.push(format!(
                "{file}: its parts are not in the order of {PARTS:?}"
            ));
        }
        faults
    }
}

fn decisions() -> Vec<Decision> {
    let folder = workspace().join("docs/decisions");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap());
    let pages = files.filter(|file| file.file_name() != "README.md");
    let mut pages: Vec<_> = pages
        .map(|page| Decision {
            file: page.file_name().into_string().unwrap(),
            text: fs::read_to_string(page.path()).unwrap(),
        })
        .collect();
    pages.sort_by(|a, b| a.file.cmp(&b.file));
    pages
}

/// The line of the index that a page should have, but for what it says in a line.
fn row(page: &Decision) -> (String, String) {
    let (number, file) = (page.number(), &page.file);
    let begin = format!("| [{number}]({file}) | {} | ", page.title());
    let by: Vec<_> = page.overtaken_by().into_iter().collect();
    let end = match &*by {
        [] => " | in force |".to_owned(),
        by => format!(" | in part overtaken by {} |", by.join(", ")),
    };
    (begin, end)
}

/// Links as their texts alone.
fn unlinked(cell: &str) -> String {
    let mut parts = cell.split("](");
    let mut text = parts.next().unwrap_or_default().replace('[', "");
    for part in parts {
        let behind = part.split_once(')').map_or("", |(_, behind)| behind);
        text.push_str(&behind.replace('[', ""));
    }
    text
}

#[test]
fn decisions_have_one_format_and_stand_in_the_index() {
    let pages = decisions();
    assert!(pages.len() > 50, "{} pages", pages.len());
    let mut faults: Vec<_> = pages.iter().flat_map(Decision::faults).collect();
    let index = fs::read_to_string(workspace().join("docs/decisions/README.md")).unwrap();
    let rows: Vec<_> = index
        .lines()
        .filter(|line| line.starts_with("| ["))
        .collect();
    for page in &pages {
        let (begin, end) = row(page);
        let is_it = |line: &&&str| {
            line.starts_with(&begin) && unlinked(line.rsplit_once(" | ").unwrap().1) == end[3..]
        };
        if rows.iter().find(is_it).is_none() {
            faults.push(format!("README.md: has no line `{begin}…{end}`"));
        }
    }
    if rows.len() != pages.len() || !rows.is_sorted() {
        faults.push("README.md: its lines are not one for each page, in order".to_owned());
    }
    assert!(faults.is_empty(), "docs/decisions: {faults:#?}");
}

#[test]
fn a_page_of_another_format_is_reported() {
    let page = |text: &str| Decision {
        file: "0007-a.md".into(),
        text: text.into(),
    };
    let good = page(
        "# 0007: A\n\n**Context.** c\n\n**Decision.** d. Overtaken by\n[0009](0009-b.md): e\n\n**Not chosen.** f\n",
    );
    assert_eq!(good.faults(), [""; 0]);
    assert_eq!(row(&good).1, " | in part overtaken by 0009 |");
    let swapped = page("# 7. A\n\n**Decision.** d\n\n**Context.** c\n");
    assert_eq!(swapped.faults().len(), 2);
    assert_eq!(page("# 0007: A\n\nWe chose a.\n").faults().len(), 1);
    assert_eq!(
        unlinked("in part overtaken by [0053](0053-a.md), [0058](0058-b.md) |"),
        "in part overtaken by 0053, 0058 |"
    );
}
