//! Libraries that a plugin brings, and what finalisers do.

use std::path::Path;

use host_loader::snapshot;

use super::{Hostile, alone, build, in_cells, nothing_stays, stays};

#[test]
fn a_library_that_was_opened_is_told_of_when_it_stays() {
    alone(
        module_path!(),
        "a_library_that_was_opened_is_told_of_when_it_stays",
        async || {
            let opened = build::dependent("libopened.so");
            let host = Hostile::with(&[build::hostile()]).await;
            let is_mapped = |name: &str| {
                let images = snapshot::images();
                images.iter().any(|image| image.path.ends_with(name))
            };
            // In this process, that is.
            assert_eq!(is_mapped("libdependent.so"), !in_cells());
            assert_eq!(host.deed("opens", &opened).await, "opens: 0");
            let report = host.unload("hostile").await;
            stays(&report, true, "libopened.so, a library that it brought");
            assert!(report.stayed.len() <= 1, "{report:?}");
            assert_eq!(is_mapped("libopened.so"), !in_cells());
            assert!(!is_mapped("libdependent.so"));
            // Who finds it there has not brought it.
            host.load("hostile").await;
            assert_eq!(host.deed("opens", &opened).await, "opens: 0");
            let report = host.unload("hostile").await;
            nothing_stays(&report);
            host.bot.close().await;
        },
    );
}

#[test]
fn what_finalisers_register_does_not_outlive_the_library() {
    alone(
        module_path!(),
        "what_finalisers_register_does_not_outlive_the_library",
        async || {
            let host = Hostile::with(&[build::hostile()]).await;
            // Each makes two keys: a process has 1,024 of them, and a thread that ends calls their destructors.
            for _ in 0..30 {
                let none = Path::new("none");
                assert_eq!(host.deed("finaliser", none).await, "finaliser: 0");
                let report = host.unload("hostile").await;
                nothing_stays(&report);
                host.load("hostile").await;
            }
            host.bot.close().await;
        },
    );
}
