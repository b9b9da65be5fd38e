//! A request to a plugin's route, as a frame, and its answer.

use std::{sync::Arc, time::Duration};

use host_base::PluginName;
use host_loader::{EventRecord, Invocation, Packet, Refused, Rights, next_id};
use plugin_api::{
    abi::{
        EntryKind, ErrorHead, EventHeader, InvokeHead, RouteAnswer, RouteCall, frame_kind, pages,
    },
    manifest::{Manifest, RightLevel, RouteManifest},
};
use tokio::time::timeout;

use crate::{path, site::Site};

/// What a route may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// What the host waits beyond that.
const GRACE: Duration = Duration::from_secs(1);

/// Why there is no answer of the plugin's.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// It is not loaded, or was unloaded meanwhile.
    Away(String),
    /// It has too much to do.
    Busy(String),
    /// It took too long.
    Late(String),
    /// It failed.
    Failed(ErrorHead),
    /// It answered something that is no reply.
    Unreadable(String),
}

/// What a route's right is called among all rights: those that the plugin declares have its name in front.
pub(crate) fn right_of(manifest: &Manifest, right: &str) -> String {
    let rights = &manifest.pages.rights;
    match rights.iter().any(|it| it.name == right) {
        true => format!("{}/{right}", manifest.name),
        false => right.to_owned(),
    }
}

/// Why somebody may not use a route or follow a topic.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// Their role does not include this right.
    Right(String),
    /// Their role is for servers of their own, and this is about none.
    Server,
}

/// What a right is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// A route about one server, which whoever asks owns or manages where their role says so.
    Server,
    /// A route about no server.
    All,
    /// A topic: what is published there is of no server.
    Topic,
}

/// Whether somebody has a plugin's right. Where they have theirs for servers of their own, what is about no server is for them if the plugin
/// says that it keeps to these; what a route asks of the host is looked at with each call.
pub(crate) fn permits(
    manifest: &Manifest,
    right: &str,
    rights: &Rights,
    about: About,
) -> Result<(), Missing> {
    if right.is_empty() {
        return Ok(());
    }
    let name = right_of(manifest, right);
    if !rights.has(&name) {
        return Err(Missing::Right(name));
    }
    let mut declared = manifest.pages.rights.iter();
    let keeps_to_servers = match declared.find(|it| it.name == right) {
        Some(it) => it.by_server || it.level == RightLevel::Server,
        None => about != About::Topic,
    };
    match rights.own_servers && about != About::Server && !keeps_to_servers {
        true => Err(Missing::Server),
        false => Ok(()),
    }
}

/// The rights of somebody as a plugin is told of them: host calls, and its own without its name.
pub(crate) fn told(rights: &Rights, plugin: &str) -> Vec<String> {
    let own = format!("{plugin}/");
    let names = rights
        .names
        .iter()
        .filter_map(|name| match name.strip_prefix(&own) {
            Some(name) => Some(name.to_owned()),
            None => (!name.contains('/')).then(|| name.clone()),
        });
    names.collect()
}

/// Which route of a plugin a request is for: the route and the path's parameters, or the methods that the path has instead.
pub(crate) fn find<'a>(
    manifest: &'a Manifest,
    method: &str,
    asked: &str,
) -> Result<
    (
        &'a RouteManifest,
        std::collections::BTreeMap<String, String>,
    ),
    Vec<&'a str>,
> {
    let routes = &manifest.pages.routes;
    let of_method = routes.iter().filter(|route| route.method == method);
    let of_method = of_method.map(|route| (&*route.path, route));
    path::best(of_method, asked).ok_or_else(|| {
        let fitting = routes
            .iter()
            .filter(|it| path::matched(&it.path, asked).is_some());
        fitting.map(|route| &*route.method).collect()
    })
}

/// Asks a plugin's route for somebody with these rights.
pub(crate) async fn ask(
    site: &Site,
    plugin: &PluginName,
    entry: &str,
    rights: Arc<Rights>,
    call: &RouteCall,
    body: &[u8],
) -> Result<(RouteAnswer, Vec<u8>), Unanswered> {
    let head = InvokeHead {
        kind: EntryKind::Route,
        entry: entry.to_owned(),
        from: None,
        deadline_ms: Some(DEADLINE.as_millis().try_into().unwrap_or(u64::MAX)),
        event: None,
    };
    let id = next_id();
    let header = EventHeader {
        user_id: call.session.user_id,
        ..EventHeader::EMPTY
    };
    let invocation = Invocation {
        id,
        way: "page",
        what: entry.to_owned(),
        plugin: plugin.clone(),
        event: Arc::new(EventRecord {
            header,
            content: String::new(),
            user_name: call.session.name.clone(),
            json: "{}".to_owned(),
        }),
        via: Vec::new(),
        rights: Some(rights),
    };
    let packet = Packet::new(frame_kind::INVOKE, id, &head)
        .with_payload(pages::joined(call, body))
        .named(entry)
        .on_behalf_of(Some(Arc::new(invocation)))
        .asked_by_plugin();
    let queued = site.routes.with_plugin(plugin, |slot| slot.invoke(packet));
    let answer = match queued {
        None => {
            return Err(Unanswered::Away(format!(
                "The plugin `{plugin}` is not loaded."
            )));
        }
        Some(Err(Refused::Closed)) => {
            return Err(Unanswered::Away(format!(
                "The plugin `{plugin}` is being unloaded."
            )));
        }
        Some(Err(Refused::Full)) => {
            return Err(Unanswered::Busy(format!(
                "The plugin `{plugin}` has too much to do. Please try again in a moment."
            )));
        }
        Some(Ok(answer)) => answer,
    };
    // The plugin ends the handler itself, unless its thread is stuck.
    let answer = match timeout(DEADLINE + GRACE, answer).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => {
            return Err(Unanswered::Away(format!(
                "The plugin `{plugin}` was unloaded, or its thread ended, before it had answered."
            )));
        }
        Err(_) => {
            return Err(Unanswered::Late(format!(
                "The plugin `{plugin}` has not answered within {} s.",
                DEADLINE.as_secs()
            )));
        }
    };
    if let Some(error) = answer.error() {
        return Err(Unanswered::Failed(error));
    }
    let (answer, body) = pages::split::<RouteAnswer>(&answer.body)
        .map_err(|error| Unanswered::Unreadable(error.to_string()))?;
    Ok((answer, body.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        serde_json::from_str(
            r#"{"name": "tea", "pages": {"rights": [{"name": "pour"}, {"name": "see", "level": "server"}], "routes": [
                {"method": "GET", "path": "/{room}"}, {"method": "GET", "path": "/new"}, {"method": "POST", "path": "/new"}]}}"#,
        )
        .unwrap()
    }

    #[test]
    fn a_request_finds_its_route_or_the_methods_that_there_are() {
        let manifest = manifest();
        assert_eq!(find(&manifest, "GET", "/new").unwrap().0.path, "/new");
        let (route, params) = find(&manifest, "GET", "/old").unwrap();
        assert_eq!((&*route.path, &*params["room"]), ("/{room}", "old"));
        assert_eq!(
            find(&manifest, "DELETE", "/new").unwrap_err(),
            ["GET", "GET", "POST"]
        );
        assert!(find(&manifest, "GET", "/a/b").unwrap_err().is_empty());
    }

    #[test]
    fn a_role_for_ones_own_servers_reaches_nothing_that_is_about_all_of_them() {
        let manifest = manifest();
        let mut rights = Rights {
            names: ["tea/pour", "tea/see", "plugins.list"]
                .map(str::to_owned)
                .into(),
            ..Rights::default()
        };
        let of = |rights: &Rights, right, about| permits(&manifest, right, rights, about);
        for right in ["", "pour", "see", "plugins.list"] {
            assert_eq!(of(&rights, right, About::Topic), Ok(()), "{right}");
        }
        let missing = of(&rights, "plugins.load", About::Server);
        assert_eq!(missing, Err(Missing::Right("plugins.load".to_owned())));
        rights.own_servers = true;
        for (right, page, topic) in [
            ("", Ok(()), Ok(())),
            ("see", Ok(()), Ok(())),
            ("pour", Err(Missing::Server), Err(Missing::Server)),
            // The call is looked at when it is made.
            ("plugins.list", Ok(()), Err(Missing::Server)),
        ] {
            assert_eq!(of(&rights, right, About::All), page, "{right}");
            assert_eq!(of(&rights, right, About::Topic), topic, "{right}");
            assert_eq!(of(&rights, right, About::Server), Ok(()), "{right}");
        }
    }

    #[test]
    fn a_plugin_is_told_of_calls_and_of_its_own_rights() {
        let manifest = manifest();
        assert_eq!(right_of(&manifest, "pour"), "tea/pour");
        assert_eq!(right_of(&manifest, "plugins.list"), "plugins.list");
        let rights = Rights {
            names: ["tea/pour", "cake/eat", "plugins.list"]
                .map(str::to_owned)
                .into(),
            ..Rights::default()
        };
        assert_eq!(told(&rights, "tea"), ["plugins.list", "pour"]);
    }
}
