//! Question to a member, for the handler that waits for the answer.

use std::{rc::Rc, time::Duration};

use tokio::sync::oneshot;

use super::{Core, waiting::Click};
use crate::{abi::ComponentHead, raw::FrameGuard};

/// End of a wait for an answer.
pub(crate) enum Waited {
    Answered(Box<Click>),
    TimedOut,
    /// The plugin is being reloaded or unloaded.
    Closed,
}

/// A question without an answer yet.
pub(crate) struct Question {
    core: Rc<Core>,
    key: String,
    answer: oneshot::Receiver<Box<Click>>,
}

impl Core {
    /// A new question, with a key of its own.
    pub(crate) fn question(self: &Rc<Self>) -> Question {
        let (key, answer) = self.questions.open();
        Question {
            core: Rc::clone(self),
            key,
            answer,
        }
    }

    /// Gives a click to the handler that waits for it, and the click's end to its bringer; the click back where none waits.
    pub(crate) fn answer_question(
        &self,
        head: ComponentHead,
        frame_guard: FrameGuard,
    ) -> Result<oneshot::Receiver<()>, Box<Click>> {
        self.questions.answer(head, frame_guard)
    }
}

impl Question {
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Waits for the answer.
    pub(crate) async fn answer(mut self, within: Duration) -> Waited {
        // There is room for another handler now.
        self.core
            .questions
            .begin_to_wait(&self.key, self.core.polled());
        self.core.tell_of_room();
        match tokio::time::timeout(within, &mut self.answer).await {
            Ok(Ok(click)) => Waited::Answered(click),
            Ok(Err(_)) => Waited::Closed,
            Err(_) => Waited::TimedOut,
        }
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        self.core.questions.end(&self.key);
    }
}
