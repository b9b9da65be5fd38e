//! Table of what was observed.

use super::observed::Observed;

const HEAD: [&str; 6] = [
    "fault",
    "the member saw",
    "the owner was told",
    "until normal",
    "the neighbour answered",
    "the process",
];

/// All rows.
#[must_use]
pub fn of(rows: &[Observed]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut table = line(&HEAD.map(str::to_owned));
    table += &line(&HEAD.map(|_| "---".to_owned()));
    for row in rows {
        table += &line(&row.cells());
    }
    table
}
