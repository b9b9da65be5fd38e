//! Batch of calls in one transaction with one fsync, each call all or nothing for itself.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use host_loader::Completion;
use plugin_api::abi::StorageReply;

use super::{
    database::{Connected, Database},
    error::StorageError,
    job::{Job, Request},
    kv_store,
    link::Link,
    meter::Meter,
    rounds::{ASIDE, Ended, Round},
    statement::{Searches, StatementRunner},
    table_access::{TableAccess, Who},
};

/// Most calls in one transaction.
pub(super) const CALLS: usize = 128;
/// Most of them of one plugin: the others wait until the transaction is done.
pub(super) const CALLS_OF_ONE: usize = 32;
/// How long a transaction takes new calls: beyond, whoever came first would wait for the last.
const OPEN: Duration = Duration::from_millis(20);

/// How long a batch of reads takes new ones: they gain nothing from being many.
const OPEN_READS: Duration = Duration::from_micros(250);

/// Outcome of requests that should only read.
#[derive(Default)]
pub(super) struct Read {
    /// Those that turned out to write.
    pub(super) writes: Vec<Arc<Job>>,
    /// Those that there was no time for.
    pub(super) rest: Vec<Arc<Job>>,
    pub(super) worst: Option<StorageError>,
}

/// Carries out requests that only read.
pub(super) fn read(
    database: &Database,
    table_access: &TableAccess,
    round: &Arc<Round>,
    jobs: Vec<Arc<Job>>,
) -> Read {
    let mut writes = Vec::new();
    let mut worst = None;
    let connected = match database.connect() {
        Ok(connected) => connected,
        Err(error) => {
            return Read {
                rest: fail(jobs, &error),
                worst: Some(error),
                ..Read::default()
            };
        }
    };
    let began = Instant::now();
    let mut jobs = jobs.into_iter();
    while began.elapsed() <= OPEN_READS
        && let Some(job) = jobs.next()
    {
        if job.declared.has_ended() {
            job.end(Err(StorageError::Ended));
            continue;
        }
        let runner = database.runner(&connected, &job.declared, table_access, Searches::Allowed);
        match only_reads(&runner, &job.request) {
            Ok(true) if database.is_migrated(&job.declared) => {}
            Ok(_) => {
                writes.push(job);
                continue;
            }
            Err(_) if !database.is_migrated(&job.declared) => {
                writes.push(job);
                continue;
            }
            Err(error) => {
                job.end(Err(note(error, &mut worst)));
                continue;
            }
        }
        let doing = round.begin(&job);
        let result = patiently(|| true, || carry_out(&runner, &job.request, &job.body));
        let ended = doing.end();
        if ended == Ended::LeftBehind {
            break;
        }
        let result = result.map_err(|error| note(error, &mut worst));
        job.end(result);
        if ended == Ended::Aside {
            break;
        }
    }
    Read {
        writes,
        rest: jobs.collect(),
        worst,
    }
}

fn only_reads(runner: &StatementRunner<'_>, request: &Request) -> Result<bool, StorageError> {
    let (Request::Query(call) | Request::Run(call)) = request else {
        return Ok(request.reads());
    };
    for step in &call.steps {
        if !runner.only_reads(&step.sql)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Carries out requests that write, in their order and in as few transactions as can be. Returns those that it had no time
/// for.
pub(super) fn write(
    database: &Database,
    table_access: &TableAccess,
    round: &Arc<Round>,
    jobs: Vec<Arc<Job>>,
) -> (Vec<Arc<Job>>, Option<StorageError>) {
    let connected = match database.connect() {
        Ok(connected) => connected,
        Err(error) => return (fail(jobs, &error), Some(error)),
    };
    let mut worst = None;
    let (mut first, mut ready) = (Vec::new(), Vec::with_capacity(jobs.len()));
    let mut jobs = jobs.into_iter();
    let mut rest = Vec::new();
    for job in jobs.by_ref() {
        if job.declared.has_ended() {
            job.end(Err(StorageError::Ended));
            continue;
        }
        if let Err(error) = database.migrate(&connected, &job.declared, table_access, false) {
            job.end(Err(note(error, &mut worst)));
            continue;
        }
        let runner = database.runner(&connected, &job.declared, table_access, Searches::Allowed);
        if ready.is_empty() && only_reads(&runner, &job.request).unwrap_or_default() {
            first.push(job);
        } else if job.slow.load(Relaxed) || is_search(&runner, &job.request) {
            // Not while somebody writes: it may take what time it has.
            rest.push(job);
            break;
        } else {
            ready.push(job);
        }
    }
    rest.extend(jobs);
    if !first.is_empty() {
        drop(connected);
        let mut done = read(database, table_access, round, first);
        worst = worst.or(done.worst);
        done.writes.append(&mut done.rest);
        done.writes.append(&mut ready);
        done.writes.append(&mut rest);
        return (done.writes, worst);
    }
    let mut left = together(database, table_access, round, &connected, ready, &mut worst);
    left.append(&mut rest);
    (left, worst)
}

/// Whether it only looks for something in a full-text table.
fn is_search(runner: &StatementRunner<'_>, request: &Request) -> bool {
    let (Request::Query(call) | Request::Run(call)) = request else {
        return false;
    };
    call.steps.iter().any(|step| runner.is_search(&step.sql))
        && only_reads(runner, request).unwrap_or_default()
}

/// One transaction for all; if it is lost, one for each.
fn together(
    database: &Database,
    table_access: &TableAccess,
    round: &Arc<Round>,
    connected: &Connected,
    mut jobs: Vec<Arc<Job>>,
    worst: &mut Option<StorageError>,
) -> Vec<Arc<Job>> {
    if jobs.is_empty() {
        return jobs;
    }
    let began = Instant::now();
    let mut results = Vec::with_capacity(jobs.len());
    round.writes(true);
    let mut untidy = false;
    let outcome = transaction(connected, database, |meter| {
        for job in &jobs {
            let runner = database.runner(connected, &job.declared, table_access, Searches::Refused);
            let doing = round.begin(job);
            let result = in_turn(&runner, meter, job);
            if doing.end() == Ended::LeftBehind {
                return Err(Lost::LeftBehind);
            }
            // Out of time, out of disk: SQLite gives up the whole transaction, and not the statement alone.
            let lost = connected.connection.is_autocommit();
            results.push(result);
            if lost {
                return Err(Lost::At(results.len() - 1));
            }
            if began.elapsed() > OPEN {
                break;
            }
        }
        untidy = meter.note().map_err(Lost::Commit)?;
        Ok(())
    });
    if untidy {
        database.untidy.store(true, Relaxed);
    }
    if !matches!(outcome, Err(Lost::LeftBehind)) {
        round.writes(false);
    }
    match outcome {
        Ok(()) => {
            let not_begun = jobs.split_off(results.len());
            let mut rest = Vec::new();
            for (job, result) in jobs.into_iter().zip(results) {
                match result {
                    Some(result) => job.end(result.map_err(|error| note(error, worst))),
                    None => rest.push(job),
                }
            }
            rest.extend(not_begun);
            rest
        }
        Err(Lost::At(at)) if is_again(&jobs[at], &results[at]) => {
            one_by_one(database, table_access, round, connected, jobs, worst)
        }
        Err(Lost::At(at)) if jobs.len() > 1 => {
            let culprit = jobs.remove(at);
            let error = results.swap_remove(at).and_then(Result::err);
            let error = error.unwrap_or(StorageError::Closed);
            culprit.end(Err(note(error, worst)));
            one_by_one(database, table_access, round, connected, jobs, worst)
        }
        Err(Lost::At(_)) => {
            let error = results.pop().flatten().and_then(Result::err);
            let error = error.unwrap_or(StorageError::Closed);
            fail(jobs, &note(error, worst))
        }
        Err(Lost::Commit(_)) if jobs.len() > 1 => {
            one_by_one(database, table_access, round, connected, jobs, worst)
        }
        Err(Lost::Commit(error)) => fail(jobs, &note(error, worst)),
        // They are in the line again already.
        Err(Lost::LeftBehind) => Vec::new(),
    }
}

/// Whether a call that took the whole transaction with it begins anew: where there was no memory, once.
fn is_again(job: &Job, result: &Option<Result<Completion, StorageError>>) -> bool {
    matches!(result, Some(Err(StorageError::Memory { .. }))) && !job.again.swap(true, Relaxed)
}

/// One call in the transaction. One that reads has a moment, since others wait to write; `None` where that was too short.
fn in_turn(
    runner: &StatementRunner<'_>,
    meter: &mut Meter<'_>,
    job: &Job,
) -> Option<Result<Completion, StorageError>> {
    let reads = only_reads(runner, &job.request).unwrap_or_default();
    let moment = reads.then(|| runner.link.until(ASIDE));
    let result = savepoint(runner, meter, job);
    drop(moment);
    if reads && matches!(result, Err(StorageError::Slow { .. })) {
        job.slow.store(true, Relaxed);
        return None;
    }
    Some(result)
}

fn one_by_one(
    database: &Database,
    table_access: &TableAccess,
    round: &Arc<Round>,
    connected: &Connected,
    jobs: Vec<Arc<Job>>,
    worst: &mut Option<StorageError>,
) -> Vec<Arc<Job>> {
    let began = Instant::now();
    let mut jobs = jobs.into_iter();
    let mut rest = Vec::new();
    for job in jobs.by_ref() {
        rest.append(&mut together(
            database,
            table_access,
            round,
            connected,
            vec![job],
            worst,
        ));
        // The rest has to wait for its turn, or a plugin whose calls are lost one after the other would have them all at once.
        if began.elapsed() > OPEN || round.culprit().is_some() {
            break;
        }
    }
    rest.extend(jobs);
    rest
}

/// Reason for which a transaction was lost.
enum Lost {
    /// With this call.
    At(usize),
    /// At its begin or its end.
    Commit(StorageError),
    /// The others have gone on without it.
    LeftBehind,
}

fn transaction(
    link: &Link,
    database: &Database,
    work: impl FnOnce(&mut Meter<'_>) -> Result<(), Lost>,
) -> Result<(), Lost> {
    let control = |sql: &str| {
        link.begin(Who::Host);
        link.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.raw_execute())
            .map_err(|error| Lost::Commit(StorageError::of_sql(&database.at(), sql, &error)))
    };
    control("BEGIN IMMEDIATE")?;
    let work = || {
        let meter = Meter::begin(link, database.at(), &database.disk);
        let mut meter = meter.map_err(Lost::Commit)?;
        work(&mut meter)?;
        database.disk.commits.measure(|| control("COMMIT"))?;
        meter.done(database.at().database_id);
        Ok(())
    };
    let done = work();
    if done.is_err() && !link.connection.is_autocommit() {
        let _ = control("ROLLBACK");
    }
    done
}

/// One call inside of the transaction: all of it, or nothing.
fn savepoint(
    runner: &StatementRunner<'_>,
    meter: &mut Meter<'_>,
    job: &Job,
) -> Result<Completion, StorageError> {
    let control = |sql: &str| {
        runner.link.begin(Who::Host);
        runner
            .link
            .connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.raw_execute())
            .map_err(|error| StorageError::of_sql(&runner.at, sql, &error))
    };
    let plugin = &*job.declared.caller.plugin;
    meter.bound(plugin)?;
    control("SAVEPOINT one_call")?;
    let in_transaction = || !runner.link.connection.is_autocommit();
    let result = patiently(in_transaction, || {
        let result = carry_out(runner, &job.request, &job.body);
        if matches!(result, Err(StorageError::Memory { .. })) && in_transaction() {
            control("ROLLBACK TO one_call")?;
        }
        result
    });
    let result = result.map_err(|error| meter.told(error, plugin, job.sql()));
    if runner.link.connection.is_autocommit() {
        return result;
    }
    let result = result.and_then(|done| meter.charge(plugin, job.sql()).map(|()| done));
    let closed = match &result {
        Ok(_) => control("RELEASE one_call"),
        Err(_) => control("ROLLBACK TO one_call").and_then(|_| control("RELEASE one_call")),
    };
    if let Err(error) = closed {
        // What it has done can't be told from what the others have: all of it goes.
        let _ = control("ROLLBACK");
        return Err(error);
    }
    if result.is_err() {
        meter.look()?;
    }
    result
}

fn carry_out(
    runner: &StatementRunner<'_>,
    request: &Request,
    body: &[u8],
) -> Result<Completion, StorageError> {
    // All its statements together: else a call of many would hold the database for as many times the limit.
    let limit = Duration::from_millis(runner.settings.statement_timeout_ms);
    let _until = runner.link.until(limit);
    let (head, body) = match request {
        Request::Query(call) | Request::Run(call) => {
            let mut out = Vec::new();
            let mut reply = StorageReply::default();
            for step in &call.steps {
                reply.results.push(runner.run(step, body, &mut out)?);
            }
            (serde_json::to_vec(&reply), out)
        }
        Request::Kv(verb, call) => {
            let (reply, value) = kv_store::run(runner, *verb, call, body)?;
            (serde_json::to_vec(&reply), value)
        }
    };
    Ok(Completion {
        status: 0,
        head: head.map_err(|error| StorageError::Call(error.to_string()))?,
        body,
    })
}

/// What is waited before a call is tried again that found no memory: it is one limit for all databases, and others have it for
/// moments only.
const WAITS_MS: [u64; 3] = [5, 25, 100];

/// Tries again where there was no memory, while there is something to go on with.
fn patiently(
    goes_on: impl Fn() -> bool,
    mut call: impl FnMut() -> Result<Completion, StorageError>,
) -> Result<Completion, StorageError> {
    let mut result = call();
    for wait in WAITS_MS {
        if !matches!(result, Err(StorageError::Memory { .. })) || !goes_on() {
            break;
        }
        std::thread::sleep(Duration::from_millis(wait));
        result = call();
    }
    result
}

/// Ends all with the same error.
pub(super) fn fail(jobs: Vec<Arc<Job>>, error: &StorageError) -> Vec<Arc<Job>> {
    for job in jobs {
        job.end(Err(error.clone()));
    }
    Vec::new()
}

/// Keeps an error that says that the file is damaged.
fn note(error: StorageError, worst: &mut Option<StorageError>) -> StorageError {
    if matches!(error, StorageError::Damaged { .. }) {
        *worst = Some(error.clone());
    }
    error
}
