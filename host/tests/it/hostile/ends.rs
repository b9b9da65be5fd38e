//! Tests that what would end the process ends one plugin.

use host_loader::Status;

use super::{Hostile, alone, build, in_cells, is_logged, logged, stays, until};

/// A plugin is asked for its end, by a member who is told that it failed. Then it serves again, and so does everybody else.
async fn ends(host: &Hostile, plugin: &str, ask: &str, why: &str) {
    let before = host.bot.plugins().abandoned().len();
    let plugin_is = format!("plugin=\"{plugin}\"");
    let failed = || logged(&["the plugin has failed", &plugin_is, why]);
    let failed_before = failed();
    let answer = host.bot.ask(&host.bot.member(), ask).await.text();
    assert!(answer.contains("error id"), "{ask}: {answer}");
    until(&format!("{ask}: {why}"), || failed() > failed_before);
    host.load_unless_it_is(plugin).await;
    let abandoned = host.bot.plugins().abandoned();
    let more = usize::from(!in_cells());
    assert_eq!(abandoned.len(), before + more, "{ask}: {abandoned:?}");
    host.reload_others("hello", 1).await;
}

#[test]
fn c_that_ends_the_process_ends_its_plugin_alone() {
    alone(
        module_path!(),
        "c_that_ends_the_process_ends_its_plugin_alone",
        async || {
            let host = Hostile::with(&[build::hostile()]).await;
            assert_eq!(
                host.deed("child_exits", &host.place("none")).await,
                "child_exits: 7"
            );
            for (deed, function) in [
                ("abort", "abort"),
                ("assert", "assert"),
                ("exit", "exit"),
                ("exit_at_once", "_exit"),
                ("quick_exit", "quick_exit"),
            ] {
                let why = format!("its thread called `{function}`");
                ends(&host, "hostile", &format!("!deed {deed} none"), &why).await;
                // In a cell it did end it.
                let held = is_logged(&[
                    "plugin=\"hostile\"",
                    &format!("it called `{function}`, which would end the whole bot"),
                ]);
                assert_eq!(held, !in_cells());
            }
            let place = host.place("thread");
            if in_cells() {
                let ask = format!("!deed thread_aborts {}", place.display());
                host.bot.member().says("general", &ask).await.unwrap();
                until("its cell ends", || {
                    is_logged(&["has failed", "one of its threads called `abort`"])
                });
            } else {
                // On a thread of its own it costs the library's place, and nothing else.
                assert_eq!(host.deed("thread_aborts", &place).await, "thread_aborts: 0");
                until("it aborts", || place.with_extension("begun").exists());
                assert_eq!(host.deed("ticks", &place).await, "ticks: 0");
                let report = host.unload("hostile").await;
                stays(&report, false, "1 thread(s)");
            }
            host.bot.close().await;
        },
    );
}

#[test]
fn a_panic_that_nobody_can_catch_ends_its_plugin_alone() {
    alone(
        module_path!(),
        "a_panic_that_nobody_can_catch_ends_its_plugin_alone",
        async || {
            let host = Hostile::with(&[build::falling()]).await;
            for (how, why) in [
                ("abort", "its thread called `abort`"),
                ("exit", "its thread called `exit`"),
                ("extern", "panic in a function that cannot unwind"),
                ("text", "its thread called `abort`"),
                ("nested", "panic in a destructor during cleanup"),
            ] {
                ends(&host, "falling", &format!("!fall {how}"), why).await;
            }
            let member = host.bot.member();
            if in_cells() {
                member.says("general", "!fall thread").await.unwrap();
                until("its cell ends", || {
                    is_logged(&["has failed", "one of its threads called `abort`"])
                });
                host.load_unless_it_is("falling").await;
            } else {
                assert_eq!(
                    host.bot.ask(&member, "!fall thread").await.content,
                    "standing"
                );
                until("its thread aborts", || {
                    is_logged(&["plugin=\"falling\"", "it called `abort`"])
                });
                let report = host.unload("falling").await;
                assert!(!report.unmapped, "{report:?}");
                host.load("falling").await;
            }
            // The destructor of a thread-local runs behind all that is ours.
            assert_eq!(
                host.bot.ask(&member, "!fall destructor").await.content,
                "standing"
            );
            let report = host.unload("falling").await;
            stays(
                &report,
                false,
                "a destructor of a thread-local did not return",
            );
            host.load("falling").await;
            assert_eq!(host.bot.ask(&member, "!fall not").await.content, "standing");
            host.bot.close().await;
        },
    );
}

#[test]
fn one_that_ends_and_leaves_too_much_is_not_started_again_by_itself() {
    alone(
        module_path!(),
        "one_that_ends_and_leaves_too_much_is_not_started_again_by_itself",
        async || {
            let config = "[extensions]\nstop_timeout_ms = 200\npinned_limit_mb = 1\n";
            let host = Hostile::configured(&[build::falling()], config).await;
            host.bot.ask(&host.bot.member(), "!fall abort").await;
            if in_cells() {
                // It left nothing.
                host.bot.until_generation("falling", 2).await;
                return host.bot.close().await;
            }
            let why = |all: &[Status]| {
                let falling = all.iter().find(|status| status.plugin == "falling");
                falling?
                    .error
                    .clone()
                    .filter(|why| why.contains("by itself"))
            };
            let all = host.bot.until(|all| why(all).is_some()).await;
            let why = why(&all).unwrap();
            for part in [
                "its thread called `abort`; `falling` is not loaded again by itself",
                "`extensions.pinned_limit_mb`",
            ] {
                assert!(why.contains(part), "{part} is not in {why}");
            }
            host.load("falling").await;
            let standing = host.bot.ask(&host.bot.member(), "!fall not").await;
            assert_eq!(standing.content, "standing");
            host.bot.close().await;
        },
    );
}
