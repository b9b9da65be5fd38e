//! Plugins of other versions of the boundary: those before are refused in words, those of this one load for ever, and so will
//! those of a later one.

use plugin_api::abi::{ABI_MAJOR, ABI_MINOR, API_VERSION};

use crate::{fixtures, support::Fixture};

const NOW: (u16, u16) = (ABI_MAJOR, ABI_MINOR);

/// Loads, calls, clicks, reloads and unloads the plugin `kept`, in whatever version its library is.
async fn serves(library: &std::path::Path, name: &str) {
    let bot = Fixture::with(&[]).await;
    let member = bot.member();
    bot.drop_in(library, name);
    bot.until_generation(name, 1).await;
    bot.until_content_is_seen().await;
    let first = bot.ask(&member, "!kept 2").await;
    assert_eq!(first.content, "Kept 2");
    bot.plugins().reload(name).await.unwrap();
    // Its state, and its button, are the new generation's.
    assert_eq!(bot.ask(&member, "!kept 40").await.content, "Kept 42");
    let clicked = member.clicks_on(&first, "Again").await.unwrap();
    let answer = member.expects_reply_to(&clicked).await.unwrap();
    assert_eq!(answer.content, "Again 7: 42");
    let report = bot.plugins().unload(name, false).await.unwrap();
    println!("{report:?}");
    bot.plugins().load(name).await.unwrap();
    assert_eq!(bot.ask(&member, "!kept 1").await.content, "Kept 43");
    assert_eq!(bot.plugins().abandoned(), Vec::<String>::new());
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_of_each_version_of_this_boundary_loads_for_ever() {
    let kept = fixtures::kept_versions();
    let of_now: Vec<_> = kept.iter().filter(|version| **version == NOW).collect();
    assert!(
        !of_now.is_empty(),
        "there is no host/tests/fixtures/plugin-api-{ABI_MAJOR}.{ABI_MINOR}.tar.gz: `.ci/keep` makes it"
    );
    for version in of_now {
        serves(&fixtures::kept(*version), "kept").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_of_a_boundary_before_is_refused_with_both_versions_and_the_next_step() {
    let kept = fixtures::kept_versions();
    let older: Vec<_> = kept.into_iter().filter(|version| *version < NOW).collect();
    assert!(!older.is_empty());
    for version in older {
        let bot = Fixture::with(&[]).await;
        bot.drop_in(&fixtures::kept(version), "kept");
        let error = bot.until_refused("kept").await;
        println!("{error}");
        let (major, minor) = version;
        for words in [
            format!("was built with plugin-api {major}.{minor}."),
            format!(
                "whose boundary is {major}.{minor}, and this host speaks {ABI_MAJOR}.{ABI_MINOR}"
            ),
            format!("rebuild it against plugin-api {ABI_MAJOR}.{ABI_MINOR}"),
        ] {
            assert!(error.contains(&words), "{error:?} does not say {words:?}");
        }
        bot.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_of_a_later_version_loads_here() {
    // Frames, messages, note and vtables with a field more at their ends.
    let source = include_str!("../fixtures/kept.rs");
    let library = fixtures::plugin(
        "kept",
        "later",
        "0.4.0",
        "\"later-boundary-fixture\"",
        source,
    );
    serves(&library, "kept").await;
}

#[test]
fn the_boundarys_numbers_are_the_crates() {
    assert!(API_VERSION.starts_with(&format!("{ABI_MAJOR}.{ABI_MINOR}.")));
}
