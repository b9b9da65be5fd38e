//! A generation that was written off is never freed, whatever drops it.

use super::{Hostile, alone, build, threads_called, until};

#[test]
fn a_generation_that_was_written_off_stays_mapped_when_its_thread_ends() {
    alone(
        module_path!(),
        "a_generation_that_was_written_off_stays_mapped_when_its_thread_ends",
        async || {
            let host = Hostile::with(&[build::hostile()]).await;
            let (thread, handler) = (host.place("thread"), host.place("handler"));
            assert_eq!(host.deed("thread", &thread).await, "thread: 0");
            let block = format!("!deed block {}", handler.display());
            host.bot.member().says("general", &block).await.unwrap();
            until("it blocks", || handler.with_extension("begun").exists());
            let report = host.bot.plugins().unload("hostile", true).await.unwrap();
            assert!(!report.unmapped, "{report:?}");
            assert!(
                report.stayed[0].contains("did not stop in time"),
                "{report:?}"
            );
            host.release(&handler);
            until("its thread has ended, and the other lives", || {
                threads_called("hostile#1") == 1
            });
            // glibc would unmap it now, if it was closed.
            host.reload_others("hello", 3).await;
            assert!(host.mapped("hostile") > 0);
            host.release(&thread);
            host.until_done(&thread);
            assert_eq!(host.bot.plugins().written_off(), ["hostile#1"]);
            // Another generation serves beside it, and its own report is its own.
            host.bot.plugins().load("hostile").await.unwrap();
            let report = host.bot.plugins().unload("hostile", false).await.unwrap();
            assert!(report.unmapped && report.stayed.is_empty(), "{report:?}");
            host.bot.close().await;
        },
    );
}
