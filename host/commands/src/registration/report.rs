//! Summary of a sync.

use std::{fmt, time::Duration};

use serde_json::Value;

use super::{diff::Diff, plan::Planned};

/// Changes that were made at Discord.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Report {
    /// Names that are new.
    pub created: Vec<String>,
    /// Names whose commands were changed.
    pub edited: Vec<String>,
    /// Names that are gone.
    pub deleted: Vec<String>,
    /// How many were as they should be.
    pub unchanged: usize,
    /// Names that Discord accepts later: it limits how many are created in a day.
    pub later: Vec<String>,
    /// When they are tried.
    pub again_in: Option<Duration>,
}

impl Report {
    pub(super) fn new(diff: &Diff<'_>, later: &[&Planned], again_in: Option<Duration>) -> Self {
        let planned = |planned: &&Planned| name(&planned.json);
        Self {
            created: diff.create.iter().map(planned).collect(),
            edited: diff.edit.iter().map(|(_, it)| name(&it.json)).collect(),
            deleted: diff.delete.iter().map(|json| name(json)).collect(),
            unchanged: diff.same.len(),
            later: later.iter().map(planned).collect(),
            again_in,
        }
    }
}

fn name(json: &Value) -> String {
    json["name"].as_str().unwrap_or_default().to_owned()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} created, {} edited, {} deleted, {} unchanged",
            self.created.len(),
            self.edited.len(),
            self.deleted.len(),
            self.unchanged
        )?;
        if !self.later.is_empty() {
            write!(
                f,
                ", {} later: no more can be created today",
                self.later.len()
            )?;
        }
        Ok(())
    }
}
