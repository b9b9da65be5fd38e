//! Tests that `#[command]` and `#[derive(Choices)]` declare what one would write by hand.

use std::time::Duration;

use twilight_model::channel::ChannelType;

use crate::{Choice, CommandOption, Mentionable, manifest::Per, prelude::*};

struct Shop;

async fn open(_ctx: CheckContext<Shop>) -> Result {
    Ok(())
}

async fn sorts(_ctx: AutocompleteContext<Shop>) -> Result<Vec<&'static str>> {
    Ok(vec!["green"])
}

#[track_caller]
fn same<S: 'static>(declared: Command<S>, by_hand: Command<S>) {
    let json = |command: Command<S>| {
        let plugin = Plugin::with_state(|_| std::future::pending::<Result<S>>());
        let Plugin {
            manifest, handlers, ..
        } = plugin.command(command);
        let mut entries: Vec<_> = handlers.entries.keys().cloned().collect();
        entries.sort_by_key(|(_, name)| name.clone());
        let commands: Vec<_> = handlers.commands.keys().cloned().collect();
        (
            serde_json::to_string_pretty(&manifest.commands).unwrap(),
            format!("{entries:?} {commands:?}"),
        )
    };
    let (declared, by_hand) = (json(declared), json(by_hand));
    assert_eq!(declared.0, by_hand.0);
    assert_eq!(declared.1, by_hand.1);
}

#[derive(Debug, PartialEq, Choices)]
enum Size {
    #[choice("a cup")]
    Cup,
    WholePot,
}

#[test]
fn the_shortest() {
    /// Says hello
    #[command]
    async fn hello(ctx: CommandContext) -> Result {
        ctx.reply("Hello!").await
    }

    same(
        hello(),
        Command::new("hello", "Says hello").run(|ctx| async move { ctx.reply("Hello!").await }),
    );
}

#[test]
fn every_key() {
    /// Pours tea,
    /// in cups.
    ///
    /// Two paragraphs
    /// of help.
    ///
    /// And no more.
    #[command(
        name = "pour-tea",
        alias = "p",
        example = "pour-tea green",
        example = "p black",
        hidden,
        aliases("tea", "t"),
        guild_only,
        age_restricted,
        owner_only,
        guild_owner_only,
        permissions(BAN_MEMBERS, KICK_MEMBERS),
        bot_permissions(BAN_MEMBERS | SEND_MESSAGES),
        any_role("Helper", "Moderator"),
        check = open,
        slash_only,
        ephemeral,
        cooldown(uses = 3, seconds = 10, per = Guild),
        max_concurrency(uses = 1, per = Channel),
        deadline(seconds = 20),
        localized("de", "tee-gießen", "Gießt Tee ein.")
    )]
    async fn pour(ctx: CommandContext<Shop>) -> Result {
        ctx.reply("Tea!").await
    }

    let by_hand = Command::new("pour-tea", "Pours tea, in cups.")
        .help("Two paragraphs\nof help.\n\nAnd no more.")
        .alias("p")
        .example("pour-tea green")
        .example("p black")
        .hidden()
        .alias("tea")
        .alias("t")
        .guild_only()
        .age_restricted()
        .owner_only()
        .guild_owner_only()
        .permissions(Permissions::BAN_MEMBERS | Permissions::KICK_MEMBERS)
        .bot_permissions(Permissions::BAN_MEMBERS | Permissions::SEND_MESSAGES)
        .any_role(["Helper", "Moderator"])
        .check(open)
        .slash_only()
        .ephemeral()
        .cooldown_per(Per::Guild, 3, Duration::from_secs(10))
        .max_concurrency(Per::Channel, 1)
        .deadline(Duration::from_secs(20))
        .localized("de", "tee-gießen", "Gießt Tee ein.")
        .run(|ctx| async move { ctx.reply("Tea!").await });
    same(pour(), by_hand);

    /// Lists files.
    #[command(dm_only, prefix_only, no_cooldown)]
    async fn files(ctx: CommandContext) -> Result {
        ctx.reply("None.").await
    }
    let by_hand = Command::new("files", "Lists files.").dm_only();
    let by_hand = by_hand.prefix_only().no_cooldown();
    same(files(), by_hand.run(|_| async { Ok(()) }));
}

#[test]
fn every_attribute_of_an_option() {
    type Context = CommandContext<Shop>;

    /// Takes everything.
    #[command]
    async fn all(
        _ctx: Context,
        /// Which sort.
        #[autocomplete = sorts]
        #[min = 2]
        #[max = 30]
        sort: String,
        /// Below zero, too.
        #[min = -273.15]
        heat: f64,
        /// A part of a day.
        r#type: u8,
        /// Which of them.
        #[choices("red", "green")]
        colour: String,
        /// As a number.
        #[choices(Choice::new("warm", 60), Choice::new("hot", 95))]
        warmth: i64,
        /// Whom.
        #[members_only]
        whom: Id<marker::UserMarker>,
        /// Who or what.
        who: Mentionable,
        /// Where.
        #[channel_kinds(GuildVoice, GuildStageVoice)]
        #[name = "where"]
        place: Id<marker::ChannelMarker>,
        /// When.
        #[default = "10m"]
        #[localized("de", "wann", "Wann.")]
        after: Duration,
        /// How many.
        #[default = 6]
        sides: i64,
        /// How much.
        size: Option<Size>,
        /// The rest.
        #[rest]
        text: Option<String>,
    ) -> Result {
        drop((sort, heat, r#type, colour, warmth, whom, who, place));
        drop((after, sides, size, text));
        Ok(())
    }

    let by_hand = Command::new("all", "Takes everything.")
        .option(
            CommandOption::string("sort", "Which sort.")
                .required()
                .min(2)
                .max(30),
        )
        .option(
            CommandOption::number("heat", "Below zero, too.")
                .required()
                .min(-273.15),
        )
        .option(
            CommandOption::integer("type", "A part of a day.")
                .required()
                .min(0)
                .max(255),
        )
        .option(
            CommandOption::string("colour", "Which of them.")
                .required()
                .choices(["red", "green"]),
        )
        .option(
            CommandOption::integer("warmth", "As a number.")
                .required()
                .choices([Choice::new("warm", 60), Choice::new("hot", 95)]),
        )
        .option(CommandOption::member("whom", "Whom.").required())
        .option(CommandOption::mentionable("who", "Who or what.").required())
        .option(
            CommandOption::channel("where", "Where.")
                .required()
                .channel_kinds([ChannelType::GuildVoice, ChannelType::GuildStageVoice]),
        )
        .option(
            CommandOption::duration("after", "When.")
                .default("10m")
                .localized("de", "wann", "Wann."),
        )
        .option(CommandOption::integer("sides", "How many.").default("6"))
        .option(CommandOption::string("size", "How much.").choices(["a cup", "whole pot"]))
        .option(CommandOption::string("text", "The rest.").rest())
        .autocomplete("sort", sorts)
        .run(|_| async { Ok(()) });
    same(all(), by_hand);

    /// Adds numbers.
    #[command]
    async fn sum<S: 'static>(
        _ctx: CommandContext<S>,
        /// Which.
        numbers: Vec<i64>,
    ) -> Result {
        drop(numbers);
        Ok(())
    }
    let by_hand = Command::new("sum", "Adds numbers.")
        .option(CommandOption::integer("numbers", "Which.").repeated())
        .run(|_| async { Ok(()) });
    same::<Shop>(sum(), by_hand);
}

#[test]
fn context_menus() {
    /// Waves.
    #[command(user_menu = "Wave at", guild_only)]
    async fn wave(ctx: CommandContext, whom: Id<marker::UserMarker>) -> Result {
        ctx.reply(format!("{whom}")).await
    }
    let by_hand = Command::user_menu("Wave at").help("Waves.").guild_only();
    same(wave(), by_hand.run(|_| async { Ok(()) }));

    #[command(message_menu = "Quote")]
    async fn quote(ctx: CommandContext) -> Result {
        ctx.reply(ctx.target_message()?.content).await
    }
    let by_hand = Command::message_menu("Quote");
    same(quote(), by_hand.run(|_| async { Ok(()) }));
}

#[test]
fn choices_are_read() {
    use crate::FromOption;
    let read = |text: &str| Size::from_option(crate::OptionInput::text("size", text));
    assert_eq!(read("a cup").unwrap(), Size::Cup);
    assert_eq!(read("whole pot").unwrap(), Size::WholePot);
    let error = read("Cup").unwrap_err();
    assert_eq!(error.user_message(), Some("`size` can't be `Cup`."));
}
