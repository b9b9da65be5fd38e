//! Fuzz test of all host calls: a generator makes parameters that no plugin of good sense sends, from the list of host
//! calls and from the names of the boundary's fields, so that a new call is tried as well. Each is answered, the host
//! takes no more memory than it may, and another plugin's commands go on meanwhile.

use std::{
    collections::BTreeSet,
    env, fs,
    path::Path,
    pin::pin,
    sync::OnceLock,
    time::{Duration, Instant},
};

use crate::{fixtures, process::Process, support::PATIENCE};

/// What any call may take: the limits of the services are set below it.
const DEADLINE: Duration = Duration::from_secs(45);

/// Cases of each call.
const CASES: u32 = 20;

/// Parts in which a call's fields are tried one after the other.
const PARTS: usize = 1;

/// One call in so many gets the largest texts and the whole flood: what takes them in is the same for all, and what each does about them grows
/// with their size.
const WHOLE: usize = 16;

/// Calls that are open at once in a flood.
const FLOOD: u32 = 500;

/// Between two uses of the other plugin's.
const PAUSE: Duration = Duration::from_millis(50);

/// Most bytes that the host takes at any time: the plugin's own large texts, the host's copies of them, and what is read of them.
const AT_MOST: u64 = 768 << 20;

/// Most bytes that it takes more when all is over.
const STAYS: u64 = 192 << 20;

/// So that nothing waits for longer than [`DEADLINE`].
const CONFIG: &str =
    "[web]\ntimeout_ms = 2000\nmax_timeout_ms = 2000\n[storage]\nstatement_timeout_ms = 1000\n";

const SOURCE: &str = r##"//! Asks the host for anything.
use std::{cell::Cell, rc::Rc, time::{Duration, Instant}};

use plugin_api::{Json, prelude::*};

/// Names of fields, of all heads of the boundary.
const FIELDS: &[&str] = &[FIELD_NAMES];
const DEADLINE: Duration = Duration::from_millis(DEADLINE_MS);

/// Parts that the fields are tried in, so that none takes long.
const PARTS: usize = NUMBER_OF_PARTS;
/// From which size of texts on more than the most is tried, too: what refuses that is the same for all calls.
const WHOLE: u32 = 16 << 20;

/// Words that lead further than any other would. What is new does without.
const HINTS: &[(&str, &str)] = &[
    ("path", "tea"), ("url", "https://example.com/"), ("event", "smith.done"), ("plugin", "smith"),
    ("sql", "SELECT 1"), ("function", "done"), ("name", "tea"), ("help", "Tea"), ("entry", "done"),
];


export_plugin!(|| {
    let command = |name: &str| {
        Command::new(name, "Asks the host")
            .option(CommandOption::string("call", "Of these"))
            .option(CommandOption::integer("seed", "Of what comes"))
            .option(CommandOption::integer("count", "How often"))
    };
    Plugin::new()
        .command(command("fuzz").run(fuzz))
        .command(command("large").run(large))
        .command(command("extremes").run(extremes))
        .command(command("flood").run(flood))
});

/// xorshift64*: the same for the same seed.
struct Dice(u64);

impl Dice {
    fn new(call: &str, seed: i64) -> Self {
        let of_call = call.bytes().fold(seed as u64 | 1, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
        Self(of_call.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, count: usize) -> usize {
        (self.next() >> 33) as usize % count
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn text(&mut self) -> String {
        const TEXTS: &[&str] = &[
            "", "a", "0", "-1", "18446744073709551616", "1", "GET", "POST", "DELETE", "channels/1/messages", "users/@me", "../../etc/passwd",
            "/", "a/b/c", "http://127.0.0.1:9/", "https://example.com/", "smith.done", "smith__rows", "SELECT 1", "SELECT * FROM smith__rows",
            "INSERT", "null", "\u{0}", "a\u{0}b", "\u{202e}\u{2028}\u{feff}", "\r\n\r\n", "%", "%00%ff", "\\u0000", "'; --", "{}", "[]", "\u{10ffff}",
            "counter", "gauge", "histogram", "guild", "bot", "every 1s", "0 0 0 0 0", "daily", "key", "kettle", "@everyone", "cw1:x:c3n82:",
            "NaN", "1e999", "true",
        ];
        match self.below(40) {
            0 => "x".repeat(1 << self.below(21)),
            1 => "\u{1F600}".repeat(self.below(5000)),
            2 => FIELDS[self.below(FIELDS.len())].to_owned(),
            _ => self.of(TEXTS).to_owned(),
        }
    }

    fn number(&mut self) -> Json {
        match self.below(4) {
            0 => Json::from(self.of(&[0_i64, 1, -1, i64::MIN, i64::MAX, 255, 65_536, 4_294_967_296, 1_000_000])),
            1 => Json::from(self.of(&[u64::MAX, 1 << 63, 1 << 53])),
            2 => Json::from(self.of(&[0.5, -0.0, 1e308, -1e308, 5e-324, 1e18])),
            _ => Json::from(self.next()),
        }
    }

    fn value(&mut self, depth: usize) -> Json {
        match self.below(if depth == 0 { 6 } else { 10 }) {
            0 => Json::Null,
            1 => Json::from(self.below(2) == 0),
            2 | 3 => self.number(),
            4 | 5 => Json::from(self.text()),
            6 => (0..self.below(5)).map(|_| self.value(depth - 1)).collect(),
            7 => {
                let item = self.number();
                vec![item; self.below(3000)].into()
            }
            8 => self.object(depth - 1),
            _ => (0..self.below(100)).fold(Json::Null, |inner, _| vec![inner].into()),
        }
    }

    fn object(&mut self, depth: usize) -> Json {
        let fields = (0..self.below(8)).map(|_| (FIELDS[self.below(FIELDS.len())].to_owned(), self.value(depth)));
        Json::Object(fields.collect())
    }

    fn body(&mut self) -> Vec<u8> {
        match self.below(9) {
            0 | 1 => Vec::new(),
            2 => (0..self.below(5000)).map(|_| self.next() as u8).collect(),
            3 => "[".repeat(100_000).into_bytes(),
            4 => "{\"a\":".repeat(100_000).into_bytes(),
            5 => br#"{"content":"\ud800","a":1e999}"#.to_vec(),
            6 => br#"{"content":"#.to_vec(),
            7 => vec![0; 1 << self.below(21)],
            _ => self.value(3).to_string().into_bytes(),
        }
    }
}

struct Tally {
    well: u32,
    slowest: Duration,
    unanswered: u32,
}

/// One call; what the host said.
async fn ask(host: &Host, call: &str, params: Json, body: Vec<u8>, tally: &mut Tally) -> String {
    let began = Instant::now();
    let said = tokio::time::timeout(DEADLINE, host.call(call, params, body)).await;
    tally.slowest = tally.slowest.max(began.elapsed());
    match said {
        Ok(Ok(_)) => {
            tally.well += 1;
            String::new()
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => {
            tally.unanswered += 1;
            String::new()
        }
    }
}

fn told(tally: &Tally) -> String {
    format!("unanswered {}, slowest {} ms, {} did something", tally.unanswered, tally.slowest.as_millis(), tally.well)
}

/// What is missing, in the host's own words: so a call is tried beyond its first field.
fn missing(said: &str) -> Option<&str> {
    said.split_once("missing field `")?.1.split('`').next()
}

async fn fuzz(ctx: CommandContext) -> Result {
    let (call, seed, count): (String, i64, u32) = (ctx.option("call")?, ctx.option("seed")?, ctx.option("count")?);
    let mut dice = Dice::new(&call, seed);
    let mut tally = Tally { well: 0, slowest: Duration::ZERO, unanswered: 0 };
    for _ in 0..count {
        let mut params = if dice.below(6) == 0 { dice.value(2) } else { dice.object(2) };
        let body = dice.body();
        for _ in 0..8 {
            let said = ask(ctx.host(), &call, params.clone(), body.clone(), &mut tally).await;
            let (Some(field), Some(fields)) = (missing(&said), params.as_object_mut()) else { break };
            let value = if dice.below(2) == 0 { Json::from(dice.text()) } else { dice.value(2) };
            fields.insert(field.to_owned(), value);
        }
    }
    ctx.reply(told(&tally)).await
}

/// Texts of many megabytes, in each field and in the body.
async fn large(ctx: CommandContext) -> Result {
    let (call, seed, count): (String, i64, u32) = (ctx.option("call")?, ctx.option("seed")?, ctx.option("count")?);
    let mut dice = Dice::new(&call, seed);
    let mut tally = Tally { well: 0, slowest: Duration::ZERO, unanswered: 0 };
    let host = ctx.host();
    let mut params = dice.object(1);
    for _ in 0..8 {
        let said = ask(host, &call, params.clone(), Vec::new(), &mut tally).await;
        let (Some(field), Some(fields)) = (missing(&said), params.as_object_mut()) else { break };
        fields.insert(field.to_owned(), dice.text().into());
    }
    let text = || [b"{\"content\":\"", &*vec![b'x'; count as usize], b"\"}"].concat();
    ask(host, &call, params.clone(), text(), &mut tally).await;
    // More than a body may have, and more than parameters may.
    if count > WHOLE {
        ask(host, &call, params.clone(), vec![b' '; 70 << 20], &mut tally).await;
    }
    if let Some(fields) = params.as_object_mut() {
        fields.insert("name".to_owned(), "y".repeat(9 << 20).into());
    }
    ask(host, &call, params.clone(), Vec::new(), &mut tally).await;
    // As much as they may.
    if let Some(fields) = params.as_object_mut() {
        for name in fields.keys().cloned().collect::<Vec<_>>() {
            let most = (7 << 20) / fields.len();
            fields.insert(name, "z".repeat(most).into());
        }
    }
    ask(host, &call, params, Vec::new(), &mut tally).await;
    ctx.reply(told(&tally)).await
}

/// What the host takes as a call's parameters, as far as its own words tell.
async fn learned(host: &Host, call: &str, tally: &mut Tally) -> Json {
    let is_read = |said: &str| !said.contains("parameters can't be read");
    let mut params = Json::Object(Default::default());
    for _ in 0..12 {
        let said = ask(host, call, params.clone(), Vec::new(), tally).await;
        let Some(field) = missing(&said).map(str::to_owned) else { break };
        let hint = HINTS.iter().find(|(name, _)| *name == field).map_or("1", |(_, hint)| *hint);
        let mut candidates: Vec<Json> = vec![hint.into(), 1.into(), true.into(), Json::Array(Vec::new()), params.clone(), Json::Null];
        while !candidates.is_empty() {
            params[&*field] = candidates.remove(0);
            let said = ask(host, call, params.clone(), Vec::new(), tally).await;
            if is_read(&said) || missing(&said).is_some_and(|other| other != field) {
                break;
            }
            // The words that there are.
            if let Some((_, words)) = said.split_once("unknown variant").and_then(|(_, rest)| rest.split_once("expected")) {
                candidates = words.split('`').skip(1).step_by(2).map(Json::from).collect();
            }
        }
    }
    params
}

/// Each field of the boundary that the call reads, with each number and text that is at an end, beside what is taken for the others.
async fn extremes(ctx: CommandContext) -> Result {
    let (call, part): (String, usize) = (ctx.option("call")?, ctx.option::<u32>("count")? as usize);
    let mut tally = Tally { well: 0, slowest: Duration::ZERO, unanswered: 0 };
    let params = learned(ctx.host(), &call, &mut tally).await;
    let ends: Vec<Json> = vec![
        0.into(), (-1).into(), i64::MIN.into(), i64::MAX.into(), u64::MAX.into(), u32::MAX.into(), 1e308.into(), (-5e-324).into(), "".into(),
        "\u{0}".into(), "18446744073709551615".into(), vec![Json::from("1"); 500].into(), Json::Null,
    ];
    // What is answered as if they were not there is not read: there are more fields by far than any call has.
    let usual = ask(ctx.host(), &call, params.clone(), b"{}".to_vec(), &mut tally).await;
    let all: Vec<&str> = FIELDS.iter().skip(part).step_by(PARTS).copied().collect();
    let (mut ahead, mut read) = (vec![&*all], Vec::new());
    while let Some(fields) = ahead.pop() {
        let mut odd = params.clone();
        for field in fields {
            odd[*field] = Json::from_iter([("odd", Json::Array(Vec::new()))]);
        }
        let is_read = ask(ctx.host(), &call, odd, b"{}".to_vec(), &mut tally).await != usual;
        match fields {
            [field] if is_read => read.push(*field),
            [_, _, ..] if is_read => ahead.extend(<[_; 2]>::from(fields.split_at(fields.len() / 2))),
            _ => {}
        }
    }
    let taken = all.iter().filter(|field| params.get(**field).is_some());
    read.extend(taken.copied().filter(|field| !read.contains(field)).collect::<Vec<_>>());
    for field in read {
        for end in &ends {
            let mut params = params.clone();
            params[field] = end.clone();
            ask(ctx.host(), &call, params, b"{}".to_vec(), &mut tally).await;
        }
    }
    ctx.reply(told(&tally)).await
}

/// Many at once.
async fn flood(ctx: CommandContext) -> Result {
    let (call, seed, count): (String, i64, u32) = (ctx.option("call")?, ctx.option("seed")?, ctx.option("count")?);
    let mut dice = Dice::new(&call, seed);
    let left = Rc::new(Cell::new(count));
    let began = Instant::now();
    let call: Rc<str> = call.into();
    for _ in 0..count {
        let (host, call, left) = (ctx.host().clone(), Rc::clone(&call), Rc::clone(&left));
        let (params, body) = (dice.object(1), dice.text().into_bytes());
        ctx.host().spawn(async move {
            let _ = host.call(&call, params, body).await;
            left.set(left.get() - 1);
            Ok(())
        });
    }
    while left.get() > 0 && began.elapsed() < DEADLINE {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    ctx.reply(format!("unanswered {}, {} ms", left.get(), began.elapsed().as_millis())).await
}
"##;

/// The names of the fields of all that crosses the boundary.
fn fields() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugin-api/src/abi");
    let mut fields = BTreeSet::new();
    for file in fs::read_dir(folder).unwrap() {
        let source = fs::read_to_string(file.unwrap().path()).unwrap();
        let names = source
            .lines()
            .filter_map(|line| line.trim().strip_prefix("pub ")?.split_once(':'));
        let is_name = |name: &&str| {
            name.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        };
        fields.extend(
            names
                .map(|(name, _)| name)
                .filter(is_name)
                .map(str::to_owned),
        );
    }
    assert!(fields.len() > 100, "{fields:?}");
    fields
}

fn smith() -> std::path::PathBuf {
    static BUILT: OnceLock<std::path::PathBuf> = OnceLock::new();
    let build = || {
        let names: Vec<String> = fields().iter().map(|name| format!("{name:?}")).collect();
        let source = SOURCE
            .replace("FIELD_NAMES", &names.join(", "))
            .replace("DEADLINE_MS", &DEADLINE.as_millis().to_string())
            .replace("NUMBER_OF_PARTS", &PARTS.to_string());
        fixtures::plugin("smith", "calls", "0.1.0", "", &source)
    };
    BUILT.get_or_init(build).clone()
}

/// By which all is made; another one with the variable.
fn seed() -> u32 {
    let given = env::var("COGWRIGHT_SEED").ok();
    given.map_or(20_261_129, |seed| seed.parse().unwrap())
}

/// Asks for it, while another plugin is asked as well; what came of it, and how long the other took at most.
async fn beside_another(bot: &Process, line: &str) -> (String, Duration) {
    let (member, owner) = (bot.member(), bot.owner());
    let asked = async {
        let said = bot.ask(&member, line).await.content;
        let seed = seed();
        assert!(
            said.starts_with("unanswered 0,"),
            "COGWRIGHT_SEED={seed}: {line}: {said}\n{}",
            bot.said()
        );
        said
    };
    let mut asked = pin!(asked);
    let mut slowest = Duration::ZERO;
    loop {
        let other = async {
            let began = Instant::now();
            let answer = bot.ask(&owner, "!hello").await;
            assert!(answer.content.starts_with("Hello"), "{}", answer.content);
            began.elapsed()
        };
        let mut other = pin!(other);
        let (said, took) = tokio::select! {
            said = &mut asked => (Some(said), other.await),
            took = &mut other => (None, took),
        };
        slowest = slowest.max(took);
        if let Some(said) = said {
            return (said, slowest);
        }
        // Members do not ask without a pause.
        tokio::time::sleep(PAUSE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_host_call_is_answered_whatever_it_is_asked() {
    let calls: Vec<&str> = host::services::calls().map(|call| call.name).collect();
    assert!(calls.len() > 30, "{calls:?}");
    let libraries = [("hello", fixtures::example("hello")), ("smith", smith())];
    let bot = Process::run(&libraries, CONFIG).await;
    bot.until(&bot.owner(), "!hello", "Hello").await;
    let before = bot.memory("VmRSS");
    let seed = seed();
    for (number, call) in calls.iter().copied().chain(["no.such_call"]).enumerate() {
        let is_whole = number % WHOLE == 0;
        let of = |what: &str, count: usize| format!("!{what} {call} {seed} {count}");
        let parts = (0..PARTS).map(|part| of("extremes", part));
        let others = [
            of("fuzz", CASES as usize),
            of("large", if is_whole { 50 << 20 } else { 4 << 20 }),
            of("flood", if is_whole { FLOOD as usize } else { 60 }),
        ];
        for line in parts.chain(others) {
            let began = Instant::now();
            let (said, another) = beside_another(&bot, &line).await;
            let most = bot.memory("VmHWM");
            println!(
                "{line}: {said}; {:?}, another {another:?}, {} MB at most",
                began.elapsed(),
                most >> 20
            );
            assert!(
                most < AT_MOST,
                "COGWRIGHT_SEED={seed}: {line}: {most} bytes at once"
            );
        }
    }
    // What was large is given back.
    let began = Instant::now();
    while bot.memory("VmRSS") > before + STAYS {
        assert!(
            began.elapsed() < PATIENCE,
            "{before} bytes before, {} after",
            bot.memory("VmRSS")
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(!bot.said().contains("the host panicked"), "{}", bot.said());
    bot.signal("TERM");
    assert!(bot.ended().await.success(), "{}", bot.said());
}
