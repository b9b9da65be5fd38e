//! Threads and posts in forums, as users start and follow them.

use twilight_model::{channel::ChannelType, guild::Permissions};

use super::{Actor, place::with_mentions};
use crate::{
    error::Error,
    view::MessageView,
    world::{Draft, NewThread, World},
};

/// Minutes of quiet after which a user's thread is archived, unless the channel says otherwise.
const ARCHIVE_AFTER: u16 = 4320;

impl Actor {
    /// Starts a public thread in a text channel without a message; it is then a channel of that name.
    /// Gives its id.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownChannel`]; [`Error::Refused`] if the user may not start threads there.
    pub async fn starts_thread(&self, channel: &str, name: &str) -> Result<u64, Error> {
        let parent = self.channel(channel)?;
        self.start_thread(parent, name, None)
    }

    /// Starts a thread from a message; gives its id, which is the message's, too.
    ///
    /// # Errors
    ///
    /// As [`Actor::starts_thread`], and if the message has a thread already.
    pub async fn starts_thread_on(&self, message: &MessageView, name: &str) -> Result<u64, Error> {
        self.start_thread(message.channel_id, name, Some(message.id))
    }

    /// Posts in a forum: a thread of this title with a first message. Gives the message; its channel is the thread.
    ///
    /// # Errors
    ///
    /// As [`Actor::starts_thread`], and if the channel is no forum.
    pub async fn posts(&self, forum: &str, title: &str, text: &str) -> Result<MessageView, Error> {
        let parent = self.channel(forum)?;
        self.shared.change(|state| {
            let world = &mut state.world;
            let of = world.channels.get(&parent).map(|known| known.of());
            if !matches!(of, Some(ChannelType::GuildForum | ChannelType::GuildMedia)) {
                return Err(Error::Refused(format!("#{forum} is no forum")));
            }
            self.need(world, parent, Permissions::SEND_MESSAGES, "post in")?;
            let draft = Draft {
                content: Some(with_mentions(world, parent, text)),
                ..Draft::default()
            };
            let new = self.new_thread(parent, ChannelType::PublicThread, title);
            let thread = world.start_post(new, draft, self.user);
            let first = world.message(thread, thread).map(|first| world.view(first));
            first.ok_or_else(|| Error::Refused("the post is gone".to_owned()))
        })
    }

    /// Follows a thread that the user can see.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownChannel`] if there is no such thread on the user's screen.
    pub async fn joins_thread(&self, thread: &str) -> Result<(), Error> {
        let thread = self.channel(thread)?;
        self.shared
            .change(|state| state.world.join_thread(thread, self.user, self.user));
        Ok(())
    }

    /// Follows a thread no longer.
    ///
    /// # Errors
    ///
    /// As [`Actor::joins_thread`].
    pub async fn leaves_thread(&self, thread: &str) -> Result<(), Error> {
        let thread = self.channel(thread)?;
        self.shared
            .change(|state| state.world.leave_thread(thread, self.user, self.user));
        Ok(())
    }

    fn start_thread(&self, parent: u64, name: &str, message: Option<u64>) -> Result<u64, Error> {
        if !(1..=100).contains(&name.chars().count()) {
            return Err(Error::Refused(
                "a thread's name has 1 to 100 characters".to_owned(),
            ));
        }
        self.shared.change(|state| {
            let world = &mut state.world;
            let of = match world.channels.get(&parent).map(|known| known.of()) {
                Some(ChannelType::GuildText) => ChannelType::PublicThread,
                Some(ChannelType::GuildAnnouncement) => ChannelType::AnnouncementThread,
                _ => return Err(Error::Refused("threads cannot be started there".to_owned())),
            };
            self.need(
                world,
                parent,
                Permissions::CREATE_PUBLIC_THREADS,
                "start threads in",
            )?;
            if message.is_some_and(|message| world.channels.contains_key(&message)) {
                return Err(Error::Refused(
                    "the message has a thread already".to_owned(),
                ));
            }
            Ok(world.start_thread(self.new_thread(parent, of, name), message))
        })
    }

    fn new_thread(&self, parent: u64, of: ChannelType, name: &str) -> NewThread {
        NewThread {
            parent,
            of,
            name: name.to_owned(),
            owner: self.user,
            auto_archive_minutes: ARCHIVE_AFTER,
            rate_limit_per_user: 0,
            invitable: true,
            applied_tags: Vec::new(),
        }
    }

    fn need(
        &self,
        world: &World,
        channel: u64,
        what: Permissions,
        verb: &str,
    ) -> Result<(), Error> {
        if world.may(self.user, channel, what) {
            return Ok(());
        }
        let name = world
            .channels
            .get(&channel)
            .map(|known| known.name.as_str());
        let name = name.unwrap_or_default();
        Err(Error::Refused(format!(
            "{} may not {verb} #{name}",
            self.name
        )))
    }
}
