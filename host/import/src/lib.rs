//! Import of another framework's installation: what lies in its folder, read and put into the words of ours.
//!
//! Nothing is written here, neither there nor here: the command line does that (`host/src/cli/import/`), with what is found.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`Source`] | its folder: files by plain paths, links not followed, sizes bounded |
//! | `json.rs`, `value.rs`, `sqlite.rs`, `hash.rs` | JSON as Python writes it, values of the wrong type, tables of copied databases, what was read before |
//! | `model.rs`, `report.rs` | what comes over, and what is told of it |
//! | `formats/` | a file per format of the source |
//! | `words/` | an automation, a schedule, a snapshot in our plugins' own formats |
//!
//! A file that can't be read is named with its cause, and holds up no other. Deliberately absent: what is stored, and how.

mod formats;
mod hash;
mod json;
mod model;
mod report;
mod source;
mod sqlite;
#[cfg(test)]
mod testing;
mod value;
mod words;

pub use self::{
    formats::read,
    model::{Found, Item, Rule, ServerRule, Setting},
    report::{Entry, Kind, Outcome, Report},
    source::{ImportError, Source},
    sqlite::table_of,
};
