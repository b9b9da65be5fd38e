//! Macros for declarations: the attribute `command`, and the derives `Choices` and `Settings`. What they are made of is in `plugin-api-macros`;
//! what they are for stands here, with the examples, so that those are tried by the tests of the crate that they need.

/// Declares a command by its handler: `async fn roll(ctx: CommandContext, …) -> Result` becomes `fn roll() -> Command`.
///
/// ```
/// use plugin_api::prelude::*;
///
/// /// Rolls a die.
/// ///
/// /// Anything behind this first paragraph is for help texts.
/// #[command(alias = "r", cooldown(uses = 3, seconds = 10))]
/// async fn roll(
///     ctx: CommandContext,
///     /// How many sides.
///     #[min = 2] #[max = 100] sides: Option<i64>,
///     /// What it is for.
///     #[rest] reason: Option<String>,
/// ) -> Result {
///     let reason = reason.unwrap_or_else(|| "fun".to_owned());
///     ctx.reply(format!("A die with {} sides, for {reason}.", sides.unwrap_or(6))).await
/// }
///
/// let plugin = Plugin::new().command(roll());
/// ```
///
/// That is the `Command` that one could write by hand:
///
/// ```
/// use std::time::Duration;
/// use plugin_api::prelude::*;
///
/// # async fn handler(ctx: CommandContext, _: Option<i64>, _: Option<String>) -> Result { ctx.reply("4").await }
/// let roll = Command::new("roll", "Rolls a die.")
///     .help("Anything behind this first paragraph is for help texts.")
///     .alias("r")
///     .cooldown(3, Duration::from_secs(10))
///     .option(CommandOption::of::<Option<i64>>("sides", "How many sides.").min(2).max(100))
///     .option(CommandOption::of::<Option<String>>("reason", "What it is for.").rest())
///     .run(|ctx| async move {
///         let (sides, reason) = (ctx.option("sides")?, ctx.option("reason")?);
///         handler(ctx, sides, reason).await
///     });
/// # let plugin = Plugin::new().command(roll);
/// ```
///
/// # Keys
///
/// Each is the method of `Command` that has its name.
///
/// | key | |
/// | --- | --- |
/// | `name = "roll-dice"` | its name; default: the function's |
/// | `alias = "r"`, `aliases("r", "dice")` | other names, by prefix alone |
/// | `guild_only`, `dm_only`, `age_restricted` | where |
/// | `owner_only`, `guild_owner_only`, `permissions(BAN_MEMBERS, KICK_MEMBERS)`, `any_role("Helper")`, `check = open` | who |
/// | `bot_permissions(BAN_MEMBERS)` | what the bot needs |
/// | `slash_only`, `prefix_only`, `ephemeral` | how |
/// | `cooldown(uses = 3, seconds = 10, per = Guild)`, `no_cooldown`, `max_concurrency(uses = 1, per = Channel)` | how often; `per`: `User` unless said otherwise |
/// | `deadline(seconds = 20)` | how long it may take |
/// | `example = "roll 6 2"` | how it is used, for help texts |
/// | `hidden` | help does not list it |
/// | `localized("de", "würfeln", "Wirft einen Würfel.")` | its name and description in another language |
/// | `user_menu = "Wave at"`, `message_menu = "Quote"` | it is in a context menu instead; a parameter, if there is one, is what it was opened on |
///
/// # Parameters
///
/// The first is the context, whose state is the plugin's. Each further one is an option: its doc comment is the description,
/// its type (anything that is `OptionType`) decides what it takes; `Option` and `Vec` need not be given. Each attribute is the
/// method of `CommandOption` that has its name: `#[min = 2]`, `#[max = 100]`, `#[default = "6"]`, `#[rest]`,
/// `#[choices("a", "b")]`, `#[channel_kinds(GuildVoice)]`, `#[members_only]`, `#[localized("de", "seiten", "Wie viele Seiten.")]`,
/// and `#[name = "…"]`, `#[autocomplete = function]`.
///
/// ```
/// use plugin_api::prelude::*;
///
/// #[derive(Choices)]
/// enum Size { #[choice("a cup")] Cup, Pot }
///
/// async fn sorts(ctx: AutocompleteContext) -> Result<Vec<&'static str>> {
///     Ok(["green", "black"].into_iter().filter(|sort| sort.starts_with(ctx.typed())).collect())
/// }
///
/// /// Pours tea.
/// #[command(permissions(SEND_MESSAGES), ephemeral)]
/// async fn pour(
///     ctx: CommandContext,
///     /// Which sort.
///     #[autocomplete = sorts] sort: String,
///     /// How much.
///     size: Option<Size>,
/// ) -> Result {
///     let size = match size { Some(Size::Pot) => "a pot", Some(Size::Cup) => "a cup", None => "some" };
///     ctx.reply(format!("Here is {size} of {sort} tea.")).await
/// }
///
/// #[command(user_menu = "Wave at")]
/// async fn wave(ctx: CommandContext, whom: Id<marker::UserMarker>) -> Result {
///     ctx.reply(format!("{} waves at <@{whom}>.", ctx.user().name)).await
/// }
///
/// let plugin = Plugin::new().command(pour()).command(wave());
/// ```
///
/// # Errors
///
/// What is missing or mistaken is an error at its place, such as a description that is not there,
///
/// ```compile_fail
/// # use plugin_api::prelude::*;
/// #[command]
/// async fn roll(ctx: CommandContext) -> Result { ctx.reply("4").await }
/// ```
///
/// a handler that is not `async`,
///
/// ```compile_fail
/// # use plugin_api::prelude::*;
/// /// Rolls a die.
/// #[command]
/// fn roll(ctx: CommandContext) -> Result { Ok(()) }
/// ```
///
/// a key that does not exist (the nearest is named),
///
/// ```compile_fail
/// # use plugin_api::prelude::*;
/// /// Rolls a die.
/// #[command(aliass = "r")]
/// async fn roll(ctx: CommandContext) -> Result { ctx.reply("4").await }
/// ```
///
/// a type that no option has,
///
/// ```compile_fail
/// # use plugin_api::prelude::*;
/// /// Rolls a die.
/// #[command]
/// async fn roll(
///     ctx: CommandContext,
///     /// How many sides.
///     sides: std::cell::Cell<i64>,
/// ) -> Result { ctx.reply("4").await }
/// ```
///
/// a context of something else,
///
/// ```compile_fail
/// # use plugin_api::prelude::*;
/// /// Rolls a die.
/// #[command]
/// async fn roll(ctx: ComponentContext) -> Result { ctx.reply("4").await }
/// ```
///
/// a state that is not the plugin's.
///
/// ```compile_fail
/// # use plugin_api::prelude::*;
/// /// Rolls a die.
/// #[command]
/// async fn roll(ctx: CommandContext<u8>) -> Result { ctx.reply("4").await }
/// let plugin: Plugin<()> = Plugin::new().command(roll());
/// ```
pub use plugin_api_macros::command;

/// Makes an enum without fields the choices of an option: each variant with what members see. Without `#[choice("…")]` that
/// is the variant's name in lower case, as words: `BlackTea` is `black tea`.
///
/// ```
/// use plugin_api::prelude::*;
///
/// #[derive(Debug, PartialEq, Choices)]
/// enum Size {
///     #[choice("a cup")]
///     Cup,
///     Pot,
/// }
///
/// let size = CommandOption::of::<Size>("size", "How much tea");
/// ```
///
/// A variant that holds something can't be picked from a list:
///
/// ```compile_fail
/// # use plugin_api::prelude::*;
/// #[derive(Choices)]
/// enum Size { Cup, Litres(f64) }
/// ```
pub use plugin_api_macros::Choices;

/// Declares a plugin's settings by a struct: each field is one. Its doc comment is the description, its type decides what it takes
/// (anything that is `SettingType`), and `#[setting(…)]` says the rest, each key being the method of `Setting` that has its name:
/// `default = 3`, `min = 1`, `max = 10`, `per_guild`, `secret`. What may be unset is an `Option`; a list is empty by default.
///
/// A text, or each text of a list, may have a form that the host checks before it takes a value: `format = "time-zone"` (an IANA name,
/// such as `Europe/Berlin`), `"url"` (`http://` or `https://`), `"cron"` (as schedules take it) or `"color"` (`#5865f2`).
///
/// ```
/// use std::time::Duration;
/// use plugin_api::prelude::*;
///
/// #[derive(Settings)]
/// struct Shop {
///     /// How many cups a member may have.
///     #[setting(default = 3, min = 1, max = 10)]
///     limit: u64,
///     /// How long to wait between cups.
///     #[setting(default = "5m")]
///     pause: Duration,
///     /// Where orders go.
///     #[setting(per_guild)]
///     kitchen: Option<Id<marker::ChannelMarker>>,
///     /// Who may order.
///     #[setting(per_guild)]
///     guests: Vec<Id<marker::RoleMarker>>,
///     /// The clock that orders go by.
///     #[setting(default = "UTC", format = "time-zone")]
///     zone: String,
/// }
///
/// async fn order(ctx: CommandContext) -> Result {
///     let guild = ctx.guild_id().ok_or(Error::user("In servers only."))?;
///     let shop = Shop::of_guild(ctx.host(), guild).await?;
///     ctx.reply(format!("{} cups, one every {:?}, in {:?}", shop.limit, shop.pause, shop.kitchen)).await
/// }
///
/// let plugin = Plugin::new().settings::<Shop>().command(Command::new("order", "Orders tea").run(order));
/// ```
///
/// What has no default and is no `Option` does not compile:
///
/// ```compile_fail
/// # use plugin_api::prelude::*;
/// #[derive(Settings)]
/// struct Shop {
///     /// How many cups.
///     limit: u64,
/// }
/// ```
///
/// nor does a format that there is not:
///
/// ```compile_fail
/// # use plugin_api::prelude::*;
/// #[derive(Settings)]
/// struct Shop {
///     /// The clock that orders go by.
///     #[setting(default = "UTC", format = "timezone")]
///     zone: String,
/// }
/// ```
pub use plugin_api_macros::Settings;
