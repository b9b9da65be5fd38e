//! Values in words: as they are shown, and as somebody edits them.

use plugin_api::{
    Json,
    abi::SettingView,
    text::{clip, code, plain},
};

/// A value as people read it: mentions where it is somebody or something of the server's.
pub(crate) fn shown(one: &SettingView, value: &Json) -> String {
    let kind = match one.kind.as_deref() {
        Some("list") => one.items.as_deref(),
        kind => kind,
    };
    let item = |value: &Json| {
        let id = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        match kind {
            Some("channel") => format!("<#{id}>"),
            Some("role") => format!("<@&{id}>"),
            Some("user") => format!("<@{id}>"),
            _ => code(&clip(&id, 200)),
        }
    };
    match value {
        Json::Null => "unset".to_owned(),
        Json::Array(items) if items.is_empty() => "none".to_owned(),
        Json::Array(items) => items.iter().map(item).collect::<Vec<_>>().join(", "),
        value => item(value),
    }
}

/// A value as somebody would type it.
pub(crate) fn editable(value: &Json) -> String {
    let item = |value: &Json| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    match value {
        Json::Null => String::new(),
        // A comma within an entry is kept by JSON's quotes.
        Json::Array(items) if items.iter().any(|one| item(one).contains(',')) => value.to_string(),
        Json::Array(items) => items.iter().map(item).collect::<Vec<_>>().join(", "),
        value => item(value),
    }
}

/// Where a value comes from.
pub(crate) fn origin(one: &SettingView) -> &'static str {
    match &*one.from {
        "server" => "this server",
        "file" => "config.toml",
        _ => "nobody has set it: the default",
    }
}

/// A setting in two lines: what it is for, and what it is.
pub(crate) fn lines(one: &SettingView) -> String {
    let value = |value: &Json| match value {
        Json::Null => "unset".to_owned(),
        value => format!("`{}`", plain(&value.to_string()).replace('`', "ˋ")),
    };
    let takes = match &*one.takes {
        "" => String::new(),
        takes => format!(" · {takes}"),
    };
    let restart = match one.waits_for_restart {
        true => " · waits for a restart",
        false => "",
    };
    format!(
        "{}\n{} ({}) · default {}{takes}{restart}",
        plain(&one.description),
        value(&one.value),
        one.from,
        value(&one.default),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_read_by_people_and_typed_again() {
        let mut one = SettingView::default();
        assert_eq!(shown(&one, &Json::Null), "unset");
        assert_eq!(shown(&one, &json!("a`b")), "`aˋb`");
        one.kind = Some("list".into());
        one.items = Some("role".into());
        assert_eq!(shown(&one, &json!(["1", "2"])), "<@&1>, <@&2>");
        assert_eq!(shown(&one, &json!([])), "none");
        assert_eq!(editable(&json!(["1", "2"])), "1, 2");
        assert_eq!(editable(&json!(["a, b"])), r#"["a, b"]"#);
        assert_eq!(editable(&json!("5m")), "5m");
        assert_eq!(editable(&Json::Null), "");
    }
}
