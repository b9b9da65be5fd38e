//! Powers: what a plugin may be granted beyond what is its own.

use std::fmt;

/// Declares [`Power`], each with its word and what it allows.
macro_rules! powers {
    ($($(#[$meta:meta])* $variant:ident = $word:literal, $means:literal;)+) => {
        super::words::words! {
        /// What a plugin may be granted beyond what is its own.
        ///
        /// A plugin declares those that it wants ([`Plugin::powers`](crate::Plugin::powers)), the operator grants them by the same word
        /// in `[grants.<plugin>] powers` of config.toml, and where somebody acts, the host asks whether they may, too.
        ///
        /// ```
        /// use plugin_api::Power;
        ///
        /// assert_eq!(Power::PluginsManage.word(), "plugins.manage");
        /// assert_eq!("log.read".parse(), Ok(Power::LogRead));
        /// assert!("root".parse::<Power>().is_err());
        /// ```
        pub enum Power {
            $($(#[$meta])* #[doc = concat!("`", $word, "`: ", $means, ".")] $variant = $word,)+
        }
        }

        impl Power {
            /// What it allows, in a few words.
            #[must_use]
            pub const fn means(self) -> &'static str {
                match self {
                    $(Self::$variant => $means,)+
                    Self::Unknown => "something that this version does not know",
                }
            }
        }
    };
}

powers! {
    PluginsRead = "plugins.read", "sees which plugins there are, what they declare and what they use";
    PluginsManage = "plugins.manage", "loads, unloads, reloads, installs and removes plugins";
    SettingsRead = "settings.read", "sees the settings of the host and of all plugins";
    SettingsWrite = "settings.write", "changes settings of the host and of other plugins";
    CommandsRules = "commands.rules", "changes who may use commands in a server, and its prefix";
    DatabaseInspect = "database.inspect", "reads all databases, also other plugins' tables";
    DatabaseManage = "database.manage", "backs databases up, checks and migrates them, forgets servers";
    FilesBot = "files.bot", "reads and changes files in the bot's own folder, secrets excepted";
    LogRead = "log.read", "reads the log and the latest errors";
    LogLevels = "log.levels", "changes what is logged";
    HooksRead = "hooks.read", "sees handlers of hooks and their history";
    HooksManage = "hooks.manage", "switches handlers of hooks on and off";
    SchedulesRead = "schedules.read", "sees the schedules of all plugins";
    SchedulesManage = "schedules.manage", "runs, pauses and resumes schedules of all plugins";
    BotRead = "bot.read", "sees how the process, its shards and its services are";
    BotControl = "bot.control", "stops and restarts the bot, empties caches, registers commands, sets the presence";
    GatewayControl = "gateway.control", "reconnects shards";
    Subjects = "subjects", "exports and erases what is stored about a user";
    Alerts = "alerts", "raises alerts to the owner's channel";
    AuditRead = "audit.read", "reads the audit journal";
    PagesRead = "pages.read", "sees who is logged in to the bot's web pages, and what each role may there";
    PagesManage = "pages.manage", "changes roles of the bot's web pages, ends sessions, and sends links to log in with";
    DatabaseWrite = "database.write", "changes rows of all databases by SQL";
}

impl std::str::FromStr for Power {
    type Err = UnknownPower;

    fn from_str(word: &str) -> Result<Self, UnknownPower> {
        let found = Self::ALL.iter().find(|power| power.word() == word);
        found.copied().ok_or(UnknownPower)
    }
}

impl fmt::Display for Power {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// No power has that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownPower;

impl fmt::Display for UnknownPower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no power has that name")
    }
}

impl std::error::Error for UnknownPower {}
