//! Known import circles. This list gets shorter: an entry that is gone, or has fewer members, is changed here, and none
//! is added.

/// The crate, the module in which the members are, and they.
pub(crate) const KNOWN: &[(&str, &str, &[&str])] = &[
    (
        "host-store",
        "storage",
        &["batch", "queues", "rounds", "state"],
    ),
    (
        "sandbox",
        "",
        &["control", "http", "script", "server", "web"],
    ),
    (
        "sandbox",
        "",
        &["fault", "gateway", "rest", "state", "traffic"],
    ),
];
