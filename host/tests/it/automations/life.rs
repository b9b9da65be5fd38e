//! Templates that members set off: how each is made by its form, set off, and seen to work.

use std::time::Duration;

use sandbox::{Actor, Sandbox};

use super::{Form, comes};
use crate::support::PATIENCE;

/// Leave to post to the sandbox's own webhooks.
pub(super) const GRANT: &str = "[grants.automations]\nweb = [\"127.0.0.1\"]\n";

/// Stands in a part of a form for the address of a webhook into `log`.
const ADDRESS: &str = "ADDRESS";

/// A part of a form, and what is filled in there.
pub(super) type Part = (&'static str, &'static [(&'static str, &'static str)]);

/// A template that members set off. What comes by the clock is told of in `timed`.
pub(super) struct Life {
    pub(super) template: &'static str,
    made: &'static [Part],
    /// What is changed later.
    pub(super) changed: Part,
    /// What is to be seen of it at first, and when it was changed: a word, or the channel or the button that it is about.
    pub(super) marks: [&'static str; 2],
}

pub(super) const LIVES: &[Life] = &[
    Life {
        template: "welcome",
        made: &[(
            "Greeting",
            &[
                ("channel", "log"),
                ("message", "hail by {username}."),
                ("card", "no"),
            ],
        )],
        changed: (
            "Greeting",
            &[
                ("channel", "log"),
                ("message", "greetings by {username}."),
                ("card", "yes"),
            ],
        ),
        marks: ["hail", "greetings"],
    },
    Life {
        template: "goodbye",
        made: &[(
            "Message",
            &[("channel", "log"), ("message", "farewell by {username}.")],
        )],
        changed: (
            "Message",
            &[("channel", "log"), ("message", "adieu by {username}.")],
        ),
        marks: ["farewell", "adieu"],
    },
    Life {
        template: "reaction_roles",
        made: &[
            (
                "Message and roles",
                &[
                    ("channel", "panel"),
                    ("message", "Choose."),
                    ("roles", "Tea"),
                ],
            ),
            ("How", &[("undo", "no")]),
        ],
        changed: (
            "Message and roles",
            &[
                ("channel", "panel"),
                ("message", "Choose another."),
                ("roles", "Helper"),
            ],
        ),
        marks: ["Tea", "Helper"],
    },
    Life {
        template: "word_filter",
        made: &[
            ("Words", &[("words", "coffee")]),
            ("What happens", &[("log", "log"), ("warning", "")]),
        ],
        changed: ("Words", &[("words", "milk")]),
        marks: ["coffee", "milk"],
    },
    Life {
        template: "levels",
        made: &[
            ("Points", &[("points", "100"), ("pause", "0")]),
            (
                "Levels",
                &[("channel", "log"), ("message", "grown by {username}.")],
            ),
        ],
        changed: (
            "Levels",
            &[("channel", "log"), ("message", "risen by {username}.")],
        ),
        marks: ["grown", "risen"],
    },
    Life {
        template: "tickets",
        made: &[
            ("Button", &[("channel", "panel"), ("message", "Need help?")]),
            (
                "Ticket",
                &[("helpers", "Helper"), ("name", "help-{username}")],
            ),
        ],
        changed: (
            "Ticket",
            &[
                ("helpers", "Helper"),
                ("category", "Rooms"),
                ("name", "aid-{username}"),
            ],
        ),
        marks: ["help", "aid"],
    },
    Life {
        template: "voice_log",
        made: &[("Log", &[("channel", "log")])],
        changed: ("Log", &[("channel", "panel")]),
        marks: ["log", "panel"],
    },
    Life {
        template: "webhook_bridge",
        made: &[("Bridge", &[("url", ADDRESS), ("channels", "general")])],
        changed: ("Bridge", &[("url", ADDRESS), ("channels", "panel")]),
        marks: ["general", "panel"],
    },
    Life {
        template: "rooms",
        made: &[(
            "Rooms",
            &[("entrance", "lounge"), ("name", "place-{username}")],
        )],
        changed: (
            "Rooms",
            &[
                ("entrance", "lounge"),
                ("category", "Rooms"),
                ("name", "den-{username}"),
            ],
        ),
        marks: ["place", "den"],
    },
];

impl Life {
    pub(super) fn of(template: &str) -> &'static Self {
        LIVES.iter().find(|it| it.template == template).unwrap()
    }

    /// Its form, filled in.
    pub(super) async fn form<'a>(&self, owner: &'a Actor, address: &str) -> Form<'a> {
        let mut form = Form::begin(owner, self.template).await;
        for part in self.made {
            fill(&mut form, *part, address).await;
        }
        form
    }

    /// Has somebody set it off; what they read of it, where they are answered.
    pub(super) async fn happens(&self, who: &Actor, mark: &str) -> String {
        if self.template == "welcome" {
            comes(who).await;
            return String::new();
        }
        // They may be in it already.
        who.joins("Sandbox").await.ok();
        match self.template {
            "goodbye" => who.leaves("Sandbox").await.unwrap(),
            "voice_log" => {
                who.joins_voice("lounge").await.unwrap();
                who.leaves_voice().await.unwrap();
            }
            "rooms" => who.joins_voice("lounge").await.unwrap(),
            "reaction_roles" => return clicked(who, mark).await,
            "tickets" => return clicked(who, "Open a ticket").await,
            template => {
                let channel = if template == "webhook_bridge" {
                    mark
                } else {
                    "general"
                };
                let text = format!("{mark} by {}.", who.name());
                who.says(channel, &text).await.unwrap();
            }
        }
        String::new()
    }

    /// Whether it is to be seen that it has worked for somebody.
    pub(super) fn is_seen(&self, sandbox: &Sandbox, who: &Actor, mark: &str, said: &str) -> bool {
        let shown = |channel: &str, wanted: &str| {
            let owner = sandbox.actor("owner").unwrap();
            let all = owner.messages(channel);
            all.iter().any(|it| it.text().contains(wanted))
        };
        match self.template {
            "reaction_roles" => said.contains("You have"),
            "voice_log" => shown(mark, &format!("{} (", who.name())),
            "rooms" | "tickets" => sandbox
                .channel_id(&format!("{mark}-{}", who.name()))
                .is_some(),
            _ => shown("log", &format!("{mark} by {}.", who.name())),
        }
    }

    /// Has somebody set it off until it is seen: a session that takes over tells of what came later.
    pub(super) async fn until_seen(&self, sandbox: &Sandbox, name: &str, mark: &str) {
        let who = sandbox.actor(name).unwrap();
        let trying = async {
            loop {
                let said = self.happens(&who, mark).await;
                for _ in 0..100 {
                    if self.is_seen(sandbox, &who, mark, &said) {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
        };
        let tried = tokio::time::timeout(PATIENCE, trying).await;
        assert!(tried.is_ok(), "{} never works for {name}", self.template);
        if self.template == "rooms" {
            // They leave where they are brought, and the room with them.
            let room = format!("{mark}-{name}");
            let gone = async {
                while sandbox.channel_id(&room).is_some() {
                    // They may have left already.
                    who.leaves_voice().await.ok();
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            let gone = tokio::time::timeout(PATIENCE, gone).await;
            assert!(gone.is_ok(), "{room} stays");
        }
    }
}

/// Clicks a button of the newest message in `panel` that has it; what is answered.
async fn clicked(who: &Actor, button: &str) -> String {
    let mut all = who.messages("panel").into_iter().rev();
    let found = all.find(|it| it.buttons().iter().any(|it| it == button));
    let panel = found.unwrap_or_else(|| panic!("there is no button {button}"));
    let clicked = who.clicks_on(&panel, button).await.unwrap();
    who.expects_reply_to(&clicked).await.unwrap().text()
}

pub(super) async fn fill(form: &mut Form<'_>, (part, fields): Part, address: &str) {
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| match *value {
            ADDRESS => (*name, address),
            value => (*name, value),
        })
        .collect();
    form.fill(part, &fields).await;
}

/// The address of a new webhook into `log`.
pub(super) fn address(sandbox: &Sandbox) -> String {
    let path = sandbox.change_world(|world| {
        let channel = world.channel_in("Sandbox", "log").unwrap();
        let owner = world.user_named("owner").unwrap();
        let (id, token) = world.add_webhook(channel, "bridge", owner);
        format!("webhooks/{id}/{token}")
    });
    format!("http://{}/api/v10/{path}", sandbox.addr())
}
