//! Stories of the errors that are listed, and found by the id that a member was shown.

use sandbox::MessageView;

use super::{bot, has, in_private, slash};
use crate::support::PATIENCE;

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_paged_and_found_by_the_id_that_the_member_was_shown() {
    let bot = bot().await;
    let owner = bot.owner();
    let nothing = slash(&owner, "general", "fw_errors").await;
    has(&nothing.text(), &["Nothing has failed"]);
    let cracked = error_id(&bot.brews(13, 1).await[0]);
    let exploded = error_id(&bot.brews(14, 1).await[0]);
    bot.brews(13, 5).await;
    let one = slash(&owner, "general", &format!("fw_errors id:{cracked}")).await;
    assert!(one.ephemeral);
    has(
        &one.text(),
        &[
            "kettle: command brew",
            "the kettle is cracked",
            &cracked,
            "used by <@",
        ],
    );
    assert!(!one.text().contains("Came through"));
    // The functions that the panic came through are known a moment after it.
    let traced = async {
        loop {
            let asked = format!("fw_errors id:`{exploded}`");
            let seen = slash(&owner, "general", &asked).await;
            has(&seen.text(), &["the kettle explodes"]);
            if seen.text().contains("Came through") {
                return seen;
            }
        }
    };
    let traced = tokio::time::timeout(PATIENCE, traced).await.unwrap();
    has(&traced.text(), &["brew"]);
    let proposed = owner
        .autocompletes(
            "general",
            "fw_errors",
            &[("id", cracked.as_str().into())],
            "id",
        )
        .await;
    assert!(format!("{proposed:?}").contains(&cracked), "{proposed:?}");
    let unknown = slash(&owner, "general", "fw_errors id:@everyone").await;
    has(&unknown.text(), &["No error has the id"]);
    // Pages: the newest first, also after a reload with the page open.
    let words = "errors since the bot's start";
    let first = in_private(&owner, "general", "!fw_errors", words).await;
    assert_eq!(first.buttons()[2], "1 / 2");
    bot.plugins().reload("diagnostics").await.unwrap();
    let clicked = owner.clicks_on(&first, "›").await.unwrap();
    let second = owner.expects_reply_to(&clicked).await.unwrap();
    has(&second.text(), &[&cracked]);
    assert!(!first.text().contains(&cracked));
    // A page that was deleted meanwhile is nobody's trouble.
    let page = slash(&owner, "general", "fw_errors").await;
    owner.deletes(&page).await.unwrap();
    let gone = owner.clicks_on(&page, "›").await;
    assert!(gone.is_err(), "{gone:?}");
    has(
        &slash(&owner, "general", "fw_history").await.text(),
        &["Health"],
    );
    bot.close().await;
}

fn error_id(seen: &MessageView) -> String {
    let text = seen.text();
    let (_, id) = text
        .split_once("error id: `")
        .unwrap_or_else(|| panic!("{text}"));
    id.split('`').next().unwrap().to_owned()
}
