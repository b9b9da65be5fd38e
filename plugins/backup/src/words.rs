//! Words for differences, plans and what could not be done.

use crate::diff::{Change, What};

/// A difference on one line: `~ channel #pier: topic default → tea`.
pub(crate) fn change(change: &Change) -> String {
    let title = &change.title;
    match &change.what {
        What::Added => format!("+ {title}"),
        What::Removed => format!("- {title}"),
        What::Moved => format!("> {title}: another place in the order"),
        What::Changed(edits) => {
            let edits = edits.iter();
            let edits: Vec<_> = edits
                .map(|edit| format!("{} {}", edit.field, edit.words))
                .collect();
            format!("~ {title}: {}", edits.join("; "))
        }
    }
}
