//! Tests of reading a whole configuration.

use super::*;

/// Parses `text` and compares the problems, one line each.
#[track_caller]
fn check(text: &str, expect: &[&str]) {
    let error = Config::parse(text, "c").map(|_| ()).unwrap_err();
    assert_eq!(error.to_string().lines().collect::<Vec<_>>(), expect);
}

#[track_caller]
fn config(text: &str) -> Config {
    Config::parse(text, "c").unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn empty_means_defaults() {
    assert_eq!(config(""), Config::default());
    assert_eq!(config("[bot]\n[status]\n[plugins]\n"), Config::default());
    assert_eq!(config("\u{feff}[bot]\nprefix = '!'\n"), Config::default());
}

#[test]
fn every_setting_is_read() {
    let config = config(
        r#"
        discord = { http_proxy = "localhost:3000", gateway_url = "wss://gateway.example/?v=10" }
        bot = { prefix = "hey ", mention_prefix = false, owner_ids = [80351110224678912, "175928847299117063"] }
        extensions.folder = "/plugins"
        extensions.auto_load = false
        extensions.auto_reload = false
        extensions.blacklist = ["ping"]
        extensions.debounce_ms = 50
        extensions.probe = false
        extensions.probe_timeout_ms = 1
        extensions.start_timeout_ms = 2
        extensions.save_timeout_ms = 3
        extensions.stop_timeout_ms = 4
        extensions.save_every_s = 5
        extensions.panics_per_minute = 6
        extensions.canary_failure_percent = 30
        extensions.pinned_limit_mb = 10
        extensions.keep_files = 7
        extensions.crash_strikes = 7
        extensions.crash_window_s = 60
        extensions.unclear_crashes = 8
        extensions.unclear_window_s = 9
        extensions.safe = ["help"]
        limits = { main_loop_s = 8, watchdog_s = 0, abandoned_generations = 1, handler_deadline_s = 2, heap_mb = 3, host_calls_per_second = 4, log_lines_per_second = 5, invalid_requests_percent = 6, plugin_invalid_requests_percent = 7 }
        status = { text = "with fire", kind = "playing", presence = "dnd", interval_s = 15 }
        log = { level = "warn,host=debug", plugins = { ping = "debug" }, colour = "never", json = true, files = false, folder = "/logs", max_file_bytes = 100_000, files_kept = 0, days_kept = 1 }
        pages = { listen = "off", url = "https://b.example", hosts = ["b"], tls_cert = "/c", tls_key = "/k", metrics = true, server_owners = true, idle_minutes = 1, session_hours = 2, body_bytes = 2000, upload_bytes = 3000, requests_per_minute = 100 }
        remote = { url = "wss://d.example/remote", key = "0000000000000000000000000000000000000000000000000000000000000001", role = "Helper" }
        metrics.listen = "0.0.0.0:1"
        shutdown.timeout_ms = 5
        data.folder = "/data"
        "#,
    );
    assert_eq!(config.discord.http_proxy.as_deref(), Some("localhost:3000"));
    assert_eq!(
        config.discord.gateway_url.as_deref(),
        Some("wss://gateway.example/?v=10")
    );
    let owner_ids = vec![80351110224678912, 175928847299117063];
    assert_eq!(
        config.bot,
        Bot {
            prefix: "hey ".into(),
            mention_prefix: false,
            owner_ids
        }
    );
    let extensions = Extensions {
        enforce_dependencies: true,
        enforce_conflicts: true,
        folder: "/plugins".into(),
        auto_load: false,
        auto_reload: false,
        blacklist: vec!["ping".into()],
        debounce_ms: 50,
        probe: false,
        probe_timeout_ms: 1,
        start_timeout_ms: 2,
        save_timeout_ms: 3,
        stop_timeout_ms: 4,
        save_every_s: 5,
        panics_per_minute: 6,
        canary_failure_percent: 30,
        pinned_limit_mb: 10,
        keep_files: 7,
        crash_strikes: 7,
        crash_window_s: 60,
        unclear_crashes: 8,
        unclear_window_s: 9,
        safe: vec!["help".into()],
    };
    assert_eq!(config.extensions, extensions);
    let limits = Limits {
        watchdog_s: 0,
        abandoned_generations: 1,
        handler_deadline_s: 2,
        heap_mb: 3,
        host_calls_per_second: 4,
        log_lines_per_second: 5,
        invalid_requests_percent: 6,
        plugin_invalid_requests_percent: 7,
        main_loop_s: 8,
    };
    assert_eq!(config.limits, limits);
    let status = Status {
        text: vec!["with fire".into()],
        kind: Activity::Playing,
        presence: Presence::Dnd,
        interval_s: 15,
    };
    assert_eq!(config.status, status);
    assert_eq!(
        config.log,
        Log {
            level: "warn,host=debug".into(),
            plugins: BTreeMap::from([("ping".into(), "debug".into())]),
            colour: Colour::Never,
            json: true,
            files: false,
            folder: "/logs".into(),
            max_file_bytes: 100_000,
            files_kept: 0,
            days_kept: 1,
        }
    );
    assert_eq!(config.metrics.listen, "0.0.0.0:1".parse().ok());
    assert_eq!(
        (config.shutdown.timeout_ms, config.data.folder.as_path()),
        (5, Path::new("/data"))
    );
}

#[test]
fn lists_may_be_empty() {
    let config = config("bot.owner_ids = []\nextensions.blacklist = []\nstatus.text = []");
    assert!(
        config.bot.owner_ids.is_empty()
            && config.extensions.blacklist.is_empty()
            && config.status.text.is_empty()
    );
}

#[test]
fn unknown_keys() {
    check(
        "[bot]\n  prefx = '?'",
        &["c:2:3: unknown key `prefx` in [bot]; did you mean `prefix`?"],
    );
    check(
        "[bot]\nMention-Prefix = true",
        &["c:2:1: unknown key `Mention-Prefix` in [bot]; did you mean `mention_prefix`?"],
    );
    check(
        "[extensions]\ndebounce = 3",
        &["c:2:1: unknown key `debounce` in [extensions]; did you mean `debounce_ms`?"],
    );
    check(
        "[bot]\nauto_load = true",
        &["c:2:1: unknown key `auto_load` in [bot]; it belongs in [extensions]"],
    );
    check(
        "[log]\nzzz = 1",
        &[
            "c:2:1: unknown key `zzz` in [log]; its keys are `level`, `plugins`, `colour`, `json`, `files`, `folder`, `max_file_bytes`, `files_kept`, `days_kept`",
        ],
    );
    check(
        "bot = { x = 1 }",
        &["c:1:9: unknown key `x` in [bot]; its keys are `prefix`, `mention_prefix`, `owner_ids`"],
    );
}

#[test]
fn unknown_tables() {
    check(
        "[extension]",
        &["c:1:2: unknown table [extension]; did you mean [extensions]?"],
    );
    check(
        "prefix = '?'",
        &["c:1:1: unknown key `prefix` outside of any table; it belongs in [bot]"],
    );
    check(
        "foo = 1",
        &["c:1:1: unknown key `foo` outside of any table; put it in the table that it belongs to"],
    );
    check(
        "[music.x]",
        &[
            "c:1:2: unknown table [music]; the tables are [alerts], [answers], [bot], [cache], [commands], [components], [data], [discord], [extensions], [files], [grants], [hooks], [isolation], [limits], [log], [metrics], [pages], [plugins], \
           [remote], [schedules], [secrets], [shutdown], [status], [storage], [web]; a plugin's settings go in [plugins.music]",
        ],
    );
}

#[test]
fn wrong_types() {
    check(
        "[bot]\nprefix = 3",
        &["c:2:10: `prefix` in [bot]: expected a string, found an integer"],
    );
    check(
        "bot.mention_prefix = 'yes'",
        &["c:1:22: `mention_prefix` in [bot]: expected true or false, found a string"],
    );
    check(
        "bot.owner_ids = 5",
        &["c:1:17: `owner_ids` in [bot]: expected a list of user ids, found an integer"],
    );
    check(
        "data.folder = [1]",
        &["c:1:15: `folder` in [data]: expected a string, found a list"],
    );
    check(
        "extensions.debounce_ms = 0.2",
        &[
            "c:1:26: `debounce_ms` in [extensions]: expected a whole number of milliseconds, found a number with a fraction",
        ],
    );
    check(
        "status.text = 1979-05-27",
        &[
            "c:1:15: `text` in [status]: expected a string or a list of strings, found a date or time",
        ],
    );
    check(
        "status.presence = true",
        &[
            "c:1:19: `presence` in [status]: expected one of `online`, `idle`, `dnd`, `invisible`, found true or false",
        ],
    );
    check(
        "bot = 3",
        &["c:1:7: `bot`: expected the table [bot], found an integer"],
    );
    check(
        "[[bot]]\n",
        &["c:1:1: `bot`: expected the table [bot], found a list"],
    );
    check(
        "plugins = 3",
        &["c:1:11: `plugins`: expected the table [plugins], found an integer"],
    );
    check(
        "plugins.ping = 3",
        &["c:1:16: expected the table [plugins.ping], found an integer"],
    );
}

#[test]
fn wrong_values() {
    check(
        "bot.prefix = ' '",
        &["c:1:14: `prefix` in [bot]: the prefix is blank; every message would be a command"],
    );
    check(
        "bot.prefix = ''",
        &["c:1:14: `prefix` in [bot]: the prefix is blank; every message would be a command"],
    );
    check(
        "bot.prefix = 'ä234567'",
        &["c:1:14: `prefix` in [bot]: the prefix has 7 characters; 5 is the most"],
    );
    check(
        "bot.prefix = ' !'",
        &[
            "c:1:14: `prefix` in [bot]: the prefix starts with a blank, which Discord cuts off; nobody could write it",
        ],
    );
    check(
        "status.kind = 'playin'",
        &[
            "c:1:15: `kind` in [status]: expected one of `playing`, `watching`, `listening`, `competing`, `custom`, \
           found `playin`; did you mean `playing`?",
        ],
    );
    check(
        "status.interval_s = 14",
        &["c:1:21: `interval_s` in [status]: expected 15 to 86,400 seconds, found 14"],
    );
    check(
        "shutdown.timeout_ms = -1",
        &["c:1:23: `timeout_ms` in [shutdown]: expected 1 to 3,600,000 milliseconds, found -1"],
    );
    check(
        "shutdown.timeout_ms = 99999999999999999999999",
        &[
            "c:1:23: `timeout_ms` in [shutdown]: expected 1 to 3,600,000 milliseconds, found 99999999999999999999999",
        ],
    );
    check(
        "status.text = ['a', '']",
        &[
            "c:1:21: `text` in [status]: this text is empty; for no status at all, write `text = []`",
        ],
    );
    check(
        "metrics.listen = '9310'",
        &[
            "c:1:18: `listen` in [metrics]: expected an address such as \"127.0.0.1:9310\", or \"off\", found `9310`",
        ],
    );
    check(
        "log.plugins = { ping = 'loud' }",
        &[
            "c:1:24: `plugins` in [log]: `loud` is not a level: error, warn, info, debug, trace or off",
        ],
    );
    check(
        "log.level = 'inof'",
        &["c:1:13: `level` in [log]: `inof` is not a level; did you mean `info`?"],
    );
    check(
        "discord.http_proxy = 'http://x:1'",
        &["c:1:22: `http_proxy` in [discord]: write `host:port` without the `http://`"],
    );
    check(
        "discord.http_proxy = 'x'",
        &["c:1:22: `http_proxy` in [discord]: expected `host:port`, such as `127.0.0.1:8080`"],
    );
    check(
        "discord.gateway_url = 'https://x'",
        &[
            "c:1:23: `gateway_url` in [discord]: expected an address that starts with `ws://` or `wss://`, such as `ws://127.0.0.1:8081`",
        ],
    );
}

#[test]
fn wrong_owner_ids_are_each_named() {
    let error = Config::parse(
        "bot.owner_ids = [80351110224678912, 1, 'me', 0, 2.5, -4]",
        "c",
    )
    .unwrap_err();
    let ConfigError::Invalid { problems } = error else {
        panic!("{error}")
    };
    assert_eq!(
        problems
            .iter()
            .map(|problem| problem.column)
            .collect::<Vec<_>>(),
        [37, 40, 46, 49, 54]
    );
}

#[test]
fn several_problems_at_once_in_the_order_of_the_file() {
    check(
        "[status]\nkind = 3\ncolour = 'x'\n\n[bot]\nprefix = 1\nprefx = 2\n",
        &[
            "c:2:8: `kind` in [status]: expected one of `playing`, `watching`, `listening`, `competing`, `custom`, found an integer",
            "c:3:1: unknown key `colour` in [status]; it belongs in [log]",
            "c:6:10: `prefix` in [bot]: expected a string, found an integer",
            "c:7:1: unknown key `prefx` in [bot]; did you mean `prefix`?",
        ],
    );
}

#[test]
fn errors_of_syntax() {
    let places = |text| match Config::parse(text, "c").unwrap_err() {
        ConfigError::Invalid { problems } => problems
            .into_iter()
            .map(|Problem { line, .. }| line)
            .collect::<Vec<_>>(),
        error => panic!("{error}"),
    };
    assert_eq!(places("[bot]\nprefix = \n\n[log\n"), [2, 4]);
    assert_eq!(places("[bot]\nprefix = '!'\nprefix = '?'\n"), [3]);
    assert_eq!(places("[bot]\nprefix = '!"), [2]);
}

#[test]
fn columns_count_characters() {
    check(
        "status.text = ['äöü', 3]",
        &["c:1:23: `text` in [status]: expected a string, found an integer"],
    );
}

#[test]
fn a_plugin_in_two_spellings_is_refused_and_not_merged() {
    let twice = |table: &str| {
        format!(
            "`my_shop` in [{table}] is the plugin `my_shop`, of which there is an entry already; keep one"
        )
    };
    check(
        "[plugins.my-shop]\na = 1\n[plugins.my_shop]\na = 2",
        &[&format!("c:3:10: {}", twice("plugins"))],
    );
    check(
        "[grants.my-shop]\nweb = []\n[grants.my_shop]\nweb = []",
        &[&format!("c:3:9: {}", twice("grants"))],
    );
    check(
        "log.plugins = { my-shop = 'info', my_shop = 'off' }",
        &[&format!(
            "c:1:35: `plugins` in [log]: {}",
            twice("log.plugins")
        )],
    );
    let one = config("[plugins.'my shop']\na = 1");
    assert_eq!(one.plugin_settings(&"my-shop".into())["a"], 1);
}

#[test]
fn settings_of_plugins_are_kept_and_become_json() {
    let config = config(
        "[plugins.ping]\nreply = 'pong'\ntimes = 0x10\nratio = 0.5\non = true\nsince = 1979-05-27\nlist = [1, { a = 2 }]\n[plugins.ping.deep]\nx = 1\n[plugins.'od-d']\n",
    );
    let expect = serde_json::json!({
        "reply": "pong", "times": 16, "ratio": 0.5, "on": true, "since": "1979-05-27",
        "list": [1, { "a": 2 }], "deep": { "x": 1 },
    });
    assert_eq!(config.plugin_settings(&"ping".into()), expect);
    assert_eq!(
        config.plugin_settings(&"od-d".into()),
        serde_json::json!({})
    );
    assert_eq!(
        config.plugin_settings(&"absent".into()),
        serde_json::json!({})
    );
    assert_eq!(config.plugins.len(), 2);
}

#[test]
fn settings_that_json_cannot_say_are_refused() {
    let json =
        "a plugin's settings are JSON, which has no such number; leave it out or write a string";
    check(
        "[plugins.p]\na = inf\nb = [nan]\nc = 99999999999999999999\nd = 1e999",
        &[
            &format!("c:2:5: {json}"),
            &format!("c:3:6: {json}"),
            "c:4:5: this number does not fit in 64 bits; write it as a string",
            &format!("c:5:5: {json}"),
        ],
    );
}

#[test]
fn files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    assert_eq!(Config::load(&path).unwrap(), Config::default());

    fs::write(&path, "[bot]\nprefix = '?'").unwrap();
    assert_eq!(Config::load(&path).unwrap().bot.prefix, "?");

    fs::write(&path, "[bot]\nprefix = 1").unwrap();
    assert!(
        Config::load(&path)
            .unwrap_err()
            .to_string()
            .starts_with(&format!("{}:2:10: ", path.display()))
    );

    fs::write(&path, b"[bot]\n# caf\xe9").unwrap();
    let error = Config::load(&path).unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "{}:2:6: this is not UTF-8 text; save the file as UTF-8",
            path.display()
        )
    );

    assert!(matches!(
        Config::load(folder.path()).unwrap_err(),
        ConfigError::Unreadable { .. }
    ));
}

#[test]
fn alerts_of_a_subject_have_a_channel_and_a_cool_down_of_their_own() {
    let text = "[alerts]\nchannel_id = 175928847299117063\n[alerts.hooks]\nchannel_id = '175928847299117064'\n\
                [alerts.shards]\ncool_down_s = 5";
    let alerts = Config::parse(text, "c").unwrap().alerts;
    assert_eq!(alerts.of("hooks"), (Some(175_928_847_299_117_064), 300));
    assert_eq!(alerts.of("shards"), (Some(175_928_847_299_117_063), 5));
    assert_eq!(alerts.of("plugins"), (Some(175_928_847_299_117_063), 300));
    check(
        "[alerts.hooks]\nchanel_id = 1",
        &["c:2:1: unknown key `chanel_id` in [alerts.hooks]; did you mean `channel_id`?"],
    );
    check(
        "[alerts.hooks]\ncool_down_s = 'x'",
        &[
            "c:2:15: `cool_down_s` in [alerts.hooks]: expected a whole number of seconds, found a string",
        ],
    );
    check(
        "[alerts.Hooks]",
        &[
            "c:1:9: [alerts.Hooks]: a subject has lower-case letters, digits, `_` and `-`, and 32 of them at most",
        ],
    );
    check(
        "[alerts]\nchanel_id = 1",
        &["c:2:1: unknown key `chanel_id` in [alerts]; did you mean `channel_id`?"],
    );
    let now = Config::parse("[alerts]\ncool_down_s = 9", "c").unwrap();
    let next = now.taking_over(Config::parse(text, "c").unwrap());
    assert_eq!(next.alerts, alerts);
}
