//! Stories of the plugin `mydata`: everybody sees and erases what is kept about them, and nobody anything else.

use std::{fs, path::PathBuf, sync::OnceLock};

use sandbox::{Actor, MessageView};

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

const NOTES: &str = r#"//! Notes: in the database, and in memory.
use std::{cell::RefCell, collections::BTreeMap};
use plugin_api::prelude::*;

type Heard = RefCell<BTreeMap<Id<marker::UserMarker>, u64>>;

export_plugin!(|| {
    Plugin::with_state(|_host| async { Ok(Heard::default()) })
        .on_save(|heard| State::new(1, &*heard.borrow()))
        .on_restore(|heard, saved| { *heard.borrow_mut() = saved.read()?; Ok(()) })
        .on_erase(forget)
        .command(Command::new("note", "Takes a note").option(CommandOption::string("text", "Which").required().rest()).run(note))
        .command(Command::new("heard", "Counts").run(heard))
});

async fn note(ctx: CommandContext<Heard>) -> Result {
    let (user, text): (_, String) = (ctx.user().id, ctx.option("text")?);
    *ctx.state().borrow_mut().entry(user).or_default() += 1;
    ctx.host().storage().bot().kv_store("notes").about(user).set(&format!("{user} {text}"), &text).await?;
    ctx.reply("Noted.").await
}

async fn heard(ctx: CommandContext<Heard>) -> Result {
    let heard = ctx.state().borrow().get(&ctx.user().id).copied().unwrap_or(0);
    ctx.reply(format!("heard {heard}")).await
}

async fn forget(ctx: EraseContext<Heard>) -> Result {
    ctx.state().borrow_mut().remove(&ctx.user_id());
    Ok(())
}
"#;

fn notes() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT
        .get_or_init(|| fixtures::plugin("notes", "mydata", "0.16.42", "", NOTES))
        .clone()
}

/// A bot with notes, in two servers: `owner` owns it, `member` one of the servers, `mod` moderates, `chief` administers, `sailor` is in one.
async fn bot(config: &str) -> Fixture {
    let bot = Fixture::configured(&["mydata", "hello", "remind"], config).await;
    bot.drop_in(&notes(), "notes");
    let bot = bot
        .restart_after(async |stopped| {
            stopped.add_harbour(twilight_model::guild::Permissions::empty());
        })
        .await;
    for plugin in ["mydata", "notes", "remind"] {
        bot.until_generation(plugin, 1).await;
    }
    bot.sandbox
        .commands_registered("forgetme", PATIENCE)
        .await
        .unwrap();
    bot
}

/// What a slash command answers, for whoever asks alone.
async fn typed(who: &Actor, place: &str, line: &str) -> MessageView {
    let asked = who.slash_line(place, line).await.unwrap();
    let seen = who.expects_reply_to(&asked).await.unwrap();
    assert!(
        seen.ephemeral && !seen.text().contains("error id"),
        "{}",
        seen.text()
    );
    seen
}

async fn clicked(who: &Actor, on: &MessageView, label: &str) -> MessageView {
    let click = who.clicks_on(on, label).await.unwrap();
    who.expects_reply_to(&click).await.unwrap()
}

async fn notes_of(who: &Actor, place: &str, texts: &[&str]) {
    for text in texts {
        let sent = who.says(place, &format!("!note {text}")).await.unwrap();
        let told = who.expects_reply_to(&sent).await.unwrap();
        assert_eq!(told.content, "Noted.");
    }
}

/// What the host has about somebody, as the file says it.
async fn kept(bot: &Fixture, who: &Actor) -> String {
    let exported = bot
        .bot
        .services()
        .storage
        .export_subject(who.id())
        .await
        .unwrap();
    let told = fs::read_to_string(&exported.file).unwrap();
    fs::remove_file(exported.file).unwrap();
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn owner_moderator_and_member_get_what_is_kept_about_them_and_nobody_else_does() {
    let bot = bot("").await;
    let (owner, moderator, member) = (bot.owner(), bot.sandbox.actor("mod").unwrap(), bot.member());
    for who in [&owner, &moderator, &member] {
        notes_of(who, "general", &["tea", "cups"]).await;
    }
    bot.ask(&member, "!remind 10m tea").await;
    // By slash in a server, by prefix in a server, by slash and by prefix in direct messages.
    let seen = typed(&owner, "general", "mydata").await;
    assert_eq!(seen.attachments, ["mydata.json"]);
    assert!(
        seen.content
            .contains("This is kept about you: 2 entries of 1 plugin"),
        "{}",
        seen.content
    );
    let sent = moderator.says("general", "!mydata").await.unwrap();
    let file = |it: &MessageView| !it.attachments.is_empty();
    let seen = moderator.expects_where("dm", "a file", file).await.unwrap();
    assert!(seen.content.contains("2 entries of 1 plugin"));
    let in_public = bot.sandbox.traffic();
    let told = format!("POST /channels/{}/messages", sent.channel_id);
    let last = in_public.iter().rfind(|it| it.what == told).unwrap();
    assert!(!last.body.to_string().contains("kept about you"));
    let asked = member.slash_line("dm", "mydata").await.unwrap();
    let seen = member.expects_reply_to(&asked).await.unwrap();
    assert!(file(&seen), "{}", seen.text());
    assert!(
        seen.content.contains("3 entries of 2 plugins"),
        "{}",
        seen.content
    );
    member.says("dm", "!mydata").await.unwrap();
    member.expects_where("dm", "a file", file).await.unwrap();
    // All databases are gone through each time: not a third time.
    let asked = member.slash_line("general", "mydata").await.unwrap();
    let seen = member.expects_reply_to(&asked).await.unwrap();
    assert!(
        !file(&seen) && seen.content.contains("again"),
        "{}",
        seen.text()
    );
    assert!(kept(&bot, &member).await.contains("cups"));
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_is_kept_it_says_so_in_servers_and_in_direct_messages() {
    let bot = bot("").await;
    let (sailor, chief) = (
        bot.sandbox.actor("sailor").unwrap(),
        bot.sandbox.actor("chief").unwrap(),
    );
    assert_eq!(
        typed(&sailor, "docks", "mydata").await.content,
        "Nothing is kept about you."
    );
    sailor.says("dm", "!mydata").await.unwrap();
    sailor
        .expects("dm", "Nothing is kept about you.")
        .await
        .unwrap();
    let question = typed(&chief, "docks", "forgetme").await;
    assert!(
        question
            .text()
            .contains("Nothing is kept about you in the databases"),
        "{}",
        question.text()
    );
    let answer = clicked(&chief, &question, "Erase it, for good").await;
    let over = chief
        .expects_where("docks", "what went", |it| it.text().contains("No entry"))
        .await;
    let over = match answer.text().contains("No entry") {
        true => answer,
        false => over.unwrap(),
    };
    assert!(
        over.text().contains("No entry was kept about you"),
        "{}",
        over.text()
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_forgotten_is_asked_first_and_after_a_reload_still() {
    let bot = bot("").await;
    let (owner, moderator, member) = (bot.owner(), bot.sandbox.actor("mod").unwrap(), bot.member());
    for who in [&owner, &member] {
        notes_of(who, "general", &["tea", "cups"]).await;
    }
    bot.ask(&member, "!remind 10m tea").await;
    let question = typed(&member, "general", "forgetme").await;
    for word in [
        "3 entries of 2 plugins would be erased for good",
        "notes: 2\nremind: 1",
        "A line in the bot's journal stays",
    ] {
        assert!(question.text().contains(word), "{}", question.text());
    }
    // Nothing happens before it is confirmed, and nobody else confirms it.
    assert!(kept(&bot, &member).await.contains("cups"));
    let theirs = clicked(&moderator, &question, "Erase it, for good").await;
    assert!(
        theirs.ephemeral && theirs.content.contains("Only <@"),
        "{}",
        theirs.text()
    );
    assert!(kept(&bot, &member).await.contains("cups"));
    bot.ask(&owner, "!reload mydata").await;
    bot.until_generation("mydata", 2).await;
    let click = member
        .clicks_on(&question, "Erase it, for good")
        .await
        .unwrap();
    let gone = member
        .expects_where("general", "what went", |it| it.text().contains("Erased"))
        .await
        .unwrap();
    for word in [
        "What was kept about you: 3 entries in 1 database",
        "and what 1 plugin remembered",
        "A line in the bot's journal stays",
    ] {
        assert!(gone.text().contains(word), "{}", gone.text());
    }
    assert!(gone.ephemeral && click.id > 0);
    let asked = member.expects_where("general", "the question, without its buttons", |it| {
        it.id == question.id && it.components.is_empty()
    });
    asked.await.unwrap();
    let left = kept(&bot, &member).await;
    assert!(!left.contains("cups") && !left.contains("tea"), "{left}");
    assert_eq!(bot.ask(&member, "!heard").await.content, "heard 0");
    assert_eq!(
        bot.ask(&member, "!reminders").await.content,
        "Your reminders:"
    );
    // Nobody else's is touched.
    assert!(kept(&bot, &owner).await.contains("cups"));
    assert_eq!(bot.ask(&owner, "!heard").await.content, "heard 2");

    // In direct messages, and with another mind.
    owner.says("dm", "!forgetme").await.unwrap();
    let question = owner.expects("dm", "2 entries of 1 plugin").await.unwrap();
    let kept_on = clicked(&owner, &question, "Keep it").await;
    assert!(kept_on.text().contains("Nothing was erased."));
    assert!(kept_on.components.is_empty());
    assert!(kept(&bot, &owner).await.contains("cups"));
    owner.says("dm", "!forgetme").await.unwrap();
    let question = owner.expects("dm", "2 entries of 1 plugin").await.unwrap();
    owner
        .clicks_on(&question, "Erase it, for good")
        .await
        .unwrap();
    owner
        .expects("dm", "What was kept about you: 2 entries")
        .await
        .unwrap();
    assert!(!kept(&bot, &owner).await.contains("cups"));

    // Asked before a restart, it is answered after it.
    notes_of(&moderator, "general", &["milk"]).await;
    moderator.says("dm", "!forgetme").await.unwrap();
    let question = moderator.expects("dm", "1 entry of 1 plugin").await;
    let question = question.unwrap();
    let bot = bot.restart().await;
    for plugin in ["mydata", "notes"] {
        bot.until_generation(plugin, 1).await;
    }
    let moderator = bot.sandbox.actor("mod").unwrap();
    assert!(kept(&bot, &moderator).await.contains("milk"));
    let click = moderator.clicks_on(&question, "Erase it, for good").await;
    assert!(click.is_ok(), "{click:?}");
    moderator
        .expects("dm", "What was kept about you: 1 entry")
        .await
        .unwrap();
    assert!(!kept(&bot, &moderator).await.contains("milk"));
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_direct_messages_and_a_power_that_was_taken_away_are_said() {
    let bot = bot("").await;
    let member = bot.member();
    notes_of(&member, "general", &["tea"]).await;
    bot.sandbox
        .change_world(|world| world.take_direct_messages(member.id(), false));
    let told = bot.ask(&member, "!mydata").await;
    assert!(
        told.attachments.is_empty() && !told.content.contains("1 entry"),
        "{}",
        told.text()
    );
    assert!(told.content.contains("direct message"), "{}", told.text());
    let config = "[grants.mydata]\npowers = []\n";
    let bot = bot.reconfigured(config).await;
    bot.until_generation("mydata", 1).await;
    bot.sandbox
        .commands_registered("forgetme", PATIENCE)
        .await
        .unwrap();
    let (owner, moderator) = (bot.owner(), bot.sandbox.actor("mod").unwrap());
    for (who, line) in [(&moderator, "mydata"), (&moderator, "forgetme")] {
        let text = typed(who, "general", line).await.text();
        assert!(
            text.contains("has not been given the power `subjects`"),
            "{line}: {text}"
        );
    }
    let line = format!("!fw_erase_data <@{}> erase", moderator.id());
    let text = bot.ask(&owner, &line).await.text();
    assert!(text.contains("the power `subjects`"), "{text}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bots_owners_see_and_erase_anybodys_and_others_do_not() {
    let bot = bot("").await;
    let (owner, member) = (bot.owner(), bot.member());
    notes_of(&member, "general", &["tea"]).await;
    let refused = member
        .slash_line("docks", "userdata export user:mod")
        .await
        .unwrap();
    let told = member.expects_reply_to(&refused).await.unwrap();
    assert!(
        told.content.contains("for the bot's owner alone"),
        "{}",
        told.text()
    );
    let seen = typed(&owner, "general", "userdata export user:member").await;
    assert_eq!(
        seen.attachments,
        [format!("user-{}.json", member.id())],
        "{}",
        seen.text()
    );
    let line = "userdata erase user:member";
    let text = typed(&owner, "general", line).await.text();
    assert!(text.contains("the word `erase` is missing"), "{text}");
    let text = typed(&owner, "general", &format!("{line} confirm:erase")).await;
    let wanted = format!(
        "What was kept about <@{}>: 1 entry in 1 database",
        member.id()
    );
    assert!(text.text().contains(&wanted), "{}", text.text());
    assert!(!kept(&bot, &member).await.contains("tea"));
    bot.close().await;
}
