//! Words that are written for Discord, on a page: mentions become names, and marks of Markdown go.

use plugin_api::{
    prelude::*,
    twilight_model::channel::{Channel, ChannelType},
};

use crate::{
    engine,
    model::{Guild, RoleAt},
};

/// Roles and channels of a server.
pub(super) struct Names {
    pub(super) roles: Vec<RoleAt>,
    pub(super) channels: Vec<Channel>,
}

impl Names {
    pub(super) async fn of(host: &Host, guild: Guild) -> Result<Self> {
        let mut channels = host.cache().channels(guild).or_fetch().await?;
        channels.sort_by_key(|it| (it.position, it.id));
        let mut roles = engine::roles_of(host, guild).await?;
        roles.sort_by_key(|it| std::cmp::Reverse(it.rank));
        Ok(Self { roles, channels })
    }

    pub(super) fn role(&self, id: &str) -> Option<String> {
        let found = self.roles.iter().find(|it| it.id.to_string() == id)?;
        Some(format!("@{}", found.name.trim_start_matches('@')))
    }

    pub(super) fn channel(&self, id: &str) -> Option<String> {
        let found = self.channels.iter().find(|it| it.id.to_string() == id)?;
        Some(format!("#{}", found.name.as_deref().unwrap_or(id)))
    }

    /// The first channel that texts are written in.
    pub(super) fn first_text(&self) -> Option<&Channel> {
        let mut texts = self
            .channels
            .iter()
            .filter(|it| it.kind == ChannelType::GuildText);
        texts.next()
    }

    /// A text as a page shows it.
    pub(super) fn plain(&self, text: &str) -> String {
        let mut plain = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('<') {
            let (before, from) = rest.split_at(at);
            plain.push_str(before);
            match self.mention(from) {
                Some((name, behind)) => {
                    plain.push_str(&name);
                    rest = behind;
                }
                None => {
                    plain.push('<');
                    rest = &from[1..];
                }
            }
        }
        plain.push_str(rest);
        plain.replace("**", "").replace('`', "")
    }

    /// What a text that begins with `<` mentions, and what is behind that.
    fn mention<'a>(&self, text: &'a str) -> Option<(String, &'a str)> {
        let (inner, behind) = text.strip_prefix('<')?.split_once('>')?;
        let is_id = |id: &str| !id.is_empty() && id.bytes().all(|it| it.is_ascii_digit());
        let name = if let Some(id) = inner.strip_prefix("@&").filter(|it| is_id(it)) {
            self.role(id)
                .unwrap_or_else(|| format!("a role that is gone ({id})"))
        } else if let Some(id) = inner.strip_prefix('#').filter(|it| is_id(it)) {
            self.channel(id)
                .unwrap_or_else(|| format!("a channel that is gone ({id})"))
        } else {
            let id = inner.strip_prefix('@').filter(|it| is_id(it))?;
            format!("member {id}")
        };
        Some((name, behind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Rank;

    #[test]
    fn mentions_become_names_and_the_rest_stays() {
        let names = Names {
            roles: vec![RoleAt {
                id: Id::new(7),
                rank: Rank::NONE,
                managed: false,
                permissions: Permissions::empty(),
                name: "Tea".into(),
            }],
            channels: Vec::new(),
        };
        let cases = [
            ("gives <@5> the role <@&7>", "gives member 5 the role @Tea"),
            (
                "<@&8> <#9>",
                "a role that is gone (8) a channel that is gone (9)",
            ),
            ("**Text**: `a < b` <b> <@x> <", "Text: a < b <b> <@x> <"),
            ("", ""),
            ("<<@&7>>", "<@Tea>"),
        ];
        for (text, plain) in cases {
            assert_eq!(names.plain(text), plain);
        }
    }
}
