//! Tests of the judge: each right, each rank and each place at its edge.

use super::*;

const HERE: Guild = Id::new(1);

fn role(position: i64) -> RoleSeen {
    let id = Id::new(50);
    RoleSeen {
        id,
        name: "Tea".into(),
        rank: Rank::new(position, id),
        managed: false,
        permissions: Permissions::empty(),
    }
}

/// All is allowed to all; the maker's top role is at 5, the bot's at 8.
fn open() -> Standing {
    let all = Permissions::all() - Permissions::ADMINISTRATOR;
    Standing {
        maker: all,
        bot: all,
        maker_is_owner: false,
        maker_top: Rank::new(5, Id::new(10)),
        bot_top: Rank::new(8, Id::new(11)),
        channel: Some(ChannelSeen {
            guild: Some(HERE),
            maker: all,
            bot: all,
            is_thread: false,
        }),
        role: Some(role(3)),
        target: Some(Target {
            top: Rank::new(2, Id::new(12)),
            above_all: false,
        }),
    }
}

fn check(action: &Action, change: impl FnOnce(&mut Standing), wanted: Option<&str>) {
    let mut standing = open();
    change(&mut standing);
    let judged = judge(action, &Occasion::new(HERE), &standing);
    match (judged, wanted) {
        (Ok(()), None) => {}
        (Err(why), Some(wanted)) if why.contains(wanted) => {}
        (judged, wanted) => panic!("{action:?}: {judged:?} instead of {wanted:?}"),
    }
}

#[test]
fn a_message_goes_where_its_maker_and_the_bot_may_write() {
    let send = Action::Send {
        channel: Id::new(9),
        text: String::new(),
        embed: None,
    };
    let seen = |standing: &mut Standing, change: fn(&mut ChannelSeen)| {
        change(standing.channel.as_mut().unwrap())
    };
    check(&send, |_| {}, None);
    check(
        &send,
        |it| seen(it, |it| it.bot -= Permissions::SEND_MESSAGES),
        Some("I may not write in <#9>"),
    );
    check(
        &send,
        |it| seen(it, |it| it.maker -= Permissions::VIEW_CHANNEL),
        Some("maker may not write"),
    );
    check(
        &send,
        |it| seen(it, |it| it.guild = Some(Id::new(2))),
        Some("not one of this server"),
    );
    check(
        &send,
        |it| seen(it, |it| it.guild = None),
        Some("not one of this server"),
    );
    check(
        &send,
        |it| it.channel = None,
        Some("not one of this server"),
    );
    let threaded = |it: &mut ChannelSeen| {
        it.is_thread = true;
        it.bot -= Permissions::SEND_MESSAGES;
    };
    check(&send, |it| seen(it, threaded), None);
    let delete = Action::Delete {
        channel: Id::new(9),
        message: Id::new(5),
    };
    check(
        &delete,
        |it| seen(it, |it| it.maker -= Permissions::MANAGE_MESSAGES),
        Some("maker may not delete"),
    );
}

#[test]
fn a_role_is_below_its_maker_and_the_bot() {
    let give = Action::GiveRole {
        user: Id::new(7),
        role: Id::new(50),
    };
    let at = |position: i64| move |it: &mut Standing| it.role = Some(role(position));
    check(&give, at(4), None);
    // Equal positions: the older role is the higher one, and 10 and 11 are older than 50.
    check(&give, at(5), None);
    check(
        &give,
        at(6),
        Some("not below the highest role of the automation's maker"),
    );
    check(&give, at(8), Some("highest role of the automation's maker"));
    check(&give, at(9), Some("not below my highest role"));
    check(
        &give,
        |it| (it.maker_is_owner, it.role) = (true, Some(role(7))),
        None,
    );
    check(
        &give,
        |it| (it.maker_is_owner, it.role) = (true, Some(role(9))),
        Some("not below my highest role"),
    );
    check(
        &give,
        |it| it.role.as_mut().unwrap().managed = true,
        Some("an integration"),
    );
    check(&give, |it| it.role = None, Some("not one of this server"));
    check(
        &give,
        |it| it.maker -= Permissions::MANAGE_ROLES,
        Some("maker may not manage roles"),
    );
    check(
        &give,
        |it| it.bot -= Permissions::MANAGE_ROLES,
        Some("I may not manage roles"),
    );
    let strong = |it: &mut Standing| {
        it.maker -= Permissions::BAN_MEMBERS;
        it.role.as_mut().unwrap().permissions = Permissions::BAN_MEMBERS;
    };
    check(&give, strong, Some("may more than the automation's maker"));
    check(
        &Action::TakeRole {
            user: Id::new(7),
            role: Id::new(50),
        },
        strong,
        None,
    );
    let make = |give| Action::CreateRole {
        name: "Tea".into(),
        color: None,
        give,
    };
    check(&make(None), at(9), None);
    check(
        &make(Some(Id::new(7))),
        at(9),
        Some("not below my highest role"),
    );
    check(&make(Some(Id::new(7))), |it| it.role = None, None);
}

#[test]
fn a_time_out_reaches_nobody_who_is_not_below() {
    let out = Action::TimeOut {
        user: Id::new(7),
        seconds: 60,
    };
    check(&out, |_| {}, None);
    let lacking = |it: &mut Standing| it.maker -= Permissions::MODERATE_MEMBERS;
    check(&out, lacking, Some("maker may not time members out"));
    let reached = |change: &dyn Fn(&mut Standing)| {
        let mut standing = open();
        change(&mut standing);
        reaches(&out, &standing)
    };
    let top = |position: i64| {
        move |it: &mut Standing| {
            it.target.as_mut().unwrap().top = Rank::new(position, Id::new(99));
        }
    };
    assert!(reached(&|_| {}));
    assert!(reached(&top(4)));
    assert!(!reached(&top(6)), "above the maker");
    assert!(!reached(&top(9)), "above the bot");
    assert!(!reached(&|it| it.target = None), "gone");
    assert!(!reached(&|it| it.target.as_mut().unwrap().above_all = true));
    let of_owner = |it: &mut Standing| {
        it.maker_is_owner = true;
        top(6)(it);
    };
    assert!(reached(&of_owner));
}

#[test]
fn a_webhook_is_for_those_who_manage_webhooks() {
    let post = Action::Webhook {
        url: "https://a.example".into(),
        payload: "{}".into(),
    };
    check(&post, |_| {}, None);
    check(
        &post,
        |it| it.maker -= Permissions::MANAGE_WEBHOOKS,
        Some("manage webhooks"),
    );
    check(
        &Action::Dm {
            user: Id::new(7),
            text: String::new(),
            embed: None,
        },
        |it| it.maker = Permissions::empty(),
        None,
    );
}
