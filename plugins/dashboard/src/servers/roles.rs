//! Roles of a server, the highest first, with their colours.

use maud::{Markup, html};
use plugin_api::twilight_model::guild::{Permissions, Role};

use crate::ui::{self, Tone};

/// Permissions that are worth a word.
const STRONG: Permissions = Permissions::MANAGE_GUILD
    .union(Permissions::MANAGE_ROLES)
    .union(Permissions::MANAGE_CHANNELS)
    .union(Permissions::BAN_MEMBERS)
    .union(Permissions::KICK_MEMBERS);

pub(super) fn drawn(roles: &[Role]) -> Markup {
    let mut roles: Vec<&Role> = roles.iter().collect();
    roles.sort_by_key(|role| (std::cmp::Reverse(role.position), role.id));
    html! {
        div.scroll.tall tabindex="0" role="region" aria-label="Roles" {
            ul.list {
                @for role in roles {
                    li {
                        (swatch(role.colors.primary_color))
                        span.grow { (ui::name(&role.name)) }
                        @if role.managed { span.tag { "of an integration" } }
                        @if role.permissions.contains(Permissions::ADMINISTRATOR) { (ui::badge(Tone::Info, "administrator")) }
                        @else if role.permissions.intersects(STRONG) { span.tag { "moderates" } }
                    }
                }
            }
        }
    }
}

/// A role's colour; 0 is none.
fn swatch(colour: u32) -> Markup {
    let colour = match colour {
        0 => "currentColor".to_owned(),
        colour => format!("#{:06x}", colour & 0x00ff_ffff),
    };
    html! { svg.role-colour viewBox="0 0 12 12" aria-hidden="true" { circle cx="6" cy="6" r="6" fill=(colour) {} } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_six_digits_and_none_is_that_of_the_words() {
        assert!(swatch(0x00ff).into_string().contains("#0000ff"));
        assert!(swatch(u32::MAX).into_string().contains("#ffffff"));
        assert!(swatch(0).into_string().contains("currentColor"));
    }
}
