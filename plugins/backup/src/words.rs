//! Words for differences, plans and what could not be done.

use plugin_api::text::{clip, plain};

use crate::diff::{Change, What};

/// A difference on one line: `~ channel #pier: topic default → tea`.
pub(crate) fn change(change: &Change) -> String {
    let title = plain(&change.title);
    match &change.what {
        What::Added => format!("+ {title}"),
        What::Removed => format!("- {title}"),
        What::Moved => format!("> {title}: another place in the order"),
        What::Changed(edits) => {
            let edits = edits.iter();
            let edits: Vec<_> = edits
                .map(|edit| format!("{} {}", edit.field, clip(&plain(&edit.words), 200)))
                .collect();
            format!("~ {title}: {}", edits.join("; "))
        }
    }
}

/// What is not as the snapshot has it, on one line.
pub(crate) fn note(note: &crate::plan::Note) -> String {
    format!("{}: {}", plain(&note.what), plain(&note.why))
}
