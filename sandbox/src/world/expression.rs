//! Creation of emojis, stickers and sounds.

use serde_json::{Value, json};

use super::{Collection, Record, World, fields};

impl World {
    /// Adds an emoji that everybody in a guild may use; gives the id.
    pub fn add_emoji(&mut self, guild: u64, name: &str) -> u64 {
        let owner = self.owner_of(guild);
        let (id, record) = self.new_emoji(name, false, owner);
        self.draw_picture(id);
        self.keep_shelved(guild, Collection::Emojis, id, record)
    }

    /// Adds a sticker; gives the id.
    pub fn add_sticker(&mut self, guild: u64, name: &str) -> u64 {
        let owner = self.owner_of(guild);
        let (id, record) = self.new_sticker(guild, name, name, 1, owner);
        self.draw_picture(id);
        self.keep_shelved(guild, Collection::Stickers, id, record)
    }

    /// Adds a sound to the soundboard; gives the id.
    pub fn add_sound(&mut self, guild: u64, name: &str) -> u64 {
        let owner = self.owner_of(guild);
        let (id, record) = self.new_sound(guild, name, owner);
        self.keep_shelved(guild, Collection::Sounds, id, record)
    }

    pub(crate) fn new_emoji(&mut self, name: &str, animated: bool, user: u64) -> (u64, Record) {
        let id = self.snowflakes.next();
        let emoji = json!({
            "id": id.to_string(),
            "name": name,
            "roles": [],
            "user": self.user_json(user),
            "require_colons": true,
            "managed": false,
            "animated": animated,
            "available": true,
        });
        (id, fields(emoji))
    }

    pub(crate) fn new_sticker(
        &mut self,
        guild: u64,
        name: &str,
        tags: &str,
        format: u8,
        user: u64,
    ) -> (u64, Record) {
        let id = self.snowflakes.next();
        let sticker = json!({
            "id": id.to_string(),
            "name": name,
            "description": null,
            "tags": tags,
            "type": 2,
            "format_type": format,
            "available": true,
            "guild_id": guild.to_string(),
            "user": self.user_json(user),
        });
        (id, fields(sticker))
    }

    pub(crate) fn new_sound(&mut self, guild: u64, name: &str, user: u64) -> (u64, Record) {
        let id = self.snowflakes.next();
        let sound = json!({
            "sound_id": id.to_string(),
            "name": name,
            "volume": 1.0,
            "emoji_id": null,
            "emoji_name": null,
            "guild_id": guild.to_string(),
            "available": true,
            "user": self.user_json(user),
        });
        (id, fields(sound))
    }

    /// The user object; `null` for users who are gone.
    pub(crate) fn user_json(&self, user: u64) -> Value {
        let known = self.users.get(&user);
        known.map_or(Value::Null, |user| user.json())
    }

    fn owner_of(&self, guild: u64) -> u64 {
        self.guilds.get(&guild).map_or(0, |guild| guild.owner)
    }

    /// Puts a record there while the world is built: nobody is told.
    fn keep_shelved(&mut self, guild: u64, collection: Collection, id: u64, record: Record) -> u64 {
        if let Some(guild) = self.guilds.get_mut(&guild) {
            guild
                .shelves
                .entry(collection)
                .or_default()
                .insert(id, record);
        }
        id
    }
}
