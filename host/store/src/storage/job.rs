//! Call of a plugin's, from its place in a queue to its answer.

use std::sync::{Arc, Mutex, PoisonError, atomic::AtomicBool};

use host_loader::Completion;
use plugin_api::abi::{KvCall, StorageCall};
use tokio::sync::oneshot;

use super::{error::StorageError, fair_queue::Whose, kv_store::Verb, table_access::Declared};

/// Request of a plugin. It can be carried out again, should its transaction be lost through another call's fault.
#[derive(Debug)]
pub(super) enum Request {
    /// A statement that most likely reads.
    Query(StorageCall),
    /// Statements that change something.
    Run(StorageCall),
    /// Of a key-value store.
    Kv(Verb, KvCall),
}

impl Request {
    /// Whether it most likely only reads.
    pub(super) fn reads(&self) -> bool {
        matches!(self, Self::Query(_) | Self::Kv(Verb::Get | Verb::Keys, _))
    }
}

type CallAnswer = oneshot::Sender<Result<Completion, StorageError>>;

/// A request on its way.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) declared: Arc<Declared>,
    pub(super) request: Request,
    pub(super) body: Vec<u8>,
    /// Whether it reads, and has taken longer than others should wait who write.
    pub(super) slow: AtomicBool,
    /// Whether it has begun anew, for want of memory.
    pub(super) again: AtomicBool,
    /// `None` when it is answered.
    answer: Mutex<Option<CallAnswer>>,
}

impl Job {
    pub(super) fn new(
        declared: Arc<Declared>,
        request: Request,
        body: Vec<u8>,
        answer: CallAnswer,
    ) -> Arc<Self> {
        Arc::new(Self {
            declared,
            request,
            body,
            slow: AtomicBool::new(false),
            again: AtomicBool::new(false),
            answer: Mutex::new(Some(answer)),
        })
    }

    pub(super) fn whose(&self) -> Whose {
        Some(self.declared.caller().plugin.clone())
    }

    /// What it is, for an error.
    pub(super) fn sql(&self) -> &str {
        match &self.request {
            Request::Query(call) | Request::Run(call) => {
                call.steps.first().map_or("", |step| &step.sql)
            }
            Request::Kv(_, call) => &call.store,
        }
    }

    pub(super) fn is_answered(&self) -> bool {
        self.answer().is_none()
    }

    pub(super) fn end(&self, result: Result<Completion, StorageError>) {
        let Some(answer) = self.answer().take() else {
            return;
        };
        // Whoever asked may have gone: what was changed for it all the same is told.
        if answer.send(result).is_err_and(|result| result.is_ok()) && !self.request.reads() {
            let caller = self.declared.caller();
            tracing::info!(
                plugin = &*caller.plugin,
                generation = caller.generation,
                "the plugin was gone when its change of a database was done"
            );
        }
    }

    fn answer(&self) -> std::sync::MutexGuard<'_, Option<CallAnswer>> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
