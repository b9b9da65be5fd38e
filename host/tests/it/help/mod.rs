//! Tests of the plugin `help`: what it shows to whom, with bad input, over a reload, and by how many host calls.

mod chance;
mod crowd;
mod menus;

use std::{path::PathBuf, sync::OnceLock};

use sandbox::{Actor, MessageView};
use serde_json::{Value, json};

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

const SOURCE: &str = r#"//! Commands of every kind and for everybody.
use std::time::Duration;
use plugin_api::{manifest::Per, prelude::*};

async fn done(ctx: CommandContext) -> Result {
    ctx.reply("done").await
}

export_plugin!(|| {
    let plant = Command::new("plant", "Plants seeds")
        .help("Not in *winter*.")
        .alias("sow")
        .option(CommandOption::string("what", "Which seeds").required().choices([Choice::new("Peas", "p"), Choice::new("Beans", "b")]))
        .option(CommandOption::integer("many", "How many").min(1).max(9))
        .option(CommandOption::string("note", "For the sign").max(50).rest())
        .cooldown(2, Duration::from_secs(120))
        .max_concurrency(Per::Channel, 1)
        .example("bed plant Peas 3")
        .run(done);
    let water = Command::new("water", "Waters them").permissions(Permissions::MANAGE_MESSAGES).run(done);
    let mut plugin = Plugin::new()
        .category("Garden", "🌱")
        .command(Command::group("bed", "Beds").command(plant).command(water))
        .command(Command::new("dig", "Digs a hole").alias("d").any_role(["Moderator"]).run(done))
        .command(Command::new("secretly", "Digs at night").hidden().run(done))
        .command(Command::new("rake", "Rakes").prefix_only().run(done))
        .command(Command::new("hose", "Sprays").slash_only().run(done))
        .command(Command::user_menu("Praise").run(done))
        .command(Command::new("throne", "Sits down").owner_only().run(done))
        .command(Command::new("gate", "Opens it").guild_owner_only().run(done))
        .command(Command::new("alone", "Thinks").dm_only().run(done));
    let many: Vec<CommandOption> = (0..25)
        .map(|n| CommandOption::string(format!("option{n}"), "x".repeat(100)).choices((0..3).map(|n| Choice::new(format!("{n}{}", "y".repeat(58)), n.to_string()))))
        .collect();
    let long = many.into_iter().fold(Command::new("long", "*_~|>`".repeat(16)), Command::option);
    plugin = plugin.command(long.help("<@1> @everyone [a](b) ".repeat(200)).prefix_only().run(done));
    plugin
});
"#;

fn garden() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY
        .get_or_init(|| fixtures::plugin("garden", "help", "0.1.0", "", SOURCE))
        .clone()
}

async fn bot() -> Fixture {
    let granted = "[grants.access]\npowers = [\"commands.rules\"]\n";
    let bot = Fixture::configured(&["access", "help"], granted).await;
    bot.drop_in(&garden(), "garden");
    bot.until_generation("garden", 1).await;
    registered(&bot, "hose").await;
    bot
}

async fn registered(bot: &Fixture, command: &str) {
    let registered = bot.sandbox.commands_registered(command, PATIENCE);
    registered.await.unwrap();
}

/// What help answers by slash.
async fn help(who: &Actor, place: &str, word: &str) -> MessageView {
    let options = [("command", json!(word))];
    let given = if word.is_empty() { &[] } else { &options[..] };
    let asked = who.slash(place, "help", given).await.unwrap();
    who.expects_reply_to(&asked).await.unwrap()
}

async fn clicked(who: &Actor, on: &MessageView, label: &str) -> MessageView {
    let click = who.clicks_on(on, label).await.unwrap();
    click.message.unwrap()
}

pub async fn picked(who: &Actor, on: &MessageView, menu: &str, label: &str) -> MessageView {
    let pick = who.picks_on(on, menu, &[label]).await.unwrap();
    pick.message.unwrap()
}

/// The options of the message's select.
pub fn labels(message: &MessageView) -> Vec<String> {
    let options = |row: &Value| row["components"][0]["options"].as_array().cloned();
    let options = message.components.iter().find_map(options);
    let label = |it: &Value| it["label"].as_str().unwrap().to_owned();
    options.unwrap_or_default().iter().map(label).collect()
}

/// The labels of this page and of those behind it.
pub async fn all_labels(who: &Actor, mut message: MessageView) -> Vec<String> {
    let mut all = labels(&message);
    while is_open(&message, "▶") {
        message = clicked(who, &message, "▶").await;
        all.extend(labels(&message));
    }
    all
}

fn is_open(message: &MessageView, label: &str) -> bool {
    let rows = message.components.iter();
    let mut buttons = rows
        .filter_map(|row| row["components"].as_array())
        .flatten();
    buttons.any(|it| it["label"] == label && it["disabled"] != true)
}

async fn proposed(who: &Actor, place: &str, typed: &str) -> Vec<String> {
    let options = [("command", json!(typed))];
    let choices = who.autocompletes(place, "help", &options, "command").await;
    let value = |it: &Value| it["value"].as_str().unwrap().to_owned();
    choices.unwrap().iter().map(value).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_what_they_may_use_here_by_category() {
    let bot = bot().await;
    let (owner, moderator, member) = (bot.owner(), bot.sandbox.actor("mod").unwrap(), bot.member());
    let all = [
        "Praise", "bed …", "dig", "gate", "hose", "long", "rake", "throne",
    ];
    for (who, place, left_out) in [
        (&owner, "general", &[][..]),
        (&moderator, "general", &["gate", "throne"]),
        (&member, "general", &["dig", "gate", "throne"]),
        (&member, "dm", &["dig", "gate", "throne"]),
    ] {
        let menu = help(who, place, "").await;
        let categories = labels(&menu);
        let owners = (who.name() == "owner").then_some("🔧 Cogwright");
        let expected = ["⚙️ Framework", "🌱 Garden"];
        assert!(
            expected
                .iter()
                .all(|it| categories.contains(&(*it).to_owned())),
            "{categories:?}"
        );
        // Some of the host's are for the managers of a server.
        assert!(
            owners.is_none_or(|own| categories.last().unwrap() == own),
            "{categories:?}"
        );
        let garden = picked(who, &menu, "Choose a category", "🌱 Garden").await;
        let mut seen = all_labels(who, garden).await;
        seen.sort();
        let mut expected: Vec<&str> = all
            .into_iter()
            .filter(|it| !left_out.contains(it))
            .collect();
        if place == "dm" {
            expected.push("alone");
            expected.sort_unstable();
        }
        assert_eq!(seen, expected, "{} in {place}", who.name());
    }
    // In a group it goes on, also below: who may not water is not told of it.
    let bed = help(&member, "general", "bed").await;
    assert_eq!(labels(&bed), ["bed plant"]);
    assert_eq!(
        labels(&help(&moderator, "general", "/bed").await),
        ["bed plant", "bed water"]
    );
    assert!(
        bed.text().contains("🔷 by prefix and by slash"),
        "{}",
        bed.text()
    );
    let garden = clicked(&member, &bed, "Back").await;
    let marks = all_text(&member, garden).await;
    for mark in [
        "💬 !rake",
        "🔹 /hose",
        "🖱️ Praise",
        "🗂️ bed …",
        "🖱️ in a context menu",
    ] {
        assert!(marks.contains(mark), "{mark}: {marks}");
    }
    // The owner's own commands are nobody else's.
    let own = help(&owner, "general", "reload").await.text();
    assert!(
        own.contains("The bot's owners.") && own.contains("plugin cogwright"),
        "{own}"
    );
    let own = help(&member, "general", "reload").await.text();
    assert!(
        own.contains("Nothing that you may use here is called `reload`"),
        "{own}"
    );
    bot.close().await;
}

async fn all_text(who: &Actor, mut message: MessageView) -> String {
    let mut text = message.text();
    while is_open(&message, "▶") {
        message = clicked(who, &message, "▶").await;
        text += &message.text();
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commands_page_says_all_that_is_known_of_it() {
    let bot = bot().await;
    let (owner, member) = (bot.owner(), bot.member());
    let page = bot.ask(&member, "!help bed plant").await;
    let text = page.text();
    for said in [
        "🔷 bed plant",
        "Plants seeds\n\nNot in *winter*.",
        "`what` text, **required**: Which seeds (one of Peas, Beans)",
        "`many` a whole number: How many (1 to 9)",
        "`note` text: For the sign (at most 50 characters)",
        "`!bed plant <Peas|Beans> [many] [note…]`\n\nPlants seeds",
        "`!bed plant` or `/bed plant` (hybrid)",
        "Who may\nEverybody.",
        "2 times in 2 min, for each user. 1 at once, for all in a channel.",
        "Other names, by prefix\n`sow`",
        "Examples\n`!bed plant Peas 3`",
        "Garden · plugin garden",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert_eq!(page.buttons(), ["◀", "▶", "Back"]);
    assert!(
        !is_open(&page, "◀") && !is_open(&page, "▶"),
        "water is not for members"
    );
    // However it is named, by its other name, too.
    for word in ["BED  plant", "!bed plant", "/bed plant", "bed sow"] {
        assert_eq!(
            bot.ask(&member, &format!("!help {word}")).await.text(),
            text,
            "{word}"
        );
    }
    // Rules of the server, and of the command.
    let role = help(&owner, "general", "dig").await.text();
    assert!(
        role.contains("Members with the role `Moderator`. In servers only."),
        "{role}"
    );
    let right = help(&owner, "general", "bed water").await;
    assert!(
        right
            .text()
            .contains("Members with the permission **Manage Messages**."),
        "{}",
        right.text()
    );
    let beside = clicked(&owner, &right, "◀").await;
    assert!(beside.text().contains("🔷 bed plant"));
    bot.ask(&owner, "!config dig Moderator").await;
    let role = help(&owner, "general", "dig").await.text();
    assert!(
        role.contains("Members with the role <@&") && role.contains("as this server wants it"),
        "{role}"
    );
    // The server's prefix.
    bot.ask(&owner, "!setprefix ?").await;
    let menu = bot.ask(&member, "?help").await.text();
    assert!(
        menu.contains("Commands begin with `?` here") && menu.contains("`?help WORD`"),
        "{menu}"
    );
    assert!(
        help(&member, "general", "?rake")
            .await
            .text()
            .contains("`?rake` (prefix only)")
    );
    assert!(
        help(&member, "dm", "!rake")
            .await
            .text()
            .contains("`!rake` (prefix only)")
    );
    // What is hidden is found by its name alone.
    assert!(
        help(&member, "general", "secretly")
            .await
            .text()
            .contains("Digs at night")
    );
    assert!(
        !help(&member, "general", "night")
            .await
            .text()
            .contains("secretly")
    );
    assert!(
        !proposed(&member, "general", "secret")
            .await
            .contains(&"secretly".to_owned())
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_name_gets_the_nearest_and_whatever_is_typed_an_answer() {
    let bot = bot().await;
    let (moderator, member) = (bot.sandbox.actor("mod").unwrap(), bot.member());
    let near = bot.ask(&member, "!help rkae").await;
    assert!(
        near.text().contains("Did you mean `rake`?"),
        "{}",
        near.text()
    );
    let page = picked(&member, &near, "Open a page", "rake").await;
    assert!(page.text().contains("💬 rake"));
    // Also categories and groups.
    let near = help(&member, "general", "gadren").await;
    assert!(
        near.text().contains("Did you mean `Garden`?"),
        "{}",
        near.text()
    );
    assert_eq!(labels(&near), ["🌱 Garden"]);
    assert_eq!(labels(&help(&member, "general", "bde").await), ["bed …"]);
    // Not those that the asker may not use.
    assert!(
        !help(&member, "general", "thrnoe")
            .await
            .text()
            .contains("throne")
    );
    assert!(
        !help(&member, "general", "digg")
            .await
            .text()
            .contains("`dig`")
    );
    assert!(
        help(&moderator, "general", "digg")
            .await
            .text()
            .contains("Did you mean `dig`?")
    );
    let found = help(&member, "general", "seeds").await;
    assert!(
        found
            .text()
            .contains("1 command has it in its name or description."),
        "{}",
        found.text()
    );
    assert_eq!(labels(&found), ["bed plant"]);
    for (word, says) in [
        ("GARDEN", "🌱 Garden"),
        ("garden", "🌱 Garden"),
        ("framework", "⚙️ Framework"),
        ("Praise", "🖱️ Praise"),
        ("praise", "`Praise` (context menu)"),
        ("help", "Explains the commands that you may use here"),
        ("!", "is called `!`"),
        (
            "**bold** `code` @everyone <@1>",
            "is called `**bold** ˋcodeˋ @everyone <@1>`",
        ),
        ("\u{202e}\u{0}\n", "is called"),
        (
            "zzzzzzzz",
            "Nothing has it in its name or description, either.",
        ),
        ("🫖", "is called `🫖`"),
    ] {
        let text = help(&member, "general", word).await.text();
        assert!(text.contains(says), "{word:?}: {text}");
    }
    for text in ["!help", "!help   ", "!help \"\""] {
        assert!(
            bot.ask(&member, text)
                .await
                .text()
                .starts_with("Help\nYou may use"),
            "{text}"
        );
    }
    let long = format!("!help {}", "`*x".repeat(640));
    assert!(bot.ask(&member, &long).await.text().contains("…`"));
    // The longest that a command can say of itself stays within Discord's limits.
    let long = help(&member, "general", "long").await.text();
    assert!(
        long.contains("… and ") && long.contains("`option0` text"),
        "{long}"
    );
    assert_eq!(proposed(&member, "general", "/be").await, ["bed plant"]);
    assert_eq!(proposed(&moderator, "general", "di").await, ["dig"]);
    assert!(proposed(&member, "general", "zzzz").await.is_empty());
    let some = proposed(&member, "general", "").await;
    assert!(
        some.len() <= 25 && !some.contains(&"dig".to_owned()),
        "{some:?}"
    );
    // What a command and its category are both called is proposed once.
    bot.drop_in(&fixtures::example("hello"), "hello");
    bot.until_generation("hello", 1).await;
    registered(&bot, "hello").await;
    let near = help(&member, "general", "ehllo").await;
    assert!(
        near.text().contains("Did you mean `hello`?"),
        "{}",
        near.text()
    );
    bot.close().await;
}
