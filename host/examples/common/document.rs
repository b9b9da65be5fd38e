//! Parts of a document that a program writes: each between two markers.

use std::{error::Error, fs, path::Path};

/// Puts a text between the markers of its place, `<!-- PLACE: begin -->` and `<!-- PLACE: end -->`, on lines of their own.
///
/// # Errors
///
/// The document can't be read or written, or has not got them.
pub fn write_into(document: &Path, place: &str, text: &str) -> Result<(), Box<dyn Error>> {
    let whole = fs::read_to_string(document)?;
    let (begin, end) = (
        format!("<!-- {place}: begin -->\n"),
        format!("<!-- {place}: end -->"),
    );
    let missing = || format!("{} has no {begin:?} before {end:?}", document.display());
    let (before, rest) = whole.split_once(&begin).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&end).ok_or_else(missing)?;
    let text = text.trim_end();
    Ok(fs::write(
        document,
        format!("{before}{begin}{text}\n{end}{after}"),
    )?)
}
