//! Tests of slow statements in the log.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use tracing::{Event, Level, Subscriber, field::Visit, subscriber::set_global_default};
use tracing_subscriber::{Layer, layer::Context, layer::SubscriberExt, registry};

use super::*;

/// What was logged about the plugins of this file.
static LOGGED: Mutex<Vec<(Level, String)>> = Mutex::new(Vec::new());

/// Keeps what is said about them; the statements run on threads of the storage's own.
struct Ear;

impl<S: Subscriber> Layer<S> for Ear {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        if line.0.contains("plugin=\"tortoise\"") && line.0.contains("slow query") {
            logged().push((*event.metadata().level(), line.0));
        }
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
        self.0 += &format!("{field}={value:?} ");
    }
}

fn logged() -> std::sync::MutexGuard<'static, Vec<(Level, String)>> {
    LOGGED.lock().unwrap_or_else(PoisonError::into_inner)
}

#[tokio::test]
async fn a_slow_query_is_logged_with_plugin_database_and_time_and_a_fast_one_is_not() {
    set_global_default(registry().with(Ear)).unwrap();
    let count = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 200000) SELECT count(*) FROM n";
    let limited = |ms: u32| format!("{}\nslow_query_ms = {ms}", "[storage]");
    let kit = Kit::configured(&limited(60_000));
    let patient = kit.plugin("tortoise", json!({})).await;
    patient.query(7, count).await.unwrap();
    kit.close().await;
    assert_eq!(*logged(), []);

    let kit = kit.restart(&limited(1)).await;
    let hasty = kit.plugin("tortoise", json!({})).await;
    assert_eq!(hasty.query(7, count).await.unwrap(), json!([[200_000]]));
    let logged = std::mem::take(&mut *logged());
    let [(level, line)] = &logged[..] else {
        panic!("{logged:?}")
    };
    assert_eq!(*level, Level::WARN);
    for part in ["database=7/guild.db", "took_ms=", "WITH RECURSIVE n (i)"] {
        assert!(line.contains(part), "{line}");
    }
    let took = line.split("took_ms=").nth(1).unwrap();
    let took: u64 = took.split(' ').next().unwrap().parse().unwrap();
    assert!((1..60_000).contains(&took), "{line}");
}
