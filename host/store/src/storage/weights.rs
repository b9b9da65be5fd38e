//! Weights of SQL functions: how many a statement may call, and as how many each counts.

/// Most functions that a statement may call, views and triggers included: between them nothing stops it. A pattern counts as
/// many, since it is compared with each place.
pub(super) const FUNCTIONS: u32 = 500;

/// Those that look for up to a hundred paths in a text, each from its beginning.
pub(super) const OF_PATHS: [&str; 10] = [
    "json_extract",
    "json_insert",
    "json_remove",
    "json_replace",
    "json_set",
    "jsonb_extract",
    "jsonb_insert",
    "jsonb_remove",
    "jsonb_replace",
    "jsonb_set",
];

/// How many functions one counts as.
pub(super) fn weight(function: &str) -> u32 {
    let function = function.to_ascii_lowercase();
    match &*function {
        "like" | "glob" => 20,
        _ if OF_PATHS.contains(&&*function) => 10,
        _ => 1,
    }
}
