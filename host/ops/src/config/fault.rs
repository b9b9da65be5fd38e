//! Faults of a configuration file: what is wrong, and where.

use toml::{Spanned, de::DeValue};

/// How likely two words are the same but for a slip, from 0 to 1; below this they are different words.
const SIMILAR: f64 = 0.8;

/// A value with its place in the file.
pub(super) type Item<'i> = Spanned<DeValue<'i>>;

/// A fault, and the byte where it is.
#[derive(Debug)]
pub(super) struct Fault {
    pub at: usize,
    pub message: String,
}

impl Fault {
    pub fn new(item: &Item<'_>, message: impl Into<String>) -> Self {
        Self {
            at: item.span().start,
            message: message.into(),
        }
    }
}

/// The fault "expected this, found that".
pub(super) fn expected(what: &str, item: &Item<'_>) -> Fault {
    let found = match item.get_ref() {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    Fault::new(item, format!("expected {what}, found {found}"))
}

/// The known word that `word` most likely stands for: one that begins alike, or one with a slip in it.
pub(super) fn nearest<'a>(
    word: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Option<&'a str> {
    let word = word.to_lowercase().replace('-', "_");
    known
        .clone()
        .map(|candidate| (strsim::jaro_winkler(&word, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= SIMILAR)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
        .or_else(|| host_base::nearest::nearest(&word, known))
}

/// `a`, `b`, `c`.
pub(super) fn quoted_list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
