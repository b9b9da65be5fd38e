//! Names of permissions and roles, for sentences.

use twilight_model::guild::Permissions;

/// "you are missing the permission Ban Members".
pub(super) fn permissions(missing: Permissions, who: &str) -> String {
    let names: Vec<String> = missing
        .iter_names()
        .map(|(name, _)| format!("**{}**", title(name)))
        .collect();
    let verb = if who == "you" { "lack" } else { "lacks" };
    let noun = if names.len() == 1 {
        "permission"
    } else {
        "permissions"
    };
    format!("the {noun} {}, which {who} {verb}", names.join(", "))
}

/// A role's mention: nobody is notified by a refusal.
pub(super) fn role(id: u64) -> String {
    format!("<@&{id}>")
}

/// "one of the roles A, B".
pub(super) fn one_of(roles: impl Iterator<Item = String>) -> String {
    let roles: Vec<String> = roles.collect();
    match &*roles {
        [role] => format!("the role {role}"),
        roles => format!("one of the roles {}", roles.join(", ")),
    }
}

/// `BAN_MEMBERS` as Discord's client has it: "Ban Members".
fn title(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let (first, rest) = word.split_at(1.min(word.len()));
        format!("{first}{}", rest.to_lowercase())
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_read_well() {
        assert_eq!(
            permissions(Permissions::BAN_MEMBERS, "you"),
            "the permission **Ban Members**, which you lack"
        );
        let both = Permissions::BAN_MEMBERS | Permissions::KICK_MEMBERS;
        assert_eq!(
            permissions(both, "the bot"),
            "the permissions **Kick Members**, **Ban Members**, which the bot lacks"
        );
        assert_eq!(one_of(["A".to_owned()].into_iter()), "the role A");
    }
}
