//! Commands: groups, context menus, autocompletion, checks, and options of every kind.

use std::{path::PathBuf, sync::OnceLock};

use serde_json::json;

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

const SOURCE: &str = r#"//! Declares commands of every kind.
use std::{cell::Cell, time::Duration};

use plugin_api::{Choice, Mentionable, prelude::*, twilight_model::{channel::Attachment, util::Timestamp}};

#[derive(Choices)]
enum Size { #[choice("a cup")] Cup, #[choice("a pot")] Pot }

struct Shop { open: Cell<bool> }

export_plugin!(|| {
    Plugin::with_state(|_host| async { Ok(Shop { open: Cell::new(true) }) })
        .command(
            Command::group("tag", "Texts")
                .guild_only()
                .command(Command::new("show", "Shows one").alias("get").option(CommandOption::string("name", "Which").required()).run(
                    |ctx| async move { ctx.reply(format!("{}: {}", ctx.command(), ctx.option::<String>("name")?)).await },
                ))
                .command(Command::group("admin", "For some").alias("a").command(
                    Command::new("clear", "Clears").run(|ctx| async move { ctx.reply(ctx.command()).await }),
                )),
        )
        .command(Command::user_menu("Wave at").run(|ctx| async move {
            ctx.reply(format!("waves at {}", ctx.option::<Id<marker::UserMarker>>("target")?)).await
        }))
        .command(Command::message_menu("Quote").run(|ctx| async move {
            ctx.reply(format!("> {}", ctx.target_message()?.content)).await
        }))
        .command(
            Command::new("pour", "Pours tea")
                .option(CommandOption::string("sort", "Which sort").required())
                .option(CommandOption::integer("heat", "How hot").choices([Choice::new("warm", 60), Choice::new("hot", 95)]))
                .option(CommandOption::of::<Option<Size>>("size", "How much"))
                .autocomplete("sort", sorts)
                .check(open)
                .run(pour),
        )
        .command(Command::new("close", "Closes the shop").run(|ctx: CommandContext<Shop>| async move {
            ctx.state().open.set(false);
            ctx.reply("closed").await
        }))
        .command(
            Command::new("doze", "Proposes nothing in time")
                .option(CommandOption::string("sort", "Which sort").required())
                .autocomplete("sort", |_ctx: AutocompleteContext<Shop>| std::future::pending::<Result<Vec<Choice>>>())
                .run(|ctx| async move { ctx.reply(ctx.option::<String>("sort")?).await }),
        )
        .command(all("all"))
        .command(
            Command::new("sum", "Adds numbers")
                .option(CommandOption::of::<Vec<i64>>("numbers", "Which"))
                .run(|ctx| async move { ctx.reply(format!("{}", ctx.option::<Vec<i64>>("numbers")?.iter().sum::<i64>())).await }),
        )
});

fn all(name: &str) -> Command<Shop> {
    Command::new(name, "An option of each kind")
        .guild_only()
        .option(CommandOption::of::<Duration>("after", "When"))
        .option(CommandOption::of::<Timestamp>("at", "When"))
        .option(CommandOption::member("who", "Who").required())
        .option(CommandOption::of::<Id<marker::RoleMarker>>("role", "Which"))
        .option(CommandOption::of::<Id<marker::ChannelMarker>>("where", "Where"))
        .option(CommandOption::of::<Mentionable>("whom", "Whom"))
        .option(CommandOption::of::<Option<f64>>("weight", "How heavy"))
        .option(CommandOption::of::<Option<Attachment>>("file", "A file"))
        .option(CommandOption::integer("times", "How often").default("3"))
        .run(|ctx| async move {
            let file: Option<Attachment> = ctx.option("file")?;
            ctx.reply(format!(
                "{:?} {} {} {} {} {:?} {:?} {:?} {}",
                ctx.option::<Duration>("after")?,
                ctx.option::<Timestamp>("at")?.as_secs(),
                ctx.option::<Id<marker::UserMarker>>("who")?,
                ctx.option::<Id<marker::RoleMarker>>("role")?,
                ctx.option::<Id<marker::ChannelMarker>>("where")?,
                ctx.option::<Mentionable>("whom")?,
                ctx.option::<Option<f64>>("weight")?,
                file.map(|file| file.filename),
                ctx.option::<i64>("times")?,
            )).await
        })
}

async fn sorts(ctx: AutocompleteContext<Shop>) -> Result<Vec<Choice>> {
    let heat: Option<i64> = ctx.option("heat")?;
    let sorts = ["green", "grey", "black"].into_iter().filter(|sort| sort.starts_with(ctx.typed()));
    Ok(sorts.map(|sort| Choice::new(format!("{sort} at {}", heat.unwrap_or(80)), sort)).collect())
}

async fn open(ctx: CheckContext<Shop>) -> Result {
    if ctx.state().open.get() { Ok(()) } else { Err(Error::user("The shop is closed.")) }
}

async fn pour(ctx: CommandContext<Shop>) -> Result {
    let size = match ctx.option("size")? { Some(Size::Pot) => "pot", Some(Size::Cup) => "cup", None => "glass" };
    ctx.reply(format!("{size} of {} at {:?}", ctx.option::<String>("sort")?, ctx.option::<Option<i64>>("heat")?)).await
}
"#;

fn library() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY
        .get_or_init(|| fixtures::plugin("commands-of-every-kind", "all", "0.1.0", "", SOURCE))
        .clone()
}

/// A bot with the commands, registered.
async fn bot() -> Fixture {
    let bot = Fixture::with(&[]).await;
    bot.drop_in(&library(), "commands_of_every_kind");
    bot.until_generation("commands_of_every_kind", 1).await;
    bot.until_content_is_seen().await;
    bot.sandbox
        .commands_registered("pour", PATIENCE)
        .await
        .unwrap();
    bot
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_found_by_their_paths_and_aliases() {
    let bot = bot().await;
    let member = bot.member();
    assert_eq!(bot.ask(&member, "!tag show x").await.content, "tag show: x");
    assert_eq!(bot.ask(&member, "!TAG get  x").await.content, "tag show: x");
    assert_eq!(
        bot.ask(&member, "!tag a clear").await.content,
        "tag admin clear"
    );
    let asked = member
        .slash("general", "tag admin clear", &[])
        .await
        .unwrap();
    assert_eq!(
        member.expects_reply_to(&asked).await.unwrap().content,
        "tag admin clear"
    );
    assert_eq!(
        bot.ask(&member, "!tag nothing").await.content,
        "`!tag` has no `nothing`. It has:\n`!tag show <name>` Shows one\n`!tag admin …` For some"
    );
    assert_eq!(
        bot.ask(&member, "!tag show").await.content,
        "`name` is missing: a text is expected.\nUsage: `!tag show <name>`"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn context_menus_tell_what_they_were_opened_on() {
    let bot = bot().await;
    let member = bot.member();
    let used = member
        .uses_on_user("general", "Wave at", "owner")
        .await
        .unwrap();
    assert_eq!(
        member.expects_reply_to(&used).await.unwrap().content,
        format!("waves at {}", bot.owner().id())
    );
    let said = bot.owner().says("general", "tea is ready").await.unwrap();
    let used = member.uses_on_message("Quote", &said).await.unwrap();
    assert_eq!(
        member.expects_reply_to(&used).await.unwrap().content,
        "> tea is ready"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_proposed_and_a_check_of_its_own_refuses() {
    let bot = bot().await;
    let member = bot.member();
    let options = [("heat", json!(95)), ("sort", json!("gr"))];
    let choices = member
        .autocompletes("general", "pour", &options, "sort")
        .await
        .unwrap();
    assert_eq!(
        choices,
        [
            json!({"name": "green at 95", "value": "green"}),
            json!({"name": "grey at 95", "value": "grey"})
        ]
    );
    assert_eq!(
        bot.ask(&member, "!pour green hot \"a pot\"").await.content,
        "pot of green at Some(95)"
    );
    // Who takes too long proposes nothing, within Discord's three seconds: the sandbox would call it unanswered.
    let typed = [("sort", json!("gr"))];
    let choices = member
        .autocompletes("general", "doze", &typed, "sort")
        .await;
    assert_eq!(choices.unwrap(), Vec::<serde_json::Value>::new());
    bot.ask(&member, "!close").await;
    assert_eq!(
        bot.ask(&member, "!pour green").await.content,
        "The shop is closed."
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn options_of_every_kind_are_the_same_by_prefix_and_by_slash() {
    let bot = bot().await;
    let member = bot.member();
    let picked = [
        ("after", json!("1h30m")),
        ("at", json!("2026-12-24 18:00")),
        ("who", json!("owner")),
        ("role", json!("Moderator")),
        ("where", json!("general")),
        ("whom", json!("Moderator")),
        ("weight", json!(2.5)),
    ];
    let asked = member.slash("general", "all", &picked).await.unwrap();
    let slash = member.expects_reply_to(&asked).await.unwrap().content;
    let typed = "!all 1h30m \"2026-12-24 18:00\" owner Moderator #general @Moderator 2,5";
    let prefix = bot.ask(&member, typed).await.content;
    assert_eq!(prefix, slash);
    assert!(slash.starts_with("5400s 1798135200 "), "{slash}");
    assert!(slash.ends_with("Some(2.5) None 3"), "{slash}");

    let asked = member
        .slash("general", "sum", &[("numbers", json!("1 2, 3"))])
        .await
        .unwrap();
    assert_eq!(member.expects_reply_to(&asked).await.unwrap().content, "6");
    assert_eq!(bot.ask(&member, "!sum 1 2 3").await.content, "6");

    let wrong = bot
        .ask(
            &member,
            "!all 1h30m 2026-12-24 nobody Moderator general owner",
        )
        .await
        .content;
    assert_eq!(
        wrong.lines().next().unwrap(),
        "`who` can't be `nobody`: a member, as a mention, an id or a name, is expected."
    );
    let asked = member
        .slash(
            "general",
            "all",
            &[&[("after", json!("soon"))], &picked[1..]].concat(),
        )
        .await
        .unwrap();
    assert_eq!(
        member
            .expects_reply_to(&asked)
            .await
            .unwrap()
            .content
            .lines()
            .next()
            .unwrap(),
        "`after` can't be `soon`: a length of time such as 90s, 1h30m or 2 days is expected."
    );
    bot.close().await;
}
