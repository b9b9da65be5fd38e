//! What an access token is good for, and what not.

use sandbox::{Options, World};
use serde_json::json;

use super::{tokens, with};
use crate::bot::watched;
use crate::openapi::{DESCRIPTION, routes};

#[tokio::test]
async fn guilds_tell_who_owns_them_and_what_one_may() {
    let mut world = World::sandbox();
    let owner = world.user_named("owner").unwrap();
    // Without the bot's own knowledge of them they are told as well.
    let second = world.add_guild("Second", owner);
    let bot = world.user_named("Cogwright").unwrap();
    world.remove_member(second, bot);
    let sandbox = watched(Options {
        world,
        ..Options::default()
    })
    .await;
    let mut seen = Vec::new();
    for user in ["owner", "mod", "member"] {
        let tokens = tokens(&sandbox, user, "guilds guilds.members.read").await;
        let access = &tokens["access_token"];
        let (status, guilds) = with(&sandbox, access, "GET", "users/@me/guilds").await;
        assert_eq!(status, 200, "{guilds}");
        let guilds = guilds.as_array().unwrap();
        let may_kick = guilds[0]["permissions"]
            .as_str()
            .unwrap()
            .parse::<u64>()
            .unwrap()
            & 2
            != 0;
        seen.push((
            guilds.len(),
            guilds[0]["owner"].as_bool().unwrap(),
            may_kick,
        ));
        let path = format!("users/@me/guilds/{}/member", sandbox.guild_id());
        let (_, member) = with(&sandbox, access, "GET", &path).await;
        assert_eq!(member["user"]["username"], user);
        let (status, unknown) = with(&sandbox, access, "GET", "users/@me/guilds/1/member").await;
        assert_eq!((status, &unknown["code"]), (404, &json!(10004)));
    }
    assert_eq!(seen, [(2, true, true), (1, false, true), (1, false, false)]);
}

#[tokio::test]
async fn a_token_is_good_for_its_scopes() {
    let sandbox = watched(Options::default()).await;
    let member = format!("users/@me/guilds/{}/member", sandbox.guild_id());
    let paths = [
        "users/@me",
        "users/@me/guilds",
        &member,
        "users/@me/connections",
        "oauth2/@me",
    ];
    for (scope, wanted) in [
        ("identify", [200, 401, 401, 401, 200]),
        ("guilds", [401, 200, 401, 401, 200]),
        ("email", [401, 401, 401, 401, 200]),
        ("guilds.members.read", [401, 401, 200, 401, 200]),
        ("connections", [401, 401, 401, 200, 200]),
    ] {
        let tokens = tokens(&sandbox, "member", scope).await;
        for (path, wanted) in paths.iter().zip(wanted) {
            let (status, answer) = with(&sandbox, &tokens["access_token"], "GET", path).await;
            assert_eq!(status, wanted, "{scope} {path} {answer}");
            if status == 401 {
                assert_eq!(answer, json!({"message": "401: Unauthorized", "code": 0}));
            }
        }
        let (_, authorization) = with(&sandbox, &tokens["access_token"], "GET", "oauth2/@me").await;
        assert_eq!(authorization.get("user").is_some(), scope == "identify");
    }
    let tokens = tokens(&sandbox, "member", "identify").await;
    let (_, own) = with(&sandbox, &tokens["access_token"], "GET", "users/@me").await;
    assert!(
        own.get("email").is_none() && own.get("verified").is_none(),
        "{own}"
    );
    assert_eq!(
        with(&sandbox, &json!("guessed"), "GET", "users/@me")
            .await
            .0,
        401
    );
    let refresh = &tokens["refresh_token"];
    assert_eq!(with(&sandbox, refresh, "GET", "users/@me").await.0, 401);
}

/// Whatever scopes it has: no route of the bot's is a user's.
#[tokio::test]
async fn a_token_is_good_for_nothing_of_the_bots() {
    let Some(api) = &*DESCRIPTION else { return };
    let sandbox = watched(Options::default()).await;
    let all = "identify email connections guilds guilds.join guilds.members.read gdm.join \
               applications.commands.permissions.update applications.entitlements";
    let tokens = tokens(&sandbox, "owner", all).await;
    let open = [
        "GET /users/@me",
        "GET /users/@me/guilds",
        "GET /users/@me/guilds/{guild_id}/member",
        "GET /users/@me/connections",
        "GET /oauth2/@me",
        // For anybody.
        "GET /gateway",
    ];
    let mut refused = 0;
    for route in routes(api) {
        let (method, path) = route.split_once(' ').unwrap();
        // The path's own token is what counts there, and a widget is public.
        let own_token =
            path.starts_with("/webhooks/{webhook_id}/") || path.starts_with("/interactions/");
        if open.contains(&route.as_str()) || own_token || path.ends_with("/widget.json") {
            continue;
        }
        let path = path
            .replace("{guild_id}", &sandbox.guild_id().to_string())
            .replace("{application_id}", &sandbox.application_id().to_string());
        let path: Vec<_> = path
            .split('/')
            .skip(1)
            .map(|part| match part.starts_with('{') {
                true => "1",
                false => part,
            })
            .collect();
        let (status, answer) =
            with(&sandbox, &tokens["access_token"], method, &path.join("/")).await;
        assert_eq!(
            (status, &answer["code"]),
            (401, &json!(0)),
            "{route} {answer}"
        );
        refused += 1;
    }
    assert!(refused > 150, "{refused}");
}
