//! Presence of a user: online, idle, busy or gone.

use twilight_model::gateway::presence::{MinimalActivity, Status};

use super::Actor;

impl Actor {
    /// Is online, idle, busy or gone from now on, and does this; bots with the intent hear of it.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn story(member: sandbox::Actor) {
    /// use twilight_model::gateway::presence::{ActivityType, MinimalActivity, Status};
    ///
    /// let game = MinimalActivity { kind: ActivityType::Playing, name: "Chess".to_owned(), url: None };
    /// member.sets_presence(Status::DoNotDisturb, &[game]).await;
    /// # }
    /// ```
    pub async fn sets_presence(&self, status: Status, activities: &[MinimalActivity]) {
        self.shared
            .change(|state| state.world.set_presence(self.user, status, activities));
    }
}
