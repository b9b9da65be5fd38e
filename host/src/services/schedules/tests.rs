//! Tests of schedules in a database, without a bot around them: what is claimed, by whom, how often.

use host_ops::config::Config;
use jiff::{Timestamp, tz::TimeZone};
use plugin_api::{
    abi::{ScheduleEntry, SchedulesCall},
    manifest::ScheduleManifest,
};
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
            .in_bot(move |c| store::create(c, "shop", "remind", &entry, 0, MOST))
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

/// Creates what comes again, as a call does.
async fn recurring(kit: &Kit, entry: ScheduleEntry, anchor_ms: i64) -> u64 {
    let most = store::Waiting {
        runs: 40,
        bytes: 1_000,
    };
    let create =
        move |c: &rusqlite::Connection| store::create(c, "shop", "remind", &entry, anchor_ms, most);
    kit.storage.in_bot(create).await.unwrap().unwrap()
}

fn each_minute(max_runs: Option<u64>) -> ScheduleEntry {
    ScheduleEntry {
        at_ms: 60_000,
        every_ms: Some(60_000),
        max_runs,
        payload: json!("tea"),
        guild_id: Some(7),
        subject: Some(8),
        ..ScheduleEntry::default()
    }
}

async fn entries(kit: &Kit) -> Vec<ScheduleEntry> {
    let wanted = ScheduleList {
        name: "remind".into(),
        ..ScheduleList::default()
    };
    let list = move |c: &rusqlite::Connection| store::list(c, "shop", &wanted);
    kit.storage.in_bot(list).await.unwrap()
}

#[tokio::test]
async fn what_comes_again_comes_until_it_has_run_as_often_as_it_may() {
    let kit = Kit::with(vec![remind()], 0).await;
    let id = recurring(&kit, each_minute(Some(3)), 0).await;
    for (now, due) in [(60_500, 60_000), (120_000, 120_000), (200_000, 180_000)] {
        let runs = kit.claim(now).await;
        assert_eq!(dues(&runs), [due]);
        assert_eq!(
            (runs[0].with.id, runs[0].with.guild_id),
            (Some(id), Some(7))
        );
        assert_eq!(runs[0].with.payload, json!("tea"));
        kit.finish(&runs[0], store::Outcome::Failed("no tea".into()))
            .await;
        let there = entries(&kit).await;
        let left = there
            .iter()
            .map(|it| (it.at_ms, it.runs, it.failed))
            .collect::<Vec<_>>();
        let expect = match due {
            60_000 => vec![(120_000, 1, 1)],
            120_000 => vec![(180_000, 2, 2)],
            _ => vec![],
        };
        assert_eq!(left, expect);
    }
    assert_eq!(kit.claim(i64::MAX / 4).await, []);
    assert_eq!(kit.counts().await, (0, 0));
}

#[tokio::test]
async fn what_comes_again_catches_up_once_skips_what_overlaps_and_survives_a_kill() {
    let kit = Kit::with(vec![remind()], 0).await;
    recurring(&kit, each_minute(None), 0).await;
    // Five were missed; the sixth runs.
    let runs = kit.claim(361_000).await;
    assert_eq!(dues(&runs), [360_000]);
    assert_eq!(runs[0].with.missed, 5);
    // Two come while it runs.
    assert_eq!(kit.claim(490_000).await, []);
    kit.finish(&runs[0], store::Outcome::Done).await;
    assert_eq!(
        kit.claim(500_000).await,
        [],
        "they are left out, and not late"
    );
    let it = entries(&kit).await.remove(0);
    assert_eq!(
        (it.at_ms, it.runs, it.missed, it.skipped),
        (540_000, 1, 5, 2)
    );
    assert_eq!((it.last_ms, &*it.last_result), (Some(360_000), "ok"));
    // The process is killed over a run: that due time does not come again, the next does.
    assert_eq!(dues(&kit.claim(540_000).await), [540_000]);
    let (kit, cut_short) = kit.next_process().await;
    assert_eq!((cut_short.len(), cut_short[0].due_ms), (1, 540_000));
    assert_eq!(kit.claim(550_000).await, []);
    let runs = kit.claim(600_000).await;
    assert_eq!(dues(&runs), [600_000]);
    // The plugin could not take it: it waits on.
    kit.finish(&runs[0], store::Outcome::NotBegun).await;
    assert_eq!(dues(&kit.claim(601_000).await), [600_000]);
}

#[tokio::test]
async fn at_least_once_begins_what_comes_again_again() {
    let mut schedule = remind();
    schedule.at_least_once = true;
    let kit = Kit::with(vec![schedule], 0).await;
    recurring(&kit, each_minute(Some(1)), 0).await;
    assert_eq!(dues(&kit.claim(60_000).await), [60_000]);
    let (kit, _) = kit.next_process().await;
    let runs = kit.claim(61_000).await;
    assert_eq!(dues(&runs), [60_000]);
    kit.finish(&runs[0], store::Outcome::Done).await;
    assert_eq!(entries(&kit).await, []);
}

#[tokio::test]
async fn what_comes_again_is_switched_off_and_on_and_run_beside_its_plan() {
    let kit = Kit::with(vec![remind()], 0).await;
    let id = recurring(&kit, each_minute(None), 0).await;
    let switch = |now_ms, on| {
        kit.storage
            .in_bot(move |c| store::switch(c, now_ms, "shop", "remind", id, on))
    };
    assert!(switch(10_000, false).await.unwrap());
    assert_eq!(kit.claim(150_000).await, []);
    assert!(entries(&kit).await[0].off);
    assert!(switch(150_000, true).await.unwrap());
    assert_eq!(
        kit.claim(150_000).await,
        [],
        "what was due meanwhile is left out"
    );
    let now = |now_ms| {
        let schedule = remind();
        kit.storage
            .in_bot(move |c| store::claim_entry_now(c, now_ms, "shop", &schedule, id))
    };
    let run = now(160_000).await.unwrap().unwrap();
    assert_eq!(now(160_000).await.unwrap(), None, "it runs");
    kit.finish(&run, store::Outcome::Done).await;
    let it = entries(&kit).await.remove(0);
    assert_eq!((it.at_ms, it.runs, it.off), (180_000, 1, false));
    assert_eq!(dues(&kit.claim(180_000).await), [180_000]);
}

#[tokio::test]
async fn by_cron_it_comes_at_the_times_of_its_zone() {
    let kit = Kit::with(vec![remind()], 0).await;
    let live = Live::new(Config::default());
    let schedules = Schedules::new(live, Clock::default());
    let call = |cron: &str, zone: Option<&str>| ScheduleCreate {
        name: "remind".into(),
        cron: Some(cron.into()),
        zone: zone.map(str::to_owned),
        at_ms: Some(at("2099-07-01T00:00:00Z")),
        ..ScheduleCreate::default()
    };
    let (first, _) = schedules
        .first(&call("0 9 * * *", Some("Europe/Berlin")))
        .unwrap();
    assert_eq!(first, at("2099-07-01T07:00:00Z"));
    for (call, words) in [
        (call("0 9 * *", None), "is no cron expression"),
        (
            call("0 9 * * *", Some("Europe/Tea")),
            "there is no time zone",
        ),
        (call("0 9 31 2 *", None), "never comes"),
        (
            ScheduleCreate {
                every_ms: Some(3),
                ..ScheduleCreate::default()
            },
            "too short",
        ),
        (
            ScheduleCreate {
                max_runs: Some(2),
                ..ScheduleCreate::default()
            },
            "comes once",
        ),
        (
            ScheduleCreate {
                max_runs: Some(0),
                ..call("@hourly", None)
            },
            "at least once",
        ),
    ] {
        let why = schedules.first(&call).unwrap_err();
        assert!(why.contains(words), "{why} does not say {words}");
    }
    let entry = ScheduleEntry {
        at_ms: first,
        cron: Some("0 9 * * *".into()),
        zone: Some("Europe/Berlin".into()),
        ..ScheduleEntry::default()
    };
    recurring(&kit, entry, first).await;
    let runs = kit.claim(first).await;
    kit.finish(&runs[0], store::Outcome::Done).await;
    assert_eq!(entries(&kit).await[0].at_ms, at("2099-07-02T07:00:00Z"));
}

#[tokio::test]
async fn all_of_a_thousand_schedules_are_listed_page_by_page() {
    let kit = Kit::with(vec![minutely(), remind()], 0).await;
    let most = store::Waiting {
        runs: 2_000,
        bytes: 1 << 20,
    };
    kit.storage
        .in_bot(move |c| {
            for number in 0..1_000u64 {
                let entry = ScheduleEntry {
                    guild_id: Some(number % 4 + 1),
                    ..each_minute(None)
                };
                store::create(c, "shop", "remind", &entry, 0, most)?.unwrap();
            }
            Ok(())
        })
        .await
        .unwrap();
    let schedules = Schedules::new(Live::new(Config::default()), Clock::default());
    let all = async |guild_id| {
        let mut wanted = SchedulesCall {
            guild_id,
            limit: Some(500),
            ..SchedulesCall::default()
        };
        let (mut found, mut pages) = (Vec::new(), 0);
        loop {
            let page = schedules.page(&kit.storage, wanted.clone()).await.unwrap();
            pages += 1;
            found.extend(page.schedules);
            wanted.after = page.next;
            if wanted.after.is_none() {
                return (found, pages);
            }
        }
    };
    let (found, pages) = all(None).await;
    assert_eq!((found.len(), pages), (1_002, 3));
    assert_eq!(
        (&*found[1].name, found[1].id, &*found[1].when),
        ("tidy", None, "every 1 min")
    );
    assert_eq!(
        (found[2].id.is_some(), &*found[2].when),
        (true, "every 1 min")
    );
    let ids: std::collections::BTreeSet<_> = found.iter().filter_map(|it| it.id).collect();
    assert_eq!(ids.len(), 1_000, "each once");
    assert_eq!(all(Some(1)).await.0.len(), 250);
}
