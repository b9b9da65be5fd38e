//! Tests of thread ownership: a thread belongs to the plugin on whose behalf it was created, whoever's code created it.

use super::{Hostile, alone, build, nothing_stays, stays};

/// A thread that some deed has created keeps the library mapped, and lives on in it.
async fn keeps_it_mapped(host: &Hostile, plugin: &str, deed: &str, said: &str) {
    let place = host.place(&format!("{plugin}-{deed}"));
    assert_eq!(host.deed(deed, &place).await, format!("{deed}: 0"));
    let report = host.unload(plugin).await;
    stays(&report, false, said);
    host.reload_others("hello", 2).await;
    host.release(&place);
    host.until_done(&place);
    host.load(plugin).await;
}

#[test]
fn threads_of_every_kind_keep_the_library_mapped() {
    alone(
        module_path!(),
        "threads_of_every_kind_keep_the_library_mapped",
        async || {
            let host = Hostile::with(&[build::hostile()]).await;
            for deed in ["thread", "detached", "chain", "c11", "dependent"] {
                let said = "1 thread(s) that the plugin started and did not end: ";
                keeps_it_mapped(&host, "hostile", deed, said).await;
            }
            // All of them have ended: a generation that starts none goes, and nothing of it stays.
            let report = host.unload("hostile").await;
            nothing_stays(&report);
            host.bot.close().await;
        },
    );
}

#[test]
fn a_thread_of_cpp_keeps_the_library_mapped() {
    alone(
        module_path!(),
        "a_thread_of_cpp_keeps_the_library_mapped",
        async || {
            let Some(plugin) = build::hostile_cpp() else {
                return;
            };
            let host = Hostile::with(&[plugin]).await;
            let said = "1 thread(s) that the plugin started and did not end: ";
            keeps_it_mapped(&host, "hostile_cpp", "thread", said).await;
            host.bot.close().await;
        },
    );
}

#[test]
fn threads_that_nobody_is_known_to_have_started_keep_the_library_mapped() {
    alone(
        module_path!(),
        "threads_that_nobody_is_known_to_have_started_keep_the_library_mapped",
        async || {
            let host = Hostile::with(&[build::hostile()]).await;
            for deed in ["bare", "resolver"] {
                let place = host.place(deed);
                assert_eq!(host.deed(deed, &place).await, format!("{deed}: 0"));
                // One that was loaded after it can't have started it.
                let report = host.unload("hello").await;
                stays(&report, false, "that nobody is known to have started");
                host.load("hello").await;
                host.reload_others("hello", 1).await;
                let report = host.unload("hostile").await;
                let said = "thread(s) since it was opened that nobody is known to have started";
                stays(&report, false, said);
                host.release(&place);
                host.until_done(&place);
                host.load("hostile").await;
            }
            host.bot.close().await;
        },
    );
}
