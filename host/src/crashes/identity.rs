//! Identity of a plugin's file: its name and content, so that a changed file is another one.

/// Such as `tea@1f2e3d4c`.
pub(super) fn id(plugin: &str, sha256: &str) -> String {
    format!("{plugin}@{}", sha256.get(..8).unwrap_or(sha256))
}
