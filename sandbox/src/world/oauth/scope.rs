//! Scopes that a user can grant: <https://discord.com/developers/docs/topics/oauth2#shared-resources-oauth2-scopes>.

/// Those that any application may ask for and that need nothing chosen besides (`bot` a guild, `webhook.incoming` a channel), with
/// the words of the consent page. What needs Discord's approval is refused, as to an application without it.
const SCOPES: [(&str, &str); 12] = [
    ("identify", "Know your name, picture and id"),
    ("email", "Know your email address"),
    ("connections", "Know your accounts at other services"),
    ("guilds", "Know which servers you are in"),
    ("guilds.join", "Add you to servers"),
    (
        "guilds.members.read",
        "Know your nickname and roles in your servers",
    ),
    ("gdm.join", "Add you to group messages"),
    (
        "role_connections.write",
        "Change what linked roles know of you",
    ),
    (
        "applications.commands.permissions.update",
        "Change who may use its commands, where you may",
    ),
    (
        "applications.entitlements",
        "Know what your applications have sold",
    ),
    (
        "applications.builds.read",
        "Read the builds of your applications",
    ),
    (
        "applications.store.update",
        "Change the stores of your applications",
    ),
];

/// What a client may have in its own name only.
const OF_CLIENTS: &str = "applications.commands.update";

/// Scopes, each once and at least one.
#[derive(Clone, Debug)]
pub(crate) struct Scopes(Vec<&'static str>);

impl Scopes {
    /// The scopes of a list with blanks, in its order; `None` if one cannot be granted, or if there is none.
    pub(crate) fn read(list: &str) -> Option<Self> {
        Self::of(list, |name| {
            let mut known = SCOPES.iter().map(|(known, _)| *known);
            known.find(|known| *known == name)
        })
    }

    /// The same with what only a client's own token may have.
    pub(crate) fn read_for_client(list: &str) -> Option<Self> {
        Self::of(list, |name| {
            let mut known = SCOPES.iter().map(|(known, _)| *known).chain([OF_CLIENTS]);
            known.find(|known| *known == name)
        })
    }

    fn of(list: &str, known: impl Fn(&str) -> Option<&'static str>) -> Option<Self> {
        let mut scopes = Vec::new();
        for name in list.split_ascii_whitespace() {
            let scope = known(name)?;
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        (!scopes.is_empty()).then_some(Self(scopes))
    }

    pub(crate) fn has(&self, scope: &str) -> bool {
        self.0.contains(&scope)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().copied()
    }

    /// The list with blanks, as token answers have it.
    pub(crate) fn joined(&self) -> String {
        self.0.join(" ")
    }

    /// What each means to a user.
    pub(crate) fn words(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let known = SCOPES.iter().copied();
        known.filter(|(name, _)| self.has(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_in_their_order_and_once_each() {
        let read = |list| Scopes::read(list).map(|scopes| scopes.joined());
        assert_eq!(read("guilds identify guilds").unwrap(), "guilds identify");
        for wrong in [
            "",
            "  ",
            "identify nothing",
            "bot",
            "webhook.incoming",
            "rpc",
            OF_CLIENTS,
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert!(Scopes::read_for_client(OF_CLIENTS).is_some());
    }
}
