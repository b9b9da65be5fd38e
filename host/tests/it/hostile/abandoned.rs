//! Tests that an abandoned generation is never freed, whatever drops it.

use std::{fs, sync::Arc};

use super::{
    Hostile, alone, build, in_cells, is_logged, nothing_stays, of_constructors, stays,
    threads_called, until,
};

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
            stays(&report, false, "did not stop in time");
            host.release(&handler);
            host.stays_abandoned("hostile", "hostile#1");
            let has_ended = is_logged(&["plugin=\"hostile\"", "was abandoned has ended"]);
            assert_eq!(has_ended, !in_cells());
            // glibc would unmap it now, if it was closed.
            host.reload_others("hello", 3).await;
            host.stays_abandoned("hostile", "hostile#1");
            host.release(&thread);
            host.until_done(&thread);
            let abandoned: &[&str] = if in_cells() { &[] } else { &["hostile#1"] };
            assert_eq!(host.bot.plugins().abandoned(), abandoned);
            // Another generation serves beside it, and its own report is its own.
            host.bot.plugins().load("hostile").await.unwrap();
            let report = host.bot.plugins().unload("hostile", false).await.unwrap();
            nothing_stays(&report);
            host.bot.close().await;
        },
    );
}

#[test]
fn an_unload_that_nobody_waits_for_any_more_closes_nothing() {
    alone(
        module_path!(),
        "an_unload_that_nobody_waits_for_any_more_closes_nothing",
        async || {
            let host = Hostile::with(&[build::hostile()]).await;
            let (thread, handler) = (host.place("thread"), host.place("handler"));
            assert_eq!(host.deed("thread", &thread).await, "thread: 0");
            let block = format!("!deed block {}", handler.display());
            host.bot.member().says("general", &block).await.unwrap();
            until("it blocks", || handler.with_extension("begun").exists());
            // As at a shutdown whose time is over, while it waits for the thread.
            tokio::select! {
                report = host.bot.plugins().unload("hostile", true) => panic!("{report:?}"),
                () = host.until_it_leaves("hostile") => {}
            }
            host.release(&handler);
            host.stays_abandoned("hostile", "hostile#1");
            host.reload_others("hello", 3).await;
            host.stays_abandoned("hostile", "hostile#1");
            host.release(&thread);
            host.until_done(&thread);
            host.bot.close().await;
        },
    );
}

#[test]
fn a_thread_local_whose_destructor_blocks_is_written_off() {
    alone(
        module_path!(),
        "a_thread_local_whose_destructor_blocks_is_written_off",
        async || {
            let host = Hostile::with(&[build::hostile()]).await;
            let place = host.place("destructor");
            let answer = host.deed("blocking_destructor", &place).await;
            assert_eq!(answer, "blocking_destructor: 0");
            let report = host.unload("hostile").await;
            stays(
                &report,
                false,
                "a destructor of a thread-local did not return",
            );
            host.reload_others("hello", 2).await;
            host.release(&place);
            host.until_done(&place);
            host.bot.close().await;
        },
    );
}

#[test]
fn the_end_of_the_runtime_closes_nothing() {
    alone(
        module_path!(),
        "the_end_of_the_runtime_closes_nothing",
        async || {
            // A bot whose runtime is dropped: one plugin has a handler at work and a thread, and is being unloaded.
            let first = std::thread::spawn(|| {
                let runtime = tokio::runtime::Runtime::new().unwrap();
                let host = runtime.block_on(async {
                    let host = Hostile::with(&[build::hostile()]).await;
                    let (thread, handler) = (host.place("thread"), host.place("handler"));
                    assert_eq!(host.deed("thread", &thread).await, "thread: 0");
                    let block = format!("!deed block {}", handler.display());
                    host.bot.member().says("general", &block).await.unwrap();
                    until("it blocks", || handler.with_extension("begun").exists());
                    let plugins = Arc::clone(host.bot.plugins());
                    tokio::spawn(async move { plugins.unload("hostile", true).await });
                    host.until_it_leaves("hostile").await;
                    host
                });
                runtime.shutdown_background();
                host
            });
            // Nobody waits for the rest of it.
            let first = std::mem::ManuallyDrop::new(first.join().unwrap());
            // Of one in a cell there is the thread that stands for it.
            assert_eq!(threads_called("hostile#1"), 2 - usize::from(in_cells()));
            first.release(&first.place("handler"));
            first.stays_abandoned("hostile", "hostile#1");
            let second = Hostile::with(&[]).await;
            second.reload_others("hello", 3).await;
            first.stays_abandoned("hostile", "hostile#1");
            first.release(&first.place("thread"));
            first.until_done(&first.place("thread"));
            second.bot.close().await;
        },
    );
}

/// No probe: it would not come to the host. The others are opened as fast, though as processes of their own.
fn untried() -> String {
    let start = if in_cells() { 5000 } else { 300 };
    format!("[extensions]\nprobe = false\nstart_timeout_ms = {start}")
}

#[test]
fn a_library_that_takes_too_long_to_open_is_never_freed() {
    alone(
        module_path!(),
        "a_library_that_takes_too_long_to_open_is_never_freed",
        async || {
            fs::write(of_constructors("slow"), "").unwrap();
            let host = Hostile::configured(&[], &untried()).await;
            host.bot.drop_in(build::constructed(), "constructed");
            let error = host.bot.until_refused("constructed").await;
            let stays = "; it stays mapped until the host restarts";
            assert!(error.contains("took longer than"), "{error}");
            assert_eq!(error.contains(stays), !in_cells(), "{error}");
            host.release(&of_constructors("opens"));
            host.stays_abandoned("constructed", "constructe#1");
            host.reload_others("hello", 3).await;
            host.stays_abandoned("constructed", "constructe#1");
            let abandoned: &[&str] = if in_cells() { &[] } else { &["constructed#1"] };
            assert_eq!(host.bot.plugins().abandoned(), abandoned);
            host.release(&of_constructors("constructed"));
            host.until_done(&of_constructors("constructed"));
            host.bot.close().await;
        },
    );
}
