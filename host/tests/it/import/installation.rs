//! A made-up installation of the reference: twenty servers, two of which the sandbox has, and odd and corrupt files among theirs.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Files that can't be read, and a word of the reason.
pub const CORRUPT: [(&str, &str); 6] = [
    ("data/1018/guild.db", "not a database"),
    ("data/1019/guild.db", "no table"),
    ("data/backups/1018/cut.json", "line 1"),
    ("data/backups/1018/other.json", "of the server 5"),
    ("data/framework_diagnostics_config.json", "line 1"),
    ("data/007", "no server's id"),
];

/// A picture of one point.
const PICTURE: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// What the sandbox has of it.
#[derive(Clone, Copy)]
pub struct Known {
    pub guild: u64,
    pub harbour: u64,
    pub channel: u64,
    pub role: u64,
    pub owner: u64,
}

pub struct Installation(TempDir);

impl Installation {
    pub fn new(known: Known) -> Self {
        let it = Self(tempfile::tempdir().unwrap());
        it.configured(known);
        for server in (1002..1020).chain([known.guild, known.harbour]) {
            it.server(server, known);
        }
        it.automations(known);
        it.schedules(known);
        it.snapshots(known);
        it.corrupt();
        it
    }

    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    pub fn put(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let full = self.full(path);
        fs::write(full, bytes).unwrap();
    }

    fn full(&self, path: &str) -> PathBuf {
        let full = self.folder().join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        full
    }

    fn database(&self, path: &str, sql: &str) {
        let connection = Connection::open(self.full(path)).unwrap();
        connection.execute_batch(sql).unwrap();
    }

    fn configured(&self, known: Known) {
        let config = json!({
            "prefix": "%", "allow_mention_prefix": true, "owner_ids": [5], "auto_reload": true,
            "status": {"type": "playing", "text": "with {guilds} servers"},
            "command_permissions": {"hello": [known.role, 4_242]},
            "logging": {"level": "DEBUG"},
        });
        self.put("config.json", config.to_string());
        self.put(".env", "DISCORD_TOKEN=a-token-that-nobody-copies\n");
        self.put(
            "data/live_monitor_config.json",
            r#"{"secret_token": "a-token-that-nobody-copies"}"#,
        );
        self.put(
            "data/event_hooks_config.json",
            json!({"alert_channel": known.channel}).to_string(),
        );
        self.put("extensions/shop.py", "print()");
    }

    fn server(&self, server: u64, known: Known) {
        let prefix = match server {
            it if it == known.guild => "?".to_owned(),
            it if it == known.harbour => "$".to_owned(),
            1003 => "far too long".to_owned(),
            it => format!("!{}", it - 1000),
        };
        let sql = format!(
            "PRAGMA journal_mode = WAL;
             CREATE TABLE guild_settings (key TEXT PRIMARY KEY, value TEXT, updated_at TIMESTAMP);
             CREATE TABLE command_stats (name TEXT);
             INSERT INTO guild_settings (key, value) VALUES ('prefix', '{prefix}'), ('mention_prefix_enabled', '1')"
        );
        self.database(&format!("data/{server}/guild.db"), &sql);
    }

    fn automations(&self, known: Known) {
        let mut hooks = vec![
            json!({
                "hook_id": "adv_mega_welcome_0123456789abcdef", "template_id": "mega_welcome", "template_name": "Mega welcome",
                "event": "on_member_join", "guild_id": known.guild, "enabled": true, "created_by": known.owner,
                "params": {"welcome_channel_id": known.channel, "welcome_message": "Ahoy {username}!", "use_embed": false},
            }),
            json!({
                "hook_id": "adv_goodbye_system_00000000000000ff", "template_id": "goodbye_system", "template_name": "Goodbye",
                "guild_id": known.guild, "enabled": true, "created_by": known.owner,
                // A channel that is not there any more.
                "params": {"goodbye_channel_id": "77", "goodbye_message": "Bye"},
            }),
            json!({"hook_id": "t1", "template_id": "ticket_system", "template_name": "Tickets", "guild_id": known.guild, "params": {}}),
            json!({"hook_id": "n1", "template_id": "mega_welcome", "template_name": "No server", "guild_id": "abc", "params": {}}),
            json!("odd"),
        ];
        // Of a server that the bot is not in: it waits.
        hooks.push(json!({
            "hook_id": "adv_goodbye_system_00000000000010f2", "template_id": "goodbye_system", "template_name": "Goodbye",
            "guild_id": 1004, "enabled": true, "created_by": 5, "params": {"goodbye_channel_id": 6, "goodbye_message": "Bye"},
        }));
        self.put(
            "data/event_hooks_creater.json",
            Value::from(hooks).to_string(),
        );
    }

    fn schedules(&self, known: Known) {
        let Known {
            guild,
            channel,
            owner,
            ..
        } = known;
        let sql = format!(
            r#"CREATE TABLE scheduled_tasks (task_id, guild_id, channel_id, creator_id, task_name, task_type, cron_expression, payload, enabled,
                last_run, next_run, run_count, max_runs, created_at, updated_at);
            INSERT INTO scheduled_tasks (task_id, guild_id, channel_id, creator_id, task_name, task_type, cron_expression, payload, enabled, run_count)
                VALUES ('a1', {guild}, {channel}, {owner}, 'tea time', 'message', '0 9 * * 0', '{{"content": "Tea!"}}', 1, 0),
                       ('b2', {guild}, {channel}, {owner}, 'broken', 'message', 'whenever', '{{"content": "Tea!"}}', 1, 0);
            CREATE TABLE global_stats (key PRIMARY KEY, value, updated_at); INSERT INTO global_stats VALUES ('cmd_help', '7', 0)"#
        );
        self.database("data/main.db", &sql);
    }

    fn snapshots(&self, known: Known) {
        let of = |server: u64| Self::snapshot(known, server, &[known.owner]).to_string();
        let folder = format!("data/backups/{}", known.guild);
        self.put(&format!("{folder}/0011aabbccdd.json"), of(known.guild));
        let index = json!([{"id": "0011aabbccdd", "label": "before the move", "pinned": true, "notes": "the old days", "author_id": known.owner}]);
        self.put(&format!("{folder}/index.json"), index.to_string());
        self.put(
            &format!("{folder}/schedule.json"),
            r#"{"enabled": true, "interval_hours": 12}"#,
        );
        self.put("data/backups/1018/other.json", of(5));
    }

    /// A snapshot of a server with these members.
    pub fn snapshot(known: Known, server: u64, members: &[u64]) -> Value {
        let members = members.iter();
        let members = members
            .map(|id| json!({"user_id": id, "username": "somebody", "role_ids": [known.role]}));
        json!({
            "version": "2.2.0", "captured_at": "2026-04-01T12:00:00", "guild": {"id": server, "name": "Sandbox", "member_count": 2},
            "roles": [{"id": known.role, "name": "Old tea", "color": 255, "hoist": false, "mentionable": true, "permissions_value": 0, "position": 1}],
            "categories": [], "voice_channels": [], "forum_channels": [], "stage_channels": [], "stickers": [],
            "text_channels": [{"id": 900, "name": "attic", "position": 5, "category_id": 901, "overwrites": []}],
            "emojis": [{"id": 902, "name": "tea", "animated": false, "managed": false, "image_b64": PICTURE}],
            "member_roles": members.collect::<Vec<_>>(),
            "server_settings": {"verification_level": 1}, "bot_settings": {"custom_prefix": "?", "mention_prefix_enabled": true},
        })
    }

    fn corrupt(&self) {
        self.put(
            "data/1018/guild.db",
            "SQLite, but only by its name; long enough to be looked at",
        );
        fs::remove_file(self.full("data/1019/guild.db")).unwrap();
        self.database("data/1019/guild.db", "CREATE TABLE other (x)");
        self.put("data/backups/1018/cut.json", "{\"guild\": {\"id\"");
        self.put("data/framework_diagnostics_config.json", "[".repeat(10_000));
        fs::create_dir(self.full("data/007")).unwrap();
    }
}

/// All files below a folder, with their bytes.
pub fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut ahead = vec![folder.to_owned()];
    while let Some(next) = ahead.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => ahead.push(path),
                false => drop(all.insert(path.clone(), fs::read(&path).unwrap())),
            }
        }
    }
    all
}
