//! Delayed deletion of messages: remembered in the bot's database until it is done, so that a restart forgets none.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, UNIX_EPOCH},
};

use host_base::PluginName;
use host_capability::Failure;
use host_loader::host_call;
use host_store::storage::Deletion;
use serde_json::Value;
use tokio::time::Instant;

use super::{Later, Sent, Token};
use crate::rest::TOKEN_LIFE;

/// While Discord is out of reach it is tried again after each of these, and then given up until the next start.
const AGAIN: [Duration; 4] = [
    Duration::from_secs(30),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(3 * 60 * 60),
];

/// Messages of one plugin's that may wait for their deletion.
const MOST: usize = 5_000;

/// Numbers of messages that wait for their deletion, by plugin.
pub(super) type Waiting = Arc<Mutex<HashMap<Option<PluginName>, usize>>>;

/// A message that waits, until this is dropped.
struct Place(Waiting, Option<PluginName>);

impl Place {
    fn take(waiting: &Waiting) -> Self {
        let whose = host_call::caller().map(|caller| caller.plugin);
        *lock(waiting).entry(whose.clone()).or_default() += 1;
        Self(Arc::clone(waiting), whose)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut waiting = lock(&self.0);
        if let Some(count) = waiting.get_mut(&self.1) {
            *count -= 1;
            if *count == 0 {
                waiting.remove(&self.1);
            }
        }
    }
}

fn may_wait(waiting: &Waiting) -> Result<(), Failure> {
    let whose = host_call::caller().map(|caller| caller.plugin);
    let count = lock(waiting).get(&whose).copied();
    match count.unwrap_or_default() < MOST || whose.is_none() {
        true => Ok(()),
        false => Err(Failure::Refused(format!(
            "{MOST} messages of the plugin wait for their deletion already: send this one without, or delete it by a schedule"
        ))),
    }
}

fn lock(waiting: &Waiting) -> MutexGuard<'_, HashMap<Option<PluginName>, usize>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Later {
    /// Whether one more message of this plugin's may be deleted later.
    ///
    /// # Errors
    ///
    /// As many wait as may.
    pub fn may_delete(&self) -> Result<(), Failure> {
        may_wait(&self.waiting)
    }

    /// Deletes a message after a while, also if the bot is restarted meanwhile.
    pub fn delete(self: &Arc<Self>, sent: Sent, token: Option<Token>, after: Duration) {
        let later = Arc::clone(self);
        let due = Instant::now().checked_add(after);
        let place = Place::take(&self.waiting);
        tokio::spawn(async move {
            let _place = place;
            later.remember(&sent, token.as_ref(), after).await;
            // In some hundred years.
            let Some(due) = due else { return };
            later.delete_at(due, &sent, token.as_ref()).await;
        });
    }

    /// Carries on with what the last process was to delete; what is late is deleted now.
    pub async fn carry_on(self: &Arc<Self>) {
        if self.storage.is_absent() {
            return;
        }
        let all = match self.storage.all_deletions().await {
            Ok(all) => all,
            Err(error) => {
                tracing::warn!("which messages are to be deleted can't be read: {error}");
                return;
            }
        };
        if !all.is_empty() {
            tracing::info!(count = all.len(), "messages wait for their deletion");
        }
        for deletion in all {
            let later = Arc::clone(self);
            tokio::spawn(async move {
                let left = deletion.due_ms.saturating_sub(now_ms());
                let due = Instant::now() + Duration::from_millis(left.try_into().unwrap_or(0));
                let (sent, token) = read(deletion);
                later.delete_at(due, &sent, token.as_ref()).await;
            });
        }
    }

    async fn remember(&self, sent: &Sent, token: Option<&Token>, after: Duration) {
        let now = now_ms();
        let mut deletion = Deletion {
            message_id: sent.message_id,
            channel_id: sent.channel_id,
            ephemeral: sent.ephemeral,
            due_ms: now.saturating_add(milliseconds(after)),
            ..Deletion::default()
        };
        if let Some(token) = token {
            deletion.token.clone_from(&token.token);
            deletion.token_ms = now - milliseconds(token.since.elapsed());
        }
        if self.storage.is_absent() {
            return;
        }
        if let Err(error) = self.storage.add_deletion(deletion).await {
            tracing::warn!(
                message = sent.message_id,
                "a restart would forget to delete this message: {error}"
            );
        }
    }

    async fn delete_at(&self, due: Instant, sent: &Sent, token: Option<&Token>) {
        if !self.until(due).await {
            return;
        }
        for again in AGAIN.map(Some).into_iter().chain([None]) {
            match self.request("DELETE", sent, token, Value::Null).await {
                Err(Failure::Transport(_)) => {}
                Err(failure) if failure.is_lost() => {}
                _ => return self.forget(sent.message_id).await,
            }
            match again {
                Some(wait) if self.until(Instant::now() + wait).await => {}
                Some(_) => return,
                None => tracing::warn!(
                    channel = sent.channel_id,
                    message = sent.message_id,
                    "this message could not be deleted: the next start tries again"
                ),
            }
        }
    }

    async fn forget(&self, message: u64) {
        if self.storage.is_absent() {
            return;
        }
        if let Err(error) = self.storage.remove_deletion(message).await {
            tracing::debug!(message, "a deletion stays on the list: {error}");
        }
    }
}

fn read(deletion: Deletion) -> (Sent, Option<Token>) {
    let age = now_ms().saturating_sub(deletion.token_ms);
    let age = Duration::from_millis(age.try_into().unwrap_or(0));
    // A clock that begins with the machine does not reach back over its start.
    let since = Instant::now().checked_sub(age);
    let since = since.filter(|_| !deletion.token.is_empty() && age < TOKEN_LIFE);
    let sent = Sent {
        channel_id: deletion.channel_id,
        message_id: deletion.message_id,
        ephemeral: deletion.ephemeral,
    };
    let token = since.map(|since| Token {
        token: deletion.token,
        since,
    });
    (sent, token)
}

fn now_ms() -> i64 {
    milliseconds(UNIX_EPOCH.elapsed().unwrap_or_default())
}

fn milliseconds(duration: Duration) -> i64 {
    duration.as_millis().try_into().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;

    #[test]
    fn a_token_is_used_while_discord_honours_it() {
        let of = |seconds: i64, token: &str| {
            let deletion = Deletion {
                token: token.into(),
                token_ms: now_ms() - seconds * 1_000,
                ..Deletion::default()
            };
            read(deletion).1.is_some()
        };
        assert!(of(0, "t") && !of(15 * 60, "t") && !of(0, ""));
    }

    /// As a call of the plugin's, each.
    async fn of_plugin<T>(plugin: &str, work: impl FnOnce() -> T) -> T {
        let caller = host_loader::Caller::new(plugin, 1);
        let over = CancellationToken::new();
        let (mut work, mut done) = (Some(work), None);
        let serving = async {
            done = work.take().map(|work| work());
            host_loader::Completion::default()
        };
        host_call::serve(&caller, &over, serving).await.unwrap();
        done.unwrap()
    }

    #[tokio::test]
    async fn five_thousand_messages_of_a_plugin_wait_for_their_deletion_and_no_other_pays_for_it() {
        let waiting = Waiting::default();
        let mut places: Vec<Place> = of_plugin("greedy", || {
            (0..MOST).map(|_| Place::take(&waiting)).collect()
        })
        .await;
        let refused = of_plugin("greedy", || may_wait(&waiting))
            .await
            .unwrap_err();
        assert_eq!(
            refused.to_string(),
            "5000 messages of the plugin wait for their deletion already: send this one without, or delete it by a schedule"
        );
        of_plugin("other", || may_wait(&waiting)).await.unwrap();
        // The host's own have no bound.
        may_wait(&waiting).unwrap();
        places.pop();
        of_plugin("greedy", || may_wait(&waiting)).await.unwrap();
        drop(places);
        assert!(
            lock(&waiting).is_empty(),
            "nobody is remembered for nothing"
        );
    }
}
