//! Auto moderation at work: what members write is held against the rules of the guild.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use twilight_model::guild::{Permissions, audit_log::AuditLogEventType};

use super::{Collection, Draft, Event, Record, World, snowflake::iso};

/// The type of the message that an alert is.
const ALERT_MESSAGE: u8 = 24;

/// A rule that a text has triggered.
#[derive(Debug)]
struct Hit {
    rule: Record,
    /// The keyword as the rule has it, and as the text has it.
    keyword: Option<(String, String)>,
}

impl World {
    /// Holds a text against the rules, and does what they say; whether it may not be posted, with the words for
    /// the member.
    pub(crate) fn moderate(&mut self, channel: u64, user: u64, text: &str) -> Option<String> {
        let guild = self.guild_of(channel)?;
        self.collection(guild, Collection::Rules).next()?;
        let known = self.guilds.get(&guild)?;
        let trusted = Permissions::ADMINISTRATOR | Permissions::MANAGE_GUILD;
        if self.guild_permissions(known, user).intersects(trusted) {
            return None;
        }
        let mut blocked = None;
        for hit in self.hits(guild, channel, user, text) {
            let actions = hit.rule["actions"].as_array().cloned().unwrap_or_default();
            for action in actions {
                if action["type"] == 1 {
                    let words = action["metadata"]["custom_message"].as_str();
                    let words = words.unwrap_or("the message is blocked by auto moderation");
                    blocked = Some(words.to_owned());
                }
                self.act(guild, channel, user, text, &hit, &action);
            }
        }
        blocked
    }

    fn hits(&self, guild: u64, channel: u64, user: u64, text: &str) -> Vec<Hit> {
        let member = self
            .guilds
            .get(&guild)
            .and_then(|guild| guild.members.get(&user));
        let roles = member
            .map(|member| member.roles.clone())
            .unwrap_or_default();
        let lists = |rule: &Record, key: &str, id: u64| {
            let ids = rule.get(key).and_then(Value::as_array);
            ids.is_some_and(|ids| ids.iter().any(|known| *known == json!(id.to_string())))
        };
        let parent = self
            .channels
            .get(&channel)
            .and_then(|channel| channel.parent);
        let applies = |rule: &&Record| {
            rule["enabled"] == true
                && rule["event_type"] == 1
                && !lists(rule, "exempt_channels", channel)
                && !parent.is_some_and(|parent| lists(rule, "exempt_channels", parent))
                && !roles.iter().any(|role| lists(rule, "exempt_roles", *role))
        };
        let rules = self.collection(guild, Collection::Rules).filter(applies);
        rules.filter_map(|rule| hit(rule, text)).collect()
    }

    /// One action of a rule.
    fn act(&mut self, guild: u64, channel: u64, user: u64, text: &str, hit: &Hit, action: &Value) {
        let mut alert = None;
        let number = match action["type"].as_u64() {
            Some(1) => 143,
            Some(2) => {
                let to = action["metadata"]["channel_id"].as_str();
                let to = to.and_then(|id| id.parse().ok()).unwrap_or(0);
                if self.channels.contains_key(&to) {
                    alert = Some(self.post(to, user, alert_draft(hit, text)));
                }
                144
            }
            Some(3) => {
                let seconds = action["metadata"]["duration_seconds"].as_i64().unwrap_or(0);
                self.time_out(guild, user, seconds);
                145
            }
            _ => return,
        };
        let rule = &hit.rule;
        let keyword = hit.keyword.as_ref();
        let mut data = json!({
            "guild_id": guild.to_string(),
            "action": action,
            "rule_id": rule["id"],
            "rule_trigger_type": rule["trigger_type"],
            "user_id": user.to_string(),
            "channel_id": channel.to_string(),
            "content": text,
            "matched_keyword": keyword.map(|(keyword, _)| keyword),
            "matched_content": keyword.map(|(_, matched)| matched),
        });
        if let Some(alert) = alert {
            data["alert_system_message_id"] = json!(alert.to_string());
        }
        let event = Event::of_guild("AUTO_MODERATION_ACTION_EXECUTION", guild, data);
        self.outbox.push(event);
        let options = json!({
            "auto_moderation_rule_name": rule["name"],
            "auto_moderation_rule_trigger_type": rule["trigger_type"].to_string(),
            "channel_id": channel.to_string(),
        });
        let action = AuditLogEventType::from(number);
        self.audit_with(guild, user, action, Some(user), options, None);
    }

    fn time_out(&mut self, guild: u64, user: u64, seconds: i64) {
        let until = iso(self.clock.now_us() + seconds * 1_000_000);
        let known = self.guilds.get_mut(&guild);
        let Some(member) = known.and_then(|guild| guild.members.get_mut(&user)) else {
            return;
        };
        member.timeout = Some(until);
        if let Some(mut data) = self.member_json(guild, user) {
            data["guild_id"] = json!(guild.to_string());
            let event = Event::of_guild("GUILD_MEMBER_UPDATE", guild, data);
            self.outbox.push(event);
        }
    }
}

/// The message that moderators get.
fn alert_draft(hit: &Hit, text: &str) -> Draft {
    let field = |name: &str, value: &str| json!({"name": name, "value": value, "inline": false});
    let mut fields = vec![field(
        "rule_name",
        hit.rule["name"].as_str().unwrap_or_default(),
    )];
    if let Some((keyword, matched)) = &hit.keyword {
        fields.push(field("keyword", keyword));
        fields.push(field("keyword_matched_content", matched));
    }
    Draft {
        kind: ALERT_MESSAGE,
        content: Some(String::new()),
        embeds: Some(vec![json!({
            "type": "auto_moderation_message",
            "description": text,
            "fields": fields,
        })]),
        ..Draft::default()
    }
}

/// Whether a rule is triggered. Word lists that only Discord has, and its judgement of spam, trigger nothing here.
fn hit(rule: &Record, text: &str) -> Option<Hit> {
    let metadata = &rule["trigger_metadata"];
    let keyword = match rule["trigger_type"].as_u64()? {
        1 => {
            let words = |key: &str| {
                let words = metadata[key].as_array().into_iter().flatten();
                words.filter_map(Value::as_str).collect::<Vec<_>>()
            };
            let allowed = words("allow_list");
            let found = words("keyword_filter").into_iter().find_map(|keyword| {
                let matched = matched(keyword, text)?;
                Some((keyword.to_owned(), matched))
            })?;
            let is_allowed = |allow: &&str| {
                matched(allow, text)
                    .is_some_and(|part| part.to_lowercase().contains(&found.1.to_lowercase()))
            };
            if allowed.iter().any(is_allowed) {
                return None;
            }
            Some(found)
        }
        5 => {
            let most = metadata["mention_total_limit"].as_u64().unwrap_or(0);
            if mentions(text) <= usize::try_from(most).unwrap_or(usize::MAX) {
                return None;
            }
            None
        }
        _ => return None,
    };
    Some(Hit {
        rule: rule.clone(),
        keyword,
    })
}

/// How many users and roles a text mentions.
fn mentions(text: &str) -> usize {
    let starts = text.split("<@").skip(1);
    let ids = starts.filter_map(|rest| rest.split_once('>').map(|(id, _)| id));
    let unique: BTreeSet<_> = ids.map(|id| id.trim_start_matches('!')).collect();
    unique.len()
}

/// The part of a text that a keyword fits: the whole word, or with `*` at its ends any continuation there.
fn matched(keyword: &str, text: &str) -> Option<String> {
    let (open_start, open_end) = (keyword.starts_with('*'), keyword.ends_with('*'));
    let word = keyword.trim_matches('*').to_lowercase();
    if word.is_empty() {
        return None;
    }
    let lower = text.to_lowercase();
    let in_word = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    let fits = |at: &usize| {
        let before = lower[..*at].chars().next_back();
        let after = lower[at + word.len()..].chars().next();
        (open_start || !in_word(before)) && (open_end || !in_word(after))
    };
    let mut places = lower.match_indices(&word).map(|(at, _)| at);
    let at = places.find(fits)?;
    Some(lower[at..at + word.len()].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_match_as_the_page_says() {
        let fits = |keyword: &str, text: &str| matched(keyword, text).is_some();
        for (keyword, text) in [
            ("cat*", "Catapult"),
            ("tra*", "a trade"),
            ("*cat", "copyCat"),
            ("*the mat", "breathe mat, brea the mat"),
            ("*cat*", "location"),
            ("cat", "a CAT"),
            ("the mat", "on the mat!"),
        ] {
            assert!(fits(keyword, text), "{keyword} {text}");
        }
        for (keyword, text) in [
            ("cat", "catch"),
            ("cat*", "wildcat"),
            ("*cat", "catch"),
            ("**", "all"),
        ] {
            assert!(!fits(keyword, text), "{keyword} {text}");
        }
    }

    #[test]
    fn mentions_are_counted_once() {
        assert_eq!(mentions("<@1> <@!1> <@&2> <#3> <@"), 2);
    }
}
