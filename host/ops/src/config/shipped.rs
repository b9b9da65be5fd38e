//! Commented file of defaults: every key with its words. The checkout's `config.toml` is a copy for people.

/// The file.
pub const COMMENTED: &str = include_str!("default.toml");
