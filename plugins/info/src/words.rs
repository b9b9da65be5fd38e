//! Words for days and pictures.

/// A day that each reader sees in their own time zone, and how long ago that is.
pub(crate) fn day(secs: i64) -> String {
    format!("<t:{secs}:D>\n<t:{secs}:R>")
}

/// The ending of a picture's address.
pub(crate) fn picture_kind(is_animated: bool) -> &'static str {
    if is_animated { "gif" } else { "png" }
}
