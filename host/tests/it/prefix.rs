//! Tests of prefixes, and of where private answers to prefix commands go.

use serde_json::Value;

use crate::{
    access, fixtures,
    process::Process,
    support::{Fixture, PATIENCE},
};

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_sees_around_prefix_name_and_words_is_no_part_of_them() {
    let bot = Fixture::with(&["hello", "echo"]).await;
    let (owner, id) = (bot.owner(), bot.sandbox.application_id());
    for unseen in ["\u{200b}", "\u{a0}", "\u{2060}", "\u{feff}", "\u{200e}"] {
        for text in [
            format!("{unseen}!hello"),
            format!("!{unseen}hello"),
            format!("!hello{unseen}"),
            format!("<@{id}>{unseen}hello"),
        ] {
            let answer = bot.ask(&owner, &text).await.content;
            assert_eq!(answer, "Hello, owner!", "for {text:?}");
        }
        let text = format!("!echo{unseen} hi 2{unseen}");
        assert!(
            bot.ask(&owner, &text).await.text().contains("hi hi"),
            "{text:?}"
        );
        let text = format!("!extensions{unseen}");
        let answer = bot.ask(&owner, &text).await.text();
        assert!(answer.contains("2 loaded"), "{text:?}: {answer}");
    }
    for (line, expect) in [
        ("!echo „a b“ 2", "a b a b"),
        ("!echo 'a b' 2", "a b a b"),
        ("!echo \"\"", "`text` is missing"),
        ("!echo ''", "`text` is missing"),
        ("!echo „“", "`text` is missing"),
        ("!echo \u{200b}", "`text` is missing"),
    ] {
        let answer = bot.ask(&owner, line).await.text();
        assert!(answer.contains(expect), "{line}: {answer}");
    }
    bot.close().await;
}

/// The role that Discord made for the bot.
async fn own_role(bot: &Fixture) -> String {
    let path = format!("guilds/{}/roles", bot.sandbox.guild_id());
    let discord = &bot.bot.services().discord;
    let roles = discord
        .json("GET", path, &Value::Null, false)
        .await
        .unwrap();
    let own = |role: &&Value| role["tags"]["bot_id"].is_string();
    let role = roles.as_array().unwrap().iter().find(own).unwrap();
    role["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bots_role_works_like_its_mention_and_another_role_does_not() {
    let bot = Fixture::with(&["hello"]).await;
    let (owner, role) = (bot.owner(), own_role(&bot).await);
    for text in [format!("<@&{role}> hello"), format!("<@&{role}>hello")] {
        assert_eq!(
            bot.ask(&owner, &text).await.content,
            "Hello, owner!",
            "{text}"
        );
    }
    let introduced = bot.ask(&owner, &format!("<@&{role}>")).await.text();
    assert!(
        introduced.contains("Commands begin with `!`"),
        "{introduced}"
    );
    let guild = bot.sandbox.guild_id();
    let other = bot.sandbox.change_world(|world| {
        world.add_role(guild, "Other", twilight_model::guild::Permissions::empty())
    });
    owner
        .says("general", &format!("<@&{other}> hello"))
        .await
        .unwrap();
    // Answered behind it: the host has seen the first and said nothing.
    assert_eq!(bot.ask(&owner, "!hello").await.content, "Hello, owner!");
    let answers = owner.messages("general");
    let last = answers.len() - 3;
    assert_eq!(answers[last].content, format!("<@&{other}> hello"));
    assert_eq!(answers[last + 1].content, "!hello");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prefix_that_cannot_work_is_refused_with_the_reason_in_a_server_and_by_the_owner() {
    let bot = Fixture::with(&["access", "hello"]).await;
    let owner = bot.owner();
    for (prefix, reason) in [
        ("<@", "writes mentions"),
        ("/", "keeps for slash commands"),
        ("\"!\u{200b}\"", "nobody sees"),
        ("\"\u{200f}!\"", "direction of writing"),
        ("abcdef", "5 is the most"),
    ] {
        let answer = bot
            .ask(&owner, &format!("!setprefix {prefix}"))
            .await
            .text();
        assert!(answer.contains(reason), "{prefix:?}: {answer}");
        let text = format!("!cogwright set bot.prefix {prefix}");
        let answer = bot.ask(&owner, &text).await.text();
        assert!(answer.contains(reason), "{prefix:?}: {answer}");
    }
    assert_eq!(bot.ask(&owner, "!hello").await.content, "Hello, owner!");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_no_plugin_that_reads_messages_the_owner_is_heard_by_mention_and_told_why() {
    let bot = Fixture::configured(&[], "[bot]\nmention_prefix = false").await;
    let (owner, member) = (bot.owner(), bot.member());
    let mention = format!("<@{}> extensions", bot.sandbox.application_id());
    let answer = bot.ask(&owner, &mention).await.text();
    for part in ["`!` is not heard", "MESSAGE_CONTENT", "mention"] {
        assert!(answer.contains(part), "{part} is not in {answer}");
    }
    // Others are not answered, as they would not be by the prefix.
    member.says("general", &mention).await.unwrap();
    bot.ask(&owner, &mention).await;
    let said = member.messages("general").len();
    assert_eq!(said, 5, "{:?}", member.messages("general"));
    // Heard again once something asks for it.
    bot.drop_in(&fixtures::example("hello"), "hello");
    bot.until_generation("hello", 1).await;
    bot.until_content_is_seen().await;
    let answer = bot.ask(&owner, "!extensions").await.text();
    assert!(!answer.contains("is not heard"), "{answer}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_answer_that_cannot_be_given_is_a_sentence_with_the_slash_form() {
    let bot = Fixture::with(&["echo"]).await;
    let member = bot.member();
    bot.sandbox
        .commands_registered("whisper", PATIENCE)
        .await
        .unwrap();
    bot.sandbox
        .change_world(|world| world.take_direct_messages(member.id(), false));
    for text in ["!whisper psst", "!whisper"] {
        let answer = bot.ask(&member, text).await.text();
        for part in ["direct messages", "`/whisper`"] {
            assert!(answer.contains(part), "{text}: {part} is not in {answer}");
        }
        assert!(
            !answer.contains("error id") && !answer.contains("psst") && !answer.contains("missing"),
            "{text}: {answer}"
        );
    }
    bot.close().await;
}

/// It is nobody's fault: the log has no error of it.
#[tokio::test(flavor = "multi_thread")]
async fn closed_direct_messages_are_no_error_in_the_log() {
    let bot = Process::run(&[("echo", fixtures::example("echo"))], "").await;
    let member = bot.member();
    bot.sandbox
        .change_world(|world| world.take_direct_messages(member.id(), false));
    for text in ["!whisper psst", "!whisper"] {
        let answer = bot.ask(&member, text).await.text();
        assert!(answer.contains("direct messages"), "{text}: {answer}");
    }
    bot.signal("TERM");
    assert!(bot.ended().await.success());
    let said = bot.said();
    assert!(
        !said.contains("ERROR") && !said.contains("error_id"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_host_says_for_a_private_command_goes_by_direct_message() {
    let bot = Fixture::with(&["echo"]).await;
    let member = bot.member();
    member.says("general", "!whisper").await.unwrap();
    member.expects("dm", "`text` is missing").await.unwrap();
    let shown = member.messages("general");
    assert_eq!(shown.len(), 1, "{shown:?}");
    bot.close().await;
}

/// A private group, with one in it.
const VAULT: &str = r#"//! Secrets.
use plugin_api::prelude::*;

async fn psst(ctx: CommandContext) -> Result {
    ctx.reply("psst").await
}

export_plugin!(|| Plugin::new().command(
    Command::group("vault", "Secrets")
        .ephemeral()
        .command(Command::new("open", "Opens it").run(psst))
        .command(Command::group("inner", "More").command(Command::new("shut", "Shuts it").run(psst)))
        .command(Command::new("typed", "By slash").slash_only().run(psst)),
));
"#;

/// What can stand behind a private group's name, and how a private command is used, are the invoker's business alone, too.
#[tokio::test(flavor = "multi_thread")]
async fn the_usage_of_a_private_group_goes_by_direct_message() {
    let library = access::library();
    let vault = fixtures::plugin("vault", "private", "0.1.0", "", VAULT);
    let bot = Fixture::with(&[]).await;
    bot.drop_in(&library, "guarded");
    bot.drop_in(&vault, "vault");
    bot.until_generation("guarded", 1).await;
    bot.until_generation("vault", 1).await;
    bot.until_content_is_seen().await;
    bot.sandbox
        .commands_registered("vault", PATIENCE)
        .await
        .unwrap();
    let member = bot.member();
    let before = member.messages("general").len();
    for (text, told) in [
        ("!vault", "`!vault` is a group of commands:"),
        ("!vault opne", "`!vault` has no `opne`"),
        ("!vault inner", "`!vault inner` is a group of commands:"),
        (
            "!vault typed",
            "`vault typed` is a slash command: type `/vault typed`",
        ),
        ("!vault open", "psst"),
    ] {
        member.says("general", text).await.unwrap();
        member.expects("dm", told).await.unwrap();
    }
    let shown = member.messages("general");
    assert_eq!(shown.len(), before + 5, "{shown:?}");
    // With direct messages closed they learn that, and nothing else.
    bot.sandbox
        .change_world(|world| world.take_direct_messages(member.id(), false));
    let answer = bot.ask(&member, "!vault").await.text();
    assert!(
        answer.contains("allow direct messages") && !answer.contains("group of commands"),
        "{answer}"
    );
    // What is public is told in public.
    let answer = bot.ask(&member, "!tag").await.text();
    assert!(
        answer.contains("`!tag` is a group of commands:"),
        "{answer}"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_found_by_display_name_and_by_names_that_are_numbers() {
    let bot = Fixture::with(&["options"]).await;
    let guild = bot.sandbox.guild_id();
    let (ada, number) = bot.sandbox.change_world(|world| {
        let ada = world.add_user("al1815");
        world.name_user(ada, "Ada Lovelace");
        world.add_member(guild, ada, &[]);
        let number = world.add_user("175928847299117063");
        world.add_member(guild, number, &[]);
        (ada, number)
    });
    // Seen once: Discord's own search knows no display names.
    let actor = bot.sandbox.actor("al1815").unwrap();
    actor.says("general", "I am here.").await.unwrap();
    let owner = bot.owner();
    for (word, id) in [
        ("\"Ada Lovelace\"", ada),
        ("\"ada lovelace\u{200b}\"", ada),
        ("al1815", ada),
        ("175928847299117063", number),
    ] {
        let answer = bot
            .ask(&owner, &format!("!show member {word}"))
            .await
            .text();
        assert!(answer.contains(&id.to_string()), "{word}: {answer}");
    }
    bot.close().await;
}
