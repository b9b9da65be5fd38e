//! Timers go with the plugin that made them.

use super::{Hostile, alone, build};

#[test]
fn timers_are_deleted_and_told_of() {
    alone(
        module_path!(),
        "timers_are_deleted_and_told_of",
        async || {
            let host = Hostile::with(&[build::hostile()]).await;
            for round in 0..20 {
                let deed = ["calling_timer", "signalling_timer", "interval", "alarm"][round % 4];
                assert_eq!(
                    host.deed(deed, &host.place("none")).await,
                    format!("{deed}: 0")
                );
                let report = host.unload("hostile").await;
                assert!(report.unmapped, "{report:?}");
                assert_eq!(report.stayed[0], "1 timer(s), which were deleted");
                host.load("hostile").await;
            }
            let report = host.unload("hostile").await;
            assert!(report.unmapped && report.stayed.is_empty(), "{report:?}");
            host.bot.close().await;
        },
    );
}
