//! Check of everything that crosses REST against Discord's own description of it, where that lies beside the workspace.
//!
//! A test that starts a sandbox watches it; when the watch ends, what differed fails the test.

mod exceptions;
mod schema;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock, Mutex},
    thread,
};

use sandbox::{Crossing, Sandbox, Way};
use serde_json::{Map, Value, json};

pub use self::schema::Schemas;

/// Discord's description with our corrections; `None` if it is not on this machine.
pub static DESCRIPTION: LazyLock<Option<Value>> = LazyLock::new(|| {
    // The folder of the package under test lies in the workspace.
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/discord/openapi.json"
    );
    match std::fs::read_to_string(path) {
        Ok(text) => Some(exceptions::correct(serde_json::from_str(&text).unwrap())),
        Err(error) => {
            println!("REST is not checked: {path}: {error}");
            None
        }
    }
});

/// Watches a sandbox until it is dropped, and then panics if anything differed.
pub struct Watch(Arc<Mutex<Seen>>);

/// What a watch has seen.
#[derive(Default)]
struct Seen {
    faults: Vec<String>,
    served: BTreeSet<String>,
}

impl Watch {
    /// Checks all that crosses from now on.
    pub fn over(sandbox: &Sandbox) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        if let Some(api) = &*DESCRIPTION {
            let seen = Arc::clone(&seen);
            sandbox.observe(move |crossing| {
                let (route, faults) = check(api, crossing);
                let mut seen = seen.lock().unwrap();
                seen.faults.extend(faults);
                seen.served.extend(route);
            });
        }
        Self(seen)
    }

    /// The routes that were called with success, as `GET /channels/{channel_id}`.
    pub fn served(&self) -> BTreeSet<String> {
        self.0.lock().unwrap().served.clone()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let faults = std::mem::take(&mut self.0.lock().unwrap().faults);
        if !faults.is_empty() && !thread::panicking() {
            panic!("REST differs from openapi.json:\n{}", faults.join("\n"));
        }
    }
}

/// The routes of the description, as `GET /channels/{channel_id}`.
pub fn routes(api: &Value) -> BTreeSet<String> {
    let paths = api["paths"].as_object().unwrap();
    let routes = paths.iter().flat_map(|(path, item)| {
        let methods = item
            .as_object()
            .unwrap()
            .keys()
            .filter(|key| *key != "parameters");
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    routes.collect()
}

/// The route behind a method and a path with ids, and perhaps with a query.
pub fn route_of(api: &Value, method: &str, path: &str) -> Option<String> {
    let (path, _) = path.split_once('?').unwrap_or((path, ""));
    let (template, ..) = operation(api, method, path)?;
    Some(format!("{method} {template}"))
}

/// The route, if it was served, and what differs.
fn check(api: &Value, crossing: &Crossing) -> (Option<String>, Vec<String>) {
    let (Way::Rest, Some(status)) = (crossing.way, crossing.status) else {
        return (None, Vec::new());
    };
    let (method, target) = crossing.what.split_once(' ').unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let schemas = Schemas {
        api,
        of_requests: false,
    };
    let requests = Schemas {
        of_requests: true,
        ..schemas
    };
    let named = |faults: Vec<String>, side: &str| {
        let lines = faults.into_iter();
        lines
            .map(|fault| format!("{method} {path} {status}, {side}{fault}"))
            .collect::<Vec<_>>()
    };
    if !(200..300).contains(&status) {
        let of_path = exceptions::error_shape(path);
        let shape = match status {
            // What a server in trouble says is not described.
            500.. => return (None, Vec::new()),
            // A ban of an address is told by Cloudflare, in plain text.
            429 if crossing.answer == "error code: 1015" => return (None, Vec::new()),
            429 => &api["components"]["schemas"]["RatelimitedResponse"],
            // A method that there is not is told in the usual way there, too.
            405 => &api["components"]["schemas"]["ErrorResponse"],
            _ => of_path
                .as_ref()
                .unwrap_or(&api["components"]["schemas"]["ErrorResponse"]),
        };
        return (
            None,
            named(schemas.faults(shape, &crossing.answer, ""), "answer"),
        );
    }
    let Some((template, operation, parameters)) = operation(api, method, path) else {
        let known = exceptions::UNDESCRIBED
            .iter()
            .any(|(route, _)| is_like(route, method, path));
        let fault = format!("{method} {path}: not described");
        return (None, if known { Vec::new() } else { vec![fault] });
    };
    let mut faults = named(
        parameter_faults(requests, operation, &parameters, query),
        "",
    );
    let content = &operation["requestBody"]["content"];
    if let Some(schema) = content["application/json"].get("schema") {
        // No body counts as an empty one: all libraries unban without.
        let empty = json!({});
        let body = if crossing.body.is_null() {
            &empty
        } else {
            &crossing.body
        };
        faults.extend(named(requests.faults(schema, body, ""), "request"));
    }
    match operation["responses"].get(status.to_string()) {
        None => faults.push(format!(
            "{method} {path}: answers {status}, which is not described"
        )),
        Some(response) => match response["content"]["application/json"].get("schema") {
            Some(schema) => {
                faults.extend(named(
                    schemas.faults(schema, &crossing.answer, ""),
                    "answer",
                ));
                let strangers = schemas.strangers(schema, &crossing.answer, "");
                let strangers = strangers
                    .into_iter()
                    .filter(|fault| !exceptions::is_known(method, template, fault));
                faults.extend(named(strangers.collect(), "answer"));
            }
            None if response.get("content").is_none() && !crossing.answer.is_null() => {
                faults.push(format!("{method} {path}: answers {status} with a body"));
            }
            None => {}
        },
    }
    (Some(format!("{method} {template}")), faults)
}

/// The operation behind a path, its template, and its parameters.
fn operation<'a>(
    api: &'a Value,
    method: &str,
    path: &str,
) -> Option<(&'a str, &'a Value, Vec<&'a Value>)> {
    let fits = api["paths"]
        .as_object()?
        .iter()
        .filter(|(template, _)| matches(template, path));
    // `/guilds/templates/{code}` before `/guilds/{guild_id}`.
    let (template, item) = fits.min_by_key(|(template, _)| template.matches('{').count())?;
    let operation = item.get(method.to_lowercase())?;
    let parameters = [&item["parameters"], &operation["parameters"]];
    let parameters = parameters.into_iter().filter_map(Value::as_array).flatten();
    Some((template, operation, parameters.collect()))
}

fn matches(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    let fits = wanted
        .by_ref()
        .zip(given.by_ref())
        .all(|(wanted, given)| wanted == given || (wanted.starts_with('{') && !given.is_empty()));
    fits && template.split('/').count() == path.split('/').count()
}

fn is_like(route: &str, method: &str, path: &str) -> bool {
    route
        .split_once(' ')
        .is_some_and(|(wanted, template)| wanted == method && matches(template, path))
}

/// What is wrong with the query: unknown keys, missing ones, values of another type.
fn parameter_faults<'a>(
    schemas: Schemas<'a>,
    operation: &Value,
    parameters: &[&'a Value],
    query: &str,
) -> Vec<String> {
    let mut given: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        given.entry(decode(name)).or_default().push(decode(value));
    }
    let mut faults = Vec::new();
    let queries = parameters
        .iter()
        .filter(|parameter| parameter["in"] == "query");
    let mut described = Map::new();
    for parameter in queries {
        let name = parameter["name"].as_str().unwrap();
        described.insert(name.to_owned(), Value::Null);
        match given.get(name) {
            Some(values) => {
                let schema = &parameter["schema"];
                let tried = readings(values);
                let fits = tried
                    .iter()
                    .map(|value| schemas.faults(schema, value, &format!("query.{name}")));
                faults.extend(fits.min_by_key(Vec::len).unwrap_or_default());
            }
            None if parameter["required"] == true => faults.push(format!("query.{name}: missing")),
            None => {}
        }
    }
    let unknown = given.keys().filter(|name| !described.contains_key(*name));
    let id = operation["operationId"].as_str().unwrap_or_default();
    let unknown = unknown.filter(|name| !exceptions::QUERIES.contains(&(id, name.as_str())));
    faults.extend(unknown.map(|name| format!("query.{name}: not described")));
    faults
}

/// What the text of a query may mean.
fn readings(values: &[String]) -> Vec<Value> {
    let mut readings = vec![json!(values)];
    if let [one] = values {
        readings.push(json!(one));
        readings.push(json!(one.split(',').collect::<Vec<_>>()));
        readings.extend(one.parse::<i64>().map(Value::from));
        // Discord takes both spellings, and discord.py sends 1 and 0.
        match one.to_lowercase().as_str() {
            "true" | "1" => readings.push(Value::from(true)),
            "false" | "0" => readings.push(Value::from(false)),
            _ => {}
        }
    }
    readings
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let hex = [rest.next().unwrap(), rest.next().unwrap()];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
            }
            b'+' => bytes.push(b' '),
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).unwrap()
}
