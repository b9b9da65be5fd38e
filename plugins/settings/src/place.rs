//! Place of a page: whose values are shown, and the short key by which a custom id names a setting or a table.

use std::fmt;

use plugin_api::{
    abi::{DescribeCall, DescribeReply, SettingView},
    prelude::*,
};

/// Whose values: a server's, or the bot's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Server,
    Bot,
}

impl Scope {
    const fn letter(self) -> char {
        match self {
            Self::Server => 's',
            Self::Bot => 'b',
        }
    }

    fn of(letter: Option<char>) -> Self {
        match letter {
            Some('b') => Self::Bot,
            _ => Self::Server,
        }
    }

    /// The server whose values they are; `None`: they are the bot's.
    pub(crate) fn guild(self, ctx: &Invocation) -> Result<Option<Id<marker::GuildMarker>>> {
        match self {
            Self::Server => ctx.guild().map(Some),
            Self::Bot => Ok(None),
        }
    }

    /// All settings that there are in it.
    pub(crate) async fn all(self, ctx: &Invocation) -> Result<DescribeReply> {
        let guild_id = self.guild(ctx)?.map(Id::get);
        described(ctx.host(), guild_id, None).await
    }
}

/// All settings, of a server, and of one plugin or table.
pub(crate) async fn described(
    host: &Host,
    guild_id: Option<u64>,
    of: Option<String>,
) -> Result<DescribeReply> {
    let mut call = DescribeCall {
        guild_id,
        of,
        ..DescribeCall::default()
    };
    let mut all = host.describe_settings(&call).await?;
    while let Some(next) = all.next.take() {
        call.after = Some(next);
        let page = host.describe_settings(&call).await?;
        all.settings.extend(page.settings);
        all.next = page.next;
    }
    Ok(all)
}

/// A setting or a table by the hash of its name (FNV-1a), which fits into any custom id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(u32);

impl Key {
    pub(crate) fn of(name: &str) -> Self {
        let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        Self(hash)
    }
}

/// What a custom id of the menu says: whose values, which page, and of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) scope: Scope,
    pub(crate) page: usize,
    pub(crate) key: Option<Key>,
}

impl Place {
    pub(crate) const fn new(scope: Scope) -> Self {
        Self {
            scope,
            page: 0,
            key: None,
        }
    }

    pub(crate) const fn on(mut self, page: usize) -> Self {
        self.page = page;
        self
    }

    pub(crate) fn at(mut self, name: &str) -> Self {
        self.key = Some(Key::of(name));
        self
    }

    /// What [`Display`](fmt::Display) has written; what can't be read is the first page of the server's.
    pub(crate) fn parse(text: &str) -> Self {
        let mut place = Self::new(Scope::of(text.chars().next()));
        let (page, key) = text
            .get(1..)
            .unwrap_or_default()
            .split_once('-')
            .unwrap_or_default();
        place.page = page.parse().unwrap_or(0);
        place.key = u32::from_str_radix(key, 16).ok().map(Key);
        place
    }

    /// The setting that it names, if there is one still.
    pub(crate) fn setting(self, all: &DescribeReply) -> Option<&SettingView> {
        let key = self.key?;
        all.settings.iter().find(|one| Key::of(&one.path) == key)
    }

    /// The table that it names, if there is one still.
    pub(crate) fn table(self, all: &DescribeReply) -> Option<&str> {
        let key = self.key?;
        all.settings
            .iter()
            .map(table_of)
            .find(|table| Key::of(table) == key)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = self.scope.letter();
        write!(f, "{letter}{}-", self.page)?;
        match self.key {
            Some(Key(hash)) => write!(f, "{hash:x}"),
            None => Ok(()),
        }
    }
}

/// The plugin or the table of config.toml that a setting is in.
pub(crate) fn table_of(one: &SettingView) -> &str {
    one.path.split('.').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written_and_anything_else_is_the_beginning() {
        for scope in [Scope::Server, Scope::Bot] {
            for place in [
                Place::new(scope),
                Place::new(scope).on(12),
                Place::new(scope).on(3).at("shop.limit"),
            ] {
                assert_eq!(Place::parse(&place.to_string()), place);
            }
        }
        for odd in ["", "s", "b-", "🫖", "s9", "x-zz", "s99999999999999999999-1"] {
            let place = Place::parse(odd);
            assert!(place.page == 0 || odd == "s9", "{odd}");
        }
    }
}
