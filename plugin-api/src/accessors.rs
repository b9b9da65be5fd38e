//! Accessors that several types have in common, written once.

/// Of a context with the fields `state` and `host`.
macro_rules! surroundings {
    () => {
        /// The plugin's state.
        #[must_use]
        pub fn state(&self) -> &Rc<S> {
            &self.state
        }

        /// The host.
        #[must_use]
        pub fn host(&self) -> &Host {
            &self.host
        }
    };
}

/// Of a context whose field `call` names a user, a server and a channel.
macro_rules! whereabouts {
    () => {
        /// Who it is about.
        #[must_use]
        pub fn user_id(&self) -> Id<UserMarker> {
            // 1 is no user's id: the oldest snowflake in use is far above.
            Id::new_checked(self.call.user_id).unwrap_or(Id::new(1))
        }

        /// In which server; `None` in direct messages.
        #[must_use]
        pub fn guild_id(&self) -> Option<Id<GuildMarker>> {
            self.call.guild_id.and_then(Id::new_checked)
        }

        /// In which channel; `None` when the question is about the server as a whole.
        #[must_use]
        pub fn channel_id(&self) -> Option<Id<ChannelMarker>> {
            self.call.channel_id.and_then(Id::new_checked)
        }

        $crate::accessors::in_server!();
    };
}

/// Of a context that has a `host()`, and a `guild_id()` that may be none.
macro_rules! in_server {
    () => {
        /// In which server, for what works there alone: in direct messages an error that tells the member so.
        ///
        /// ```
        /// use plugin_api::prelude::*;
        ///
        /// async fn members(ctx: CommandContext) -> Result {
        ///     let guild = ctx.host().cache().guild(ctx.guild()?).known().await?;
        ///     ctx.reply(format!("{} has {} members.", guild.name, guild.member_count.unwrap_or_default())).await
        /// }
        /// # Plugin::new().command(Command::new("members", "Counts the members").run(members));
        /// ```
        ///
        /// # Errors
        ///
        /// It is no server: "This works in servers only."
        pub fn guild(
            &self,
        ) -> $crate::Result<twilight_model::id::Id<twilight_model::id::marker::GuildMarker>> {
            self.guild_id()
                .ok_or_else(|| $crate::Error::user("This works in servers only."))
        }

        /// The [database](crate::Database) of this server.
        ///
        /// ```
        /// use plugin_api::prelude::*;
        ///
        /// async fn count(ctx: CommandContext) -> Result {
        ///     let count: Option<i64> = ctx.database()?.query("SELECT count(*) FROM quotes__quotes", params![]).await?.first()?;
        ///     ctx.reply(format!("{} quotes", count.unwrap_or_default())).await
        /// }
        /// # Plugin::new().command(Command::new("count", "Counts the quotes").run(count));
        /// ```
        ///
        /// # Errors
        ///
        /// As for [`guild`](Self::guild).
        pub fn database(&self) -> $crate::Result<$crate::Database> {
            Ok(self.host().storage().guild(self.guild()?))
        }
    };
}

/// A function for each kind of what a declaration declares, by name and description.
macro_rules! kinds {
    ($manifest:ident, $kinds:ident: $($(#[$doc:meta])* $function:ident $kind:ident)*) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub fn $function(name: impl Into<String>, description: impl Into<String>) -> Self {
                Self::new($kinds::$kind, name, description)
            }
        )*

        fn new(kind: $kinds, name: impl Into<String>, description: impl Into<String>) -> Self {
            Self($manifest {
                name: name.into(),
                description: description.into(),
                kind,
                ..$manifest::default()
            })
        }
    };
}

pub(crate) use {in_server, kinds, surroundings, whereabouts};
