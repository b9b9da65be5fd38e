//! Voice channels that users join, without a voice.

use super::Actor;
use crate::{error::Error, world::VoiceState};

impl Actor {
    /// Joins a voice or stage channel, or moves there from another one.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownChannel`], or [`Error::Refused`] if it is no voice channel, is full, or the user may not
    /// connect.
    pub async fn joins_voice(&self, channel: &str) -> Result<(), Error> {
        let channel = self.channel(channel)?;
        self.shared.change(|state| {
            let world = &mut state.world;
            if let Some(why) = world.bars_voice(self.user, channel) {
                return Err(Error::Refused(format!("{}: {why}", self.name)));
            }
            world.enter_voice(self.user, channel, None, (false, false));
            Ok(())
        })
    }

    /// Leaves the voice channel.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the user is in none.
    pub async fn leaves_voice(&self) -> Result<(), Error> {
        self.shared.change(|state| {
            let guild = self.voice_guild(&state.world)?;
            state.world.leave_voice(guild, self.user);
            Ok(())
        })
    }

    /// Turns the own microphone off.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the user is in no voice channel.
    pub async fn mutes(&self) -> Result<(), Error> {
        self.changes_voice(|state| state.self_mute = true)
    }

    /// Turns the own microphone on.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the user is in no voice channel.
    pub async fn unmutes(&self) -> Result<(), Error> {
        self.changes_voice(|state| state.self_mute = false)
    }

    /// Turns the own loudspeaker off.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the user is in no voice channel.
    pub async fn deafens(&self) -> Result<(), Error> {
        self.changes_voice(|state| state.self_deaf = true)
    }

    /// Turns the own loudspeaker on.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the user is in no voice channel.
    pub async fn undeafens(&self) -> Result<(), Error> {
        self.changes_voice(|state| state.self_deaf = false)
    }

    fn changes_voice(&self, change: impl FnOnce(&mut VoiceState)) -> Result<(), Error> {
        self.shared.change(|state| {
            let guild = self.voice_guild(&state.world)?;
            state.world.change_voice(guild, self.user, change);
            Ok(())
        })
    }

    fn voice_guild(&self, world: &crate::World) -> Result<u64, Error> {
        let mut inside = world.voice.keys();
        inside
            .find(|(_, user)| *user == self.user)
            .map(|(guild, _)| *guild)
            .ok_or_else(|| Error::Refused(format!("{} is in no voice channel", self.name)))
    }
}
