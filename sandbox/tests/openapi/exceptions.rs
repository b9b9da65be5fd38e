//! Exceptions where openapi.json is not what Discord does. Each entry has its reason; one that fits nothing any more
//! fails.

use serde_json::{Value, json};

/// Places in the description and what should stand there.
fn corrections() -> Vec<(&'static str, Value)> {
    vec![
        // The codes in the tree of `errors` are words: `BASE_TYPE_REQUIRED`. The reference shows them so.
        (
            "/components/schemas/InnerErrors/properties/_errors/items",
            json!({"type": "object", "required": ["code", "message"],
                "properties": {"code": {"type": "string"}, "message": {"type": "string"}}}),
        ),
        // The page on rate limits: "code?", and its examples are without.
        (
            "/components/schemas/RatelimitedResponse/allOf/0",
            json!({"type": "object", "required": ["message"],
                "properties": {"code": {"type": "integer"}, "message": {"type": "string"}}}),
        ),
        // The reference has forwards, and `message_snapshots` are described.
        (
            "/components/schemas/MessageReferenceType/oneOf",
            json!([{"title": "DEFAULT", "const": 0}, {"title": "FORWARD", "const": 1}]),
        ),
        // "type: the type of interaction callback": 5 for a deferred answer, which has a message, too.
        (
            "/components/schemas/CreateMessageInteractionCallbackResponse/properties/type/enum",
            json!([4, 5]),
        ),
    ]
}

/// Routes that Discord serves and documents, but does not describe here.
pub const UNDESCRIBED: [(&str, &str); 3] = [
    (
        "GET /applications/{application_id}/skus",
        "SKU resource: List SKUs",
    ),
    ("POST /oauth2/token", "OAuth2: OAuth2 URLs"),
    ("POST /oauth2/token/revoke", "OAuth2: OAuth2 URLs"),
];

/// The shape of errors at a path, where it is not that of all others: RFC 6749's at the token endpoints.
pub fn error_shape(path: &str) -> Option<Value> {
    path.starts_with("/oauth2/token").then(|| {
        let text = json!({"type": "string"});
        json!({"type": "object", "required": ["error"],
            "properties": {"error": text, "error_description": text}})
    })
}

/// Fields of answers that are documented, but not described: the route, the field, and why.
const FIELDS: [(&str, &str, &str); 1] = [(
    "POST /channels/{channel_id}/threads",
    ".message",
    "Start Thread in Forum or Media Channel: \"returns a channel, with a nested message object\"",
)];

/// Keys of queries that are documented, but not described: operation and key.
pub const QUERIES: [(&str, &str); 0] = [];

/// The description, corrected.
pub fn correct(mut api: Value) -> Value {
    take_permissions_as_text(&mut api);
    for (pointer, wanted) in corrections() {
        let place = api.pointer_mut(pointer);
        *place.unwrap_or_else(|| panic!("{pointer} is no longer in openapi.json")) = wanted;
    }
    api
}

/// A set of permissions is text wherever the reference shows one, and all libraries send text; the description has
/// numbers in requests.
fn take_permissions_as_text(node: &mut Value) {
    for name in ["permissions", "allow", "deny", "default_member_permissions"] {
        let kind = node.pointer_mut(&format!("/properties/{name}/type"));
        if let Some(Value::Array(kinds)) = kind.filter(|kind| **kind == json!(["integer", "null"]))
        {
            kinds.push(json!("string"));
        }
    }
    match node {
        Value::Object(object) => object.values_mut().for_each(take_permissions_as_text),
        Value::Array(list) => list.iter_mut().for_each(take_permissions_as_text),
        _ => {}
    }
}

/// Whether a field that is not described is known to be sent all the same.
pub fn is_known(method: &str, template: &str, fault: &str) -> bool {
    let field = fault.split(':').next().unwrap_or_default();
    let route = format!("{method} {template}");
    let mut known = FIELDS.iter();
    known.any(|(wanted, name, _)| *wanted == route && *name == field)
}
