//! Bar of use and its colour: green, yellow from the warning on, red from the limit.

use plugin_api::EmbedBuilder;

/// Cells of the bar.
const CELLS: u64 = 20;

/// How full it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Roomy,
    Tight,
    Full,
}

/// The level of so many commands; `warn_at` and `limit` as the operator has set them.
pub(crate) fn level(used: u64, warn_at: u64, limit: u64) -> Level {
    match used {
        used if used >= limit => Level::Full,
        used if used >= warn_at => Level::Tight,
        _ => Level::Roomy,
    }
}

/// A card in the level's colour.
pub(crate) fn coloured(card: EmbedBuilder, level: Level) -> EmbedBuilder {
    match level {
        Level::Roomy => card.success(),
        Level::Tight => card.warning(),
        Level::Full => card.error(),
    }
}

/// `████░░░░ 20 of 100`. What is there at all fills a cell, and the last one is filled by the limit alone.
pub(crate) fn bar(used: u64, limit: u64) -> String {
    let limit = limit.max(1);
    let filled = match used {
        used if used >= limit => CELLS,
        used => (used * CELLS).div_ceil(limit).min(CELLS - 1),
    };
    let cells = |count: u64, cell: &str| cell.repeat(usize::try_from(count).unwrap_or_default());
    format!(
        "`{}{}` {used} of {limit}",
        cells(filled, "█"),
        cells(CELLS - filled, "░")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_full_at_the_limit_alone_and_empty_at_nothing_alone() {
        let filled = |used, limit| bar(used, limit).matches('█').count();
        assert_eq!(filled(0, 100), 0);
        assert_eq!(filled(1, 100), 1);
        assert_eq!(filled(50, 100), 10);
        assert_eq!(filled(99, 100), 19);
        assert_eq!(filled(100, 100), 20);
        assert_eq!(filled(130, 100), 20);
        assert_eq!(bar(0, 0), "`░░░░░░░░░░░░░░░░░░░░` 0 of 1");
    }

    #[test]
    fn yellow_begins_at_the_warning_and_red_at_the_limit() {
        let levels = [0, 89, 90, 99, 100, 101].map(|used| level(used, 90, 100));
        use Level::{Full, Roomy, Tight};
        assert_eq!(levels, [Roomy, Roomy, Tight, Tight, Full, Full]);
        assert!(Roomy < Tight && Tight < Full);
    }
}
