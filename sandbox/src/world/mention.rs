//! Mentions of a message.

use twilight_model::guild::Permissions;

use super::{Draft, World};

impl World {
    /// Whom a draft mentions, as far as it is allowed to.
    pub(super) fn mentions(&self, channel: u64, author: u64, draft: &Draft) -> Mentions {
        let content = draft.content.as_deref().unwrap_or_default();
        let rules = draft.allowed_mentions.as_ref();
        let allows = |kind: &str, list: &str, id: u64| {
            rules.is_none_or(|rules| {
                rules["parse"]
                    .as_array()
                    .is_some_and(|kinds| kinds.iter().any(|known| known == kind))
                    || rules[list].as_array().is_some_and(|ids| {
                        ids.iter().any(|known| {
                            known.as_str().and_then(|known| known.parse().ok()) == Some(id)
                        })
                    })
            })
        };
        let mut mentions = Mentions {
            users: draft.mentions.clone(),
            ..Mentions::default()
        };
        for (kind, id) in written_mentions(content) {
            match kind {
                '@' if self.users.contains_key(&id) && allows("users", "users", id) => {
                    mentions.users.push(id)
                }
                '&' if allows("roles", "roles", id) => mentions.roles.push(id),
                _ => {}
            }
        }
        let replied = draft
            .reference
            .and_then(|id| self.message(channel, id))
            .map(|message| message.author);
        if let Some(author) = replied
            && rules.is_none_or(|rules| rules["replied_user"] == true)
        {
            mentions.users.push(author);
        }
        mentions.users.dedup();
        let everyone = content.contains("@everyone") || content.contains("@here");
        // To call everybody needs a permission, which webhooks always have.
        let may =
            || draft.face.is_some() || self.may(author, channel, Permissions::MENTION_EVERYONE);
        mentions.everyone = everyone && may() && allows("everyone", "", 0);
        mentions
    }
}

#[derive(Debug, Default)]
pub(super) struct Mentions {
    pub users: Vec<u64>,
    pub roles: Vec<u64>,
    pub everyone: bool,
}

/// The mentions `<@1>`, `<@!1>` (`'@'`) and `<@&1>` (`'&'`) in a text.
fn written_mentions(text: &str) -> impl Iterator<Item = (char, u64)> {
    text.split("<@").skip(1).filter_map(|rest| {
        let (inside, _) = rest.split_once('>')?;
        match inside.strip_prefix('&') {
            Some(role) => Some(('&', role.parse().ok()?)),
            None => Some(('@', inside.trim_start_matches('!').parse().ok()?)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::written_mentions;

    #[test]
    fn mentions_are_found() {
        let found: Vec<_> = written_mentions("hi <@12> and <@!34>, <@&56> <@x> <@").collect();
        assert_eq!(found, [('@', 12), ('@', 34), ('&', 56)]);
    }
}
