//! Several plugins that are reloaded as one: all of them serve anew from one moment on, or all go on as they were.

use std::path::PathBuf;

use super::{counting, said, told};
use crate::{fixtures, support::Fixture};

fn tea(version: &str) -> PathBuf {
    counting("tea", version, "")
}

/// A plugin that needs `tea` in this version.
fn mug(version: &str, wants: &str) -> PathBuf {
    let declared = format!(".depends_on_version(\"tea\", \"{wants}\")");
    counting("mug", version, &declared)
}

/// One whose start fails.
fn broken_mug() -> PathBuf {
    let source = super::source("mug", "3.0.0", "");
    let fails = "Err::<Cell<u64>, Error>(Error::user(\"cracked\"))";
    let source = source.replace("Ok(Cell::new(0_u64))", fails);
    fixtures::plugin("mug", "generations-3-0-0", "3.0.0", "", &source)
}

/// Two of which one needs the other, on a bot that leaves files alone.
async fn with_both() -> Fixture {
    let bot = Fixture::configured(&["hello"], "[extensions]\nauto_reload = false").await;
    bot.drop_in(&tea("1.0.0"), "tea");
    bot.drop_in(&mug("1.5.0", "^1"), "mug");
    told(&bot, "!load tea").await;
    told(&bot, "!load mug").await;
    assert_eq!(said(&bot, "!tea").await, "tea 1.0.0 counts 1");
    assert_eq!(said(&bot, "!mug").await, "mug 1.5.0 counts 1");
    bot
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fits_together_alone_is_reloaded_together() {
    let bot = with_both().await;
    bot.drop_in(&tea("2.1.0"), "tea");
    bot.drop_in(&mug("2.1.0", "^2"), "mug");
    // One by one the first would have nothing that it needs.
    let refused = told(&bot, "!reload mug").await;
    assert!(refused.contains("needs `tea` ^2"), "{refused}");
    let done = told(&bot, "!reload mug tea").await;
    assert!(done.contains("2 reloaded as one"), "{done}");
    assert_eq!(said(&bot, "!tea").await, "tea 2.1.0 counts 2");
    assert_eq!(said(&bot, "!mug").await, "mug 2.1.0 counts 2");
    // Each is kept, with what the one before it has left.
    let back = told(&bot, "!rollback mug list").await;
    assert!(back.contains("replaced by 2.1.0"), "{back}");
    // Those that use one of them go with it, also where all are named.
    let done = told(&bot, "!reload all").await;
    assert!(done.contains("3 reloaded as one"), "{done}");
    let done = told(&bot, "!reload hello tea").await;
    assert!(done.contains("3 reloaded as one"), "{done}");
    assert_eq!(said(&bot, "!mug").await, "mug 2.1.0 counts 3");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_one_of_several_fails_all_go_on_as_they_were() {
    let bot = with_both().await;
    bot.drop_in(&tea("2.1.0"), "tea");
    bot.drop_in(&broken_mug(), "mug");
    for line in ["!reload tea mug", "!reload all"] {
        let refused = told(&bot, line).await;
        assert!(
            refused.contains("`mug` stands in the way: its start failed: cracked; none of ")
                && refused.contains("all go on as they were"),
            "{refused}"
        );
    }
    let listed = told(&bot, "!extensions").await;
    assert!(
        listed.contains("its newest file was refused: its start failed: cracked"),
        "{listed}"
    );
    assert_eq!(said(&bot, "!tea").await, "tea 1.0.0 counts 2");
    assert_eq!(said(&bot, "!mug").await, "mug 1.5.0 counts 2");
    let refused = told(&bot, "!reload tea mugs").await;
    assert!(refused.contains("did you mean `mug`?"), "{refused}");
    assert_eq!(bot.plugins().abandoned(), Vec::<String>::new());
    bot.close().await;
}
