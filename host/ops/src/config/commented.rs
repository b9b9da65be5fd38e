//! Tests that hold the commented `default.toml` against the settings and against the checkout's example.

use super::*;

fn parse(text: &str) -> Config {
    Config::parse(text, "config.toml").unwrap_or_else(|error| panic!("{error}"))
}

/// The commented file with the settings that are unset by default switched on: `#key = value`.
fn uncommented() -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(setting) if setting.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => {
            setting.to_owned()
        }
        _ => line.to_owned(),
    };
    COMMENTED.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_of_the_checkout_is_this_file() {
    // Read and not compiled in: a change of the example rebuilds no host.
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap();
    let example = fs::read_to_string(root.join("config.toml")).unwrap();
    assert!(
        example == COMMENTED,
        "copy host/ops/src/config/default.toml to config.toml, or the other way round"
    );
}

#[test]
fn the_commented_file_is_the_default() {
    assert_eq!(parse(COMMENTED), Config::default());
}

#[test]
fn the_commented_file_has_every_setting() {
    let text = uncommented();
    let full = parse(&text);
    assert!(
        full.discord.http_proxy.is_some()
            && full.discord.api_url.is_some()
            && full.discord.gateway_url.is_some()
            && !full.plugins.is_empty()
    );

    let file: toml::Table = text.parse().unwrap();
    let mut document = Document::parse("").unwrap();
    Config::read(&mut document);
    let absent: Vec<_> = document
        .known_keys()
        .into_iter()
        .filter(|(table, key)| file.get(*table).and_then(|table| table.get(key)).is_none())
        .collect();
    assert_eq!(absent, []);
}

#[test]
fn every_setting_has_a_comment() {
    let lines: Vec<_> = COMMENTED.lines().collect();
    for pair in lines
        .windows(2)
        .filter(|pair| pair[1].contains(" = ") && !pair[1].starts_with("# "))
    {
        assert!(pair[0].starts_with("# "), "no comment above {}", pair[1]);
    }
}
