//! Template `levels`: points for messages, levels for points, and roles for levels.

use super::{Claim, Group, Template, WRITE, gives, message};
use crate::model::{Kind, Parameter, Parameters};

pub(super) const TEMPLATE: Template = Template {
    name: "levels",
    reference: "leveling_system",
    title: "Levels",
    icon: "📈",
    description: "Members gather points by writing, reach levels, and are given roles for them",
    trigger: "A member reaches a level",
    groups: &[
        Group {
            title: "Points",
            parameters: &[
                Parameter::new(
                    "points",
                    "Points for a message",
                    "A level takes 100, 400, 900, … points",
                    Kind::Number(1, 1_000),
                )
                .required()
                .default("10"),
                Parameter::new(
                    "pause",
                    "Pause",
                    "Seconds in which a member is given points once",
                    Kind::Number(0, 86_400),
                )
                .required()
                .default("60"),
                Parameter::new(
                    "quiet",
                    "Channels without points",
                    "Where writing gives none",
                    Kind::Channels(WRITE),
                ),
            ],
        },
        Group {
            title: "Levels",
            parameters: &[
                Parameter::new(
                    "message",
                    "Message",
                    "What is said when a level is reached; empty: nothing",
                    Kind::Text(1_500),
                )
                .default("{user} has reached level {level}!"),
                Parameter::new(
                    "channel",
                    "Channel",
                    "Where it is said; empty: where they have written",
                    Kind::Channel(WRITE),
                ),
                Parameter::new(
                    "rewards",
                    "Roles",
                    "One a line, with the level in front: 5 @Regular",
                    Kind::LevelRoles,
                ),
            ],
        },
    ],
    variables: &["{level}", "{points}"],
    steps: |values| match values.text("message").trim() {
        "" => Vec::new(),
        text => vec![message(values.channel("channel"), text, None)],
    },
    check: |values: &Parameters| match values.text("message").trim().is_empty()
        && values.keyed("rewards").is_empty()
    {
        true => Err("nothing would be seen of it: have it say something, or give **Roles**".into()),
        false => Ok(()),
    },
    events: |_| &["MESSAGE_CREATE"],
    claims: |_, values| {
        values
            .keyed("rewards")
            .into_iter()
            .map(|it| gives(it.role))
            .collect::<Vec<Claim>>()
    },
};

/// The level that so many points are: its square, a hundred times, is not more than they are.
pub(crate) fn level(points: i64) -> i64 {
    i64::try_from((points.max(0) as u64 / 100).isqrt()).unwrap_or(0)
}

/// The points that a level takes.
pub(crate) const fn points_for(level: i64) -> i64 {
    level.saturating_mul(level).saturating_mul(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_begins_with_its_points() {
        for (points, wanted) in [
            (-5, 0),
            (0, 0),
            (99, 0),
            (100, 1),
            (399, 1),
            (400, 2),
            (899, 2),
            (900, 3),
            (i64::MAX, 303_700_049),
        ] {
            assert_eq!(level(points), wanted, "{points}");
        }
        for wanted in 0..2_000 {
            assert_eq!(level(points_for(wanted)), wanted);
            assert_eq!(level(points_for(wanted) - 1), (wanted - 1).max(0));
        }
    }
}
