//! Running handler: guarded against panics, counted, answered exactly once.

use std::{
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::{task::AbortHandle, time::Instant};

use super::{Core, LocalFuture, deadline::Deadline};
use crate::{
    abi::{ErrorHead, FailedHead, status},
    error::Result,
    guard::{Guarded, dispose, guarded},
    raw::{Place, Within},
    state::State,
};

/// Result of a handler.
pub(super) enum Answer {
    None,
    State(State),
    /// An entry's result.
    Result(Vec<u8>),
}

/// A handler on its way.
pub(super) struct Job {
    core: Rc<Core>,
    /// The frame to answer; 0 when none is due.
    id: u64,
    /// The frame that it serves, for its log lines; 0 for none.
    frame: u64,
    /// Of a listener: the event, as Discord calls it.
    event: Option<&'static str>,
    /// Its number among those that count as running; 0 for one that does not.
    work: u64,
    /// What it may still take.
    deadline: Option<Deadline>,
    handler: Option<LocalFuture<Result<Answer>>>,
    /// Of one that serves a frame which counts. Dropped after the handler.
    place: Option<Place>,
}

impl Job {
    pub(super) fn new(
        core: Rc<Core>,
        id: u64,
        work: bool,
        handler: LocalFuture<Result<Answer>>,
    ) -> Self {
        Self {
            id,
            frame: id,
            event: None,
            work: if work { core.enter() } else { 0 },
            core,
            deadline: None,
            handler: Some(handler),
            place: None,
        }
    }

    /// It has a place of its own.
    pub(super) fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// It may take so long, where there is a limit.
    pub(super) fn within(mut self, limit: Option<Duration>) -> Self {
        self.deadline = limit.map(Deadline::new);
        self
    }

    /// It is a listener's, for an event that came with this frame, which nothing answers.
    pub(super) fn of_event(mut self, frame: u64, event: &'static str) -> Self {
        (self.frame, self.event) = (frame, Some(event));
        self
    }

    /// Tells the host that it has failed, where no answer does.
    fn failed(&self, error: String) {
        if self.id == 0 {
            let event = self.event.map(str::to_owned);
            self.core.failed(self.frame, FailedHead { event, error });
        }
    }

    /// Polls once without a waker; gives the job back when it has to become a task (whose own first poll registers the
    /// waker, so nothing is missed).
    pub(super) fn first_poll(mut self) -> Option<Self> {
        match Pin::new(&mut self).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(()) => None,
            Poll::Pending => Some(self),
        }
    }

    /// Whether it has had its time, now that it is not done; with what it might take.
    fn is_late(&mut self, cx: &mut Context<'_>) -> Option<Duration> {
        let deadline = self.deadline.as_mut()?;
        let waits = self.core.questions.waits_now(self.work);
        deadline
            .is_over(Instant::now(), waits, cx)
            .then(|| deadline.limit())
    }

    /// Ends a handler that has had its time.
    fn ends_late(&mut self, limit: Duration) {
        self.drop_handler();
        let head = ErrorHead {
            message: format!("the handler took longer than it may ({limit:?}) and was stopped"),
            deadline_ms: Some(limit.as_millis().try_into().unwrap_or(u64::MAX)),
            ..ErrorHead::default()
        };
        self.failed(head.message.clone());
        self.core.answer(self.id, status::LATE, &head, &[]);
    }

    /// Drops the handler; a panic in its drop costs nothing but itself.
    fn drop_handler(&mut self) {
        dispose(self.handler.take());
    }
}

impl Future for Job {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let _within = Within::frame(this.frame);
        let Some(handler) = this.handler.as_mut() else {
            return Poll::Ready(());
        };
        if let Some(deadline) = &mut this.deadline {
            deadline.goes_on(Instant::now());
        }
        let polled = this
            .core
            .turn(this.work, || guarded(|| handler.as_mut().poll(cx)));
        match polled {
            Ok(Poll::Pending) => match this.is_late(cx) {
                None => {
                    if let Some(place) = &mut this.place {
                        place.waits(this.core.questions.waits_now(this.work));
                    }
                    return Poll::Pending;
                }
                Some(limit) => this.ends_late(limit),
            },
            Ok(Poll::Ready(result)) => {
                this.drop_handler();
                if let Err(error) = &result {
                    this.failed(error.head().message.clone());
                }
                send_answer(&this.core, this.id, &result);
            }
            Err(text) => {
                this.drop_handler();
                let head = ErrorHead {
                    message: format!("the handler panicked: {text}"),
                    ..ErrorHead::default()
                };
                this.failed(head.message.clone());
                this.core.answer(this.id, status::PANICKED, &head, &[]);
            }
        }
        this.id = 0;
        Poll::Ready(())
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if self.handler.is_some() {
            self.drop_handler();
            let head = ErrorHead {
                message: "the plugin was stopped before the handler ended".into(),
                ..ErrorHead::default()
            };
            self.core.answer(self.id, status::CANCELLED, &head, &[]);
        }
        if self.work != 0 {
            self.core.leave();
        }
    }
}

impl Core {
    /// Starts a task that begins when the generation goes live, and ends with it.
    pub(crate) fn spawn(
        self: &Rc<Self>,
        task: impl Future<Output = Result> + 'static,
    ) -> AbortHandle {
        let mut live = self.live.subscribe();
        let job = Job::new(
            Rc::clone(self),
            0,
            false,
            Box::pin(async move {
                let _ = live.wait_for(|live| *live).await;
                task.await.map(|()| Answer::None)
            }),
        );
        let mut background = self.background.borrow_mut();
        while background.try_join_next().is_some() {}
        background.spawn_local(job)
    }
}

/// A future's output, or `None` when it panicked.
pub(crate) async fn caught<F: Future>(future: F) -> Option<F::Output> {
    // Boxed: its destructor may panic, too.
    let mut future = Guarded::new(Box::pin(future));
    std::future::poll_fn(|cx| match guarded(|| future.as_mut().poll(cx)) {
        Ok(poll) => poll.map(Some),
        Err(_) => Poll::Ready(None),
    })
    .await
}

/// Answers a frame.
pub(super) fn send_answer(core: &Core, id: u64, result: &Result<Answer>) {
    match result {
        Ok(answer) => {
            let (head, body) = answer.parts();
            core.answer_raw(id, status::OK, &head, body);
        }
        Err(error) => core.answer(id, status::FAILED, error.head(), &[]),
    }
}
