//! Tests of schedules in a database, without a bot around them: what is claimed, by whom, how often.

use host_ops::config::Config;
use jiff::{Timestamp, tz::TimeZone};
use plugin_api::{abi::ScheduleEntry, manifest::ScheduleManifest};
use serde_json::json;
use tempfile::TempDir;

use super::{
    when::tests::{Fields, Random, second_opinion},
    *,
};

const LATE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;

struct Kit {
    folder: TempDir,
    storage: Storage,
    declared: Vec<Declared>,
}

impl Kit {
    async fn with(declared: Vec<Declared>, now_ms: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let storage = open(&folder);
        let kit = Self {
            folder,
            storage,
            declared,
        };
        kit.prepare().await;
        kit.declare(now_ms).await;
        kit
    }

    /// The process is gone, and another one begins: what was not committed is not there.
    async fn next_process(self) -> (Self, Vec<CutShort>) {
        self.storage.shut_down(std::time::Duration::ZERO).await;
        let storage = open(&self.folder);
        let kit = Self { storage, ..self };
        let cut_short = kit.prepare().await;
        (kit, cut_short)
    }

    async fn prepare(&self) -> Vec<CutShort> {
        self.storage.in_bot(store::prepare).await.unwrap()
    }

    async fn declare(&self, now_ms: i64) -> Vec<(String, u64)> {
        let declared = self.declared.clone();
        self.storage
            .in_bot(move |c| store::declare(c, now_ms, "shop", &declared))
            .await
            .unwrap()
    }

    async fn claim(&self, now_ms: i64) -> Vec<Run> {
        let declared = self.declared.clone();
        self.storage
            .in_bot(move |c| {
                let mut claimed = store::Claimed::default();
                store::claim(c, now_ms, LATE_MS, "shop", &declared, &mut claimed)?;
                Ok(claimed.runs)
            })
            .await
            .unwrap()
    }

    async fn finish(&self, run: &Run, outcome: store::Outcome) {
        let run = run.clone();
        self.storage
            .in_bot(move |c| store::finish(c, &run, &outcome))
            .await
            .unwrap();
    }

    async fn view(&self) -> ScheduleView {
        self.storage.in_bot(store::views).await.unwrap().remove(0)
    }

    async fn create(&self, at_ms: i64, user: u64, payload: Value) -> Result<u64, store::Waiting> {
        const MOST: store::Waiting = store::Waiting {
            runs: 40,
            bytes: 1_000,
        };
        let entry = ScheduleEntry {
            at_ms,
            subject: Some(user).filter(|user| *user != 0),
            payload,
            ..ScheduleEntry::default()
        };
        self.storage
            .in_bot(move |c| store::create(c, "shop", "remind", &entry, MOST))
            .await
            .unwrap()
    }

    /// How many there are of what was scheduled at run time: as it is kept, and as it is counted.
    async fn counts(&self) -> (u64, u64) {
        let sql = "SELECT (SELECT count FROM cogwright__scheduled_counts), (SELECT count(*) FROM cogwright__scheduled)";
        self.storage
            .in_bot(move |c| c.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))))
            .await
            .map(|(kept, counted): (i64, i64)| (kept.cast_unsigned(), counted.cast_unsigned()))
            .unwrap()
    }

    async fn list(&self, wanted: ScheduleList) -> Vec<(u64, Value)> {
        let wanted = ScheduleList {
            name: "remind".into(),
            ..wanted
        };
        let entries = self
            .storage
            .in_bot(move |c| store::list(c, "shop", &wanted))
            .await
            .unwrap();
        entries
            .into_iter()
            .map(|entry| (entry.id, entry.payload))
            .collect()
    }
}

fn open(folder: &TempDir) -> Storage {
    let mut config = Config::default();
    config.data.folder = folder.path().to_owned();
    config.storage.backup_on_shutdown = false;
    Storage::open(&config).unwrap()
}

fn declared(manifest: Value) -> Declared {
    let manifest: ScheduleManifest = serde_json::from_value(manifest).unwrap();
    Declared::read(&manifest).unwrap()
}

fn minutely() -> Declared {
    declared(json!({"name": "tidy", "every_ms": 60_000}))
}

fn remind() -> Declared {
    declared(json!({"name": "remind"}))
}

fn dues(runs: &[Run]) -> Vec<i64> {
    runs.iter().map(|run| run.with.due_ms).collect()
}

fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

#[tokio::test]
async fn a_run_that_was_claimed_before_the_process_was_killed_does_not_begin_again() {
    let kit = Kit::with(vec![minutely(), remind()], 0).await;
    kit.create(60_000, 0, json!("tea")).await.unwrap();
    assert_eq!(dues(&kit.claim(60_000).await), [60_000, 60_000]);
    let (kit, cut_short) = kit.next_process().await;
    assert_eq!(cut_short.len(), 2);
    assert!(
        cut_short
            .iter()
            .all(|run| run.due_ms == 60_000 && !run.again)
    );
    kit.declare(61_000).await;
    assert_eq!(kit.claim(61_000).await, []);
    assert_eq!(kit.list(ScheduleList::default()).await, []);
    assert_eq!(dues(&kit.claim(120_000).await), [120_000]);
    let views = kit.storage.in_bot(store::views).await.unwrap();
    let missed: Vec<_> = views
        .iter()
        .map(|view| (&*view.name, view.missed))
        .collect();
    assert_eq!(missed, [("remind", 1), ("tidy", 1)]);
    assert_eq!(views[0].last_result, "cut short");
    // Told once.
    let (kit, cut_short) = kit.next_process().await;
    assert_eq!(cut_short.len(), 1);
    assert_eq!(kit.next_process().await.1, []);
}

#[tokio::test]
async fn at_least_once_begins_again_what_was_cut_short() {
    let again = |mut schedule: Declared| {
        schedule.at_least_once = true;
        schedule
    };
    let kit = Kit::with(vec![again(minutely()), again(remind())], 0).await;
    let id = kit.create(60_000, 0, json!("tea")).await.unwrap();
    kit.claim(60_000).await;
    let (kit, cut_short) = kit.next_process().await;
    assert!(cut_short.iter().all(|run| run.again));
    let runs = kit.claim(61_000).await;
    assert_eq!(dues(&runs), [60_000, 60_000]);
    assert_eq!(
        (runs[1].with.id, &runs[1].with.payload),
        (Some(id), &json!("tea"))
    );
    for run in &runs {
        kit.finish(run, store::Outcome::Done).await;
    }
    assert_eq!(kit.next_process().await.1, []);
}

#[tokio::test]
async fn a_run_that_is_not_over_makes_the_next_be_skipped() {
    let kit = Kit::with(vec![minutely()], 0).await;
    let runs = kit.claim(60_000).await;
    assert_eq!(kit.claim(120_000).await, []);
    assert_eq!(kit.claim(299_000).await, []);
    kit.finish(&runs[0], store::Outcome::Failed("no tea".into()))
        .await;
    assert_eq!(dues(&kit.claim(300_500).await), [300_000]);
    let view = kit.view().await;
    assert_eq!(
        (view.runs, view.failed, view.skipped, view.missed),
        (1, 1, 3, 0)
    );
    assert_eq!(
        (view.last_result.as_str(), view.last_ms),
        ("no tea", Some(60_000))
    );
}

#[tokio::test]
async fn a_plugin_that_can_not_take_a_run_gets_it_later() {
    let kit = Kit::with(vec![minutely(), remind()], 0).await;
    kit.create(60_000, 0, Value::Null).await.unwrap();
    let runs = kit.claim(60_000 * 3).await;
    assert_eq!(dues(&runs), [180_000, 60_000]);
    for run in &runs {
        kit.finish(run, store::Outcome::NotBegun).await;
    }
    assert_eq!(kit.claim(181_000).await.len(), 2);
}

#[tokio::test]
async fn what_is_declared_no_more_goes_and_what_was_scheduled_at_run_time_stays() {
    let mut kit = Kit::with(vec![minutely(), remind()], 0).await;
    let id = kit.create(60_000, 0, json!("tea")).await.unwrap();
    kit.declared.clear();
    assert_eq!(kit.declare(1_000).await, [("remind".to_owned(), 1)]);
    let view = kit.view().await;
    assert_eq!(
        (&*view.when, view.waiting, view.next_ms),
        ("no handler", 1, Some(60_000))
    );
    // An hour later a version comes that knows both again: the period begins anew, the entry is caught up.
    kit.declared = vec![minutely(), remind()];
    assert_eq!(kit.declare(HOUR_MS).await, []);
    let runs = kit.claim(HOUR_MS + 1_000).await;
    assert_eq!(
        (runs.len(), runs[0].with.id, runs[0].with.caught_up),
        (1, Some(id), true)
    );
    // A period that stays keeps its anchor, one that is changed does not.
    kit.declare(HOUR_MS + 30_000).await;
    assert_eq!(kit.claim(HOUR_MS + 60_000).await.len(), 1);
    kit.declared[0] = declared(json!({"name": "tidy", "every_ms": 7_000}));
    kit.declare(HOUR_MS + 100_000).await;
    assert_eq!(kit.view().await.name, "remind");
    let views = kit.storage.in_bot(store::views).await.unwrap();
    assert_eq!(
        (&*views[1].when, views[1].next_ms),
        ("every 7 s", Some(HOUR_MS + 107_000))
    );
}

#[tokio::test]
async fn what_is_scheduled_at_run_time_runs_in_order_and_so_many_at_once() {
    let kit = Kit::with(vec![remind()], 0).await;
    let leap_day = at("2028-02-29T12:00:00Z");
    for minute in (0..40).rev() {
        let created = kit
            .create(leap_day + minute * 60_000, 7, json!(minute))
            .await;
        assert_eq!(created, Ok(40 - minute.unsigned_abs()));
    }
    assert_eq!(kit.create(0, 7, Value::Null).await.unwrap_err().runs, 40);
    assert_eq!(kit.claim(leap_day - 1).await, []);
    let mut first = kit.claim(leap_day + 39 * 60_000).await;
    assert_eq!(first.len(), 16);
    assert!(first.is_sorted_by_key(|run| run.with.due_ms));
    assert_eq!(first[0].with.payload, json!(0));
    assert_eq!(kit.claim(leap_day + HOUR_MS).await, []);
    let ended = first.remove(3);
    kit.finish(&ended, store::Outcome::Done).await;
    let next = kit.claim(leap_day + HOUR_MS).await;
    assert_eq!(dues(&next), [leap_day + 16 * 60_000]);
    // What runs can't be taken back, what waits can, once.
    let waiting = kit
        .list(ScheduleList {
            subject: Some(7),
            ..ScheduleList::default()
        })
        .await;
    assert_eq!((waiting.len(), &waiting[0].1), (23, &json!(17)));
    for (id, expect) in [
        (first[0].with.id.unwrap(), false),
        (waiting[0].0, true),
        (waiting[0].0, false),
    ] {
        let cancelled = kit
            .storage
            .in_bot(move |c| store::cancel(c, "shop", "remind", id))
            .await;
        assert_eq!(cancelled.unwrap(), expect);
    }
    // Ids do not come again.
    assert_eq!(kit.create(0, 0, Value::Null).await, Ok(41));
    let of_nobody = ScheduleList {
        subject: Some(0),
        ..ScheduleList::default()
    };
    assert_eq!(kit.list(of_nobody).await.len(), 1);
    assert_eq!(kit.counts().await, (39, 39));
    // Those that ran are gone with the process.
    let (kit, cut_short) = kit.next_process().await;
    assert_eq!((cut_short.len(), kit.counts().await), (16, (23, 23)));
}

#[tokio::test]
async fn what_is_about_a_user_is_exported_and_erased() {
    let kit = Kit::with(vec![remind()], 0).await;
    kit.create(HOUR_MS, 7, json!("buy tea")).await.unwrap();
    kit.create(HOUR_MS, 8, json!("sell tea")).await.unwrap();
    kit.storage.backup().await.unwrap();
    let exported = kit.storage.export_subject(7).await.unwrap();
    let told = std::fs::read_to_string(&exported.file).unwrap();
    assert!(
        told.contains("buy tea") && !told.contains("sell tea"),
        "{told}"
    );
    let erased = kit.storage.erase_subject(7).await.unwrap();
    assert_eq!((erased.rows, erased.copies), (1, 2), "{erased:?}");
    assert_eq!(kit.counts().await, (1, 1));
    assert_eq!(dues(&kit.claim(HOUR_MS).await), [HOUR_MS]);
}

#[tokio::test]
async fn a_pause_leaves_out_what_comes_meanwhile() {
    let kit = Kit::with(vec![minutely()], 0).await;
    let pause = async |now_ms, paused| {
        kit.storage
            .in_bot(move |c| store::pause(c, now_ms, "shop", &minutely(), paused))
            .await
            .unwrap()
    };
    assert!(pause(1_000, true).await);
    assert_eq!(kit.claim(HOUR_MS).await, []);
    assert!(pause(HOUR_MS + 1_000, false).await);
    assert_eq!(kit.claim(HOUR_MS + 2_000).await, []);
    assert_eq!(dues(&kit.claim(HOUR_MS + 60_000).await), [HOUR_MS + 60_000]);
}

/// For random cron expressions, zones, jumps of the clock to and fro, kills and slow runs: each due time begins one run at
/// most, in order, and what runs is exactly what was promised. The due times are those of the second opinion.
#[tokio::test]
async fn exactly_what_is_promised_runs() {
    let starts = [
        ("Europe/Berlin", "2026-03-28T20:00:00Z"),
        ("Europe/Berlin", "2026-10-24T20:00:00Z"),
        ("America/New_York", "2026-11-01T00:00:00Z"),
        ("Australia/Lord_Howe", "2026-10-03T10:00:00Z"),
        ("Asia/Kolkata", "2028-02-28T12:00:00Z"),
        ("UTC", "2028-02-28T20:00:00Z"),
    ];
    let mut random = Random(29);
    let (mut ran, mut caught_up, mut left_out, mut overlapped) = (0, 0, 0, 0);
    for round in 0..72 {
        let (zone, start) = starts[round % starts.len()];
        let fields = Fields::random(&mut random);
        let skip_missed = random.below(2) == 0;
        let schedule = declared(json!({
            "name": "tidy", "cron": fields.expression(), "zone": zone, "skip_missed": skip_missed,
        }));
        let start: Timestamp = start.parse().unwrap();
        let start_ms = start.as_millisecond();
        let until = start + jiff::SignedDuration::from_hours(24 * 6);
        let due = second_opinion(&fields, &TimeZone::get(zone).unwrap(), start, until);
        let kit = Kit::with(vec![schedule], start_ms).await;
        let place = || format!("round {round}: `{}` in {zone}", fields.expression());
        // What the model knows: up to where due times have been dealt with, and what runs.
        let (mut now_ms, mut dealt_with, mut running) = (start_ms, start_ms, None::<Run>);
        let (mut missed, mut skipped, mut begun) = (0, 0, Vec::new());
        for _ in 0..40 {
            now_ms += match random.below(8) {
                0 => -(random.below(2 * 3_600_000) as i64),
                1 => random.below(16 * 3_600_000) as i64,
                2 | 3 => random.below(3 * 3_600_000) as i64,
                _ => random.below(90_000) as i64,
            };
            now_ms = now_ms.min(until.as_millisecond());
            match (random.below(3), running.take()) {
                (0, Some(run)) => kit.finish(&run, store::Outcome::Done).await,
                (1, Some(_)) => {
                    // Killed, and started again.
                    assert_eq!(kit.prepare().await.len(), 1);
                    missed += 1;
                }
                (_, run) => running = run,
            }
            let passed: Vec<i64> = due
                .iter()
                .copied()
                .filter(|due| *due > dealt_with && *due <= now_ms)
                .collect();
            let mut expect = Vec::new();
            if let Some(last) = passed.last() {
                dealt_with = *last;
                let is_late = now_ms - last > LATE_MS;
                let others = passed.len() as u64 - 1;
                if running.is_some() {
                    skipped += others + 1;
                    overlapped += 1;
                } else if is_late && skip_missed {
                    missed += others + 1;
                    left_out += 1;
                } else {
                    missed += others;
                    expect.push((*last, is_late, others));
                    caught_up += u64::from(is_late);
                }
            }
            let runs = kit.claim(now_ms).await;
            let found: Vec<_> = runs
                .iter()
                .map(|run| (run.with.due_ms, run.with.caught_up, run.with.missed))
                .collect();
            assert_eq!(found, expect, "{} at {now_ms}", place());
            begun.extend(dues(&runs));
            running = runs.into_iter().next().or(running);
        }
        assert!(begun.is_sorted_by(|a, b| a < b), "{}: {begun:?}", place());
        let view = kit.view().await;
        assert_eq!(
            (view.missed, view.skipped),
            (missed, skipped),
            "{}",
            place()
        );
        ran += begun.len();
    }
    // That nothing of it was left untried.
    assert!(
        ran > 100 && caught_up > 50 && left_out > 30 && overlapped > 20,
        "{ran} {caught_up} {left_out} {overlapped}"
    );
}

#[tokio::test]
async fn payloads_that_wait_have_a_bound_together_and_make_room_when_they_go() {
    let kit = Kit::with(vec![remind()], 0).await;
    let long = json!("x".repeat(400));
    let first = kit.create(0, 7, long.clone()).await.unwrap();
    kit.create(0, 7, long.clone()).await.unwrap();
    let full = store::Waiting {
        runs: 2,
        bytes: 804,
    };
    assert_eq!(kit.create(0, 7, long.clone()).await, Err(full));
    let cancelled = kit
        .storage
        .in_bot(move |c| store::cancel(c, "shop", "remind", first));
    assert!(cancelled.await.unwrap());
    kit.create(0, 7, long).await.unwrap();
}
