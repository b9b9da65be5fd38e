//! Transcript of messages and modals.

use serde_json::Value;

use crate::view::{MessageView, button_label, modal_fields};

/// A message as transcripts show it, one string per line: `  Cogwright: Hello`, embeds as
/// `  [title] description`, buttons as `  (Label)`, menus as `  <placeholder: a, b>`.
///
/// # Examples
///
/// See `sandbox/README.md`.
#[must_use]
pub fn transcript(message: &MessageView) -> Vec<String> {
    let mut lines = Vec::new();
    let mark = match (message.ephemeral, message.edited) {
        (true, true) => " (ephemeral, edited)",
        (true, false) => " (ephemeral)",
        (false, true) => " (edited)",
        (false, false) => "",
    };
    let content = if message.loading {
        "is thinking…"
    } else {
        &message.content
    };
    let mut written = content.lines();
    let first = written.next().unwrap_or_default();
    lines.push(
        format!("  {}{mark}: {first}", message.author)
            .trim_end()
            .to_owned(),
    );
    lines.extend(written.map(|line| format!("    {line}")));
    for embed in &message.embeds {
        push_embed(embed, &mut lines);
    }
    lines.extend(
        message
            .attachments
            .iter()
            .map(|name| format!("  [file] {name}")),
    );
    let mut row = String::new();
    for component in message.walk_components() {
        match component["type"].as_u64() {
            Some(2) => {
                let label = button_label(component);
                let state = if component["disabled"] == true {
                    ", disabled"
                } else {
                    ""
                };
                row.push_str(&format!(" ({label}{state})"));
            }
            Some(3 | 5..=8) => {
                let name = component["placeholder"]
                    .as_str()
                    .or_else(|| component["custom_id"].as_str());
                let options = component["options"]
                    .as_array()
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                let options: Vec<_> = options
                    .iter()
                    .filter_map(|option| option["label"].as_str())
                    .collect();
                row.push_str(&format!(
                    " <{}: {}>",
                    name.unwrap_or_default(),
                    options.join(", ")
                ));
            }
            Some(10) => lines.extend(
                component["content"]
                    .as_str()
                    .into_iter()
                    .flat_map(str::lines)
                    .map(|line| format!("  {line}")),
            ),
            _ => {}
        }
    }
    if !row.is_empty() {
        lines.push(format!(" {row}"));
    }
    lines
}

fn push_embed(embed: &Value, lines: &mut Vec<String>) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let description = text(&embed["description"]);
    let mut written = description.lines();
    let head = format!(
        "  [{}] {}",
        text(&embed["title"]),
        written.next().unwrap_or_default()
    );
    lines.push(head.trim_end().to_owned());
    lines.extend(written.map(|line| format!("    {line}")));
    for field in embed["fields"].as_array().into_iter().flatten() {
        lines.push(format!(
            "    {}: {}",
            text(&field["name"]),
            text(&field["value"]).replace('\n', " / ")
        ));
    }
    if let Some(footer) = embed["footer"]["text"].as_str() {
        lines.push(format!("    — {footer}"));
    }
}

/// A modal as transcripts show it.
pub(super) fn modal(modal: &Value) -> Vec<String> {
    let fields: Vec<_> = modal_fields(modal)
        .into_iter()
        .map(|(_, label)| label)
        .collect();
    vec![format!(
        "  {{{}: {}}}",
        modal["title"].as_str().unwrap_or_default(),
        fields.join(", ")
    )]
}
