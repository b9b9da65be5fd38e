//! Tests of reading the environment and `.env`.

use super::*;

/// The shape of a token; "MTIzNDU2Nzg5MDEyMzQ1Njc4" is the base64 of 123456789012345678.
const GOOD: &str = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcdE.abcdefghijklmnopqrstuvwxyz0123456789AB";
const OWNER: &str = "80351110224678912";

fn read(variables: &[(&str, &str)]) -> Result<Environment, EnvError> {
    Environment::read(|name| {
        variables
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, value)| (*value).to_owned())
    })
}

/// Reads a good environment with one variable changed, and compares the start of each problem.
#[track_caller]
fn check(name: &str, value: &str, expect: &[&str]) {
    let mut variables = vec![(name, value)];
    variables.extend([(TOKEN, GOOD), (OWNER_ID, OWNER)]);
    let problems = problems(read(&variables));
    assert_eq!(problems.len(), expect.len(), "{problems:?}");
    for (problem, expect) in problems.iter().zip(expect) {
        assert!(
            problem.starts_with(expect),
            "{problem:?} does not start with {expect:?}"
        );
        assert!(
            value.len() < 8 || !problem.contains(value),
            "{problem:?} shows the value"
        );
    }
}

fn problems(read: Result<Environment, EnvError>) -> Vec<String> {
    match read {
        Ok(_) => Vec::new(),
        Err(EnvError::Invalid { problems }) => problems,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn good() {
    let environment = read(&[(TOKEN, GOOD), (OWNER_ID, OWNER)]).unwrap();
    assert_eq!(
        (environment.token.expose(), environment.bot_owner_id),
        (GOOD, 80351110224678912)
    );
    assert_eq!(
        (environment.shard_count, environment.shard_ids),
        (None, None)
    );
}

#[test]
fn the_token_is_never_shown() {
    let environment = read(&[(TOKEN, GOOD), (OWNER_ID, OWNER)]).unwrap();
    let text = format!("{environment:?} {environment:#?}");
    assert!(!text.contains(GOOD) && text.contains("<redacted>"));
    let error = read(&[
        (TOKEN, "hunter2.hunter2"),
        (OWNER_ID, GOOD),
        (SHARD_IDS, GOOD),
    ])
    .unwrap_err();
    let text = format!("{error} {error:?} {error:#?}");
    assert!(!text.contains("hunter2") && !text.contains(GOOD), "{text}");
}

#[test]
fn everything_missing_is_said_at_once_with_the_way_to_get_it() {
    let text = read(&[(TOKEN, " ")]).unwrap_err().to_string();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(
        lines[0].starts_with("DISCORD_TOKEN is missing: ")
            && lines[0].contains("Bot > Reset Token")
    );
    assert!(
        lines[1].starts_with("BOT_OWNER_ID is missing: ") && lines[1].contains("Developer Mode")
    );
}

#[test]
fn tokens() {
    check(TOKEN, GOOD, &[]);
    check(TOKEN, "MTIzNDU2Nzg5MDEyMzQ1Njc4OQ==.a.b", &[]);
    check(
        TOKEN,
        &format!("Bot {GOOD}"),
        &["DISCORD_TOKEN starts with `Bot `"],
    );
    check(
        TOKEN,
        &format!("\"{GOOD}\""),
        &["DISCORD_TOKEN contains quotes"],
    );
    check(
        TOKEN,
        &format!("{GOOD}\n"),
        &["DISCORD_TOKEN contains a line break"],
    );
    check(
        TOKEN,
        &format!(" {GOOD}"),
        &["DISCORD_TOKEN contains blanks"],
    );
    check(
        TOKEN,
        "abcdefghijklmnopqrstuvwxyz012-_5",
        &["DISCORD_TOKEN is the application's client secret"],
    );
    check(TOKEN, OWNER, &["DISCORD_TOKEN is a number"]);
    check(TOKEN, "a.b", &["DISCORD_TOKEN is not a bot token"]);
    check(
        TOKEN,
        "abcd.GabcdE.xyz",
        &["DISCORD_TOKEN is not a bot token, or not all of it"],
    );
    check(
        TOKEN,
        "MTIzNDU2Nzg5MDEyMzQ1Njc4..xyz",
        &["DISCORD_TOKEN is not a bot token, or not all of it"],
    );
}

#[test]
fn owner_ids() {
    check(OWNER_ID, " 80351110224678912 ", &[]);
    check(OWNER_ID, "42", &["BOT_OWNER_ID is a number but no user id"]);
    check(
        OWNER_ID,
        "00000000000000000",
        &["BOT_OWNER_ID is a number but no user id"],
    );
    check(OWNER_ID, "someone#1234", &["BOT_OWNER_ID is not a user id"]);
    check(
        OWNER_ID,
        "99999999999999999999",
        &["BOT_OWNER_ID is not a user id"],
    );
    check(OWNER_ID, GOOD, &["BOT_OWNER_ID holds the bot's token"]);
}

#[test]
fn shards() {
    let shards = |count: &str, ids: &str| {
        let environment = read(&[
            (TOKEN, GOOD),
            (OWNER_ID, OWNER),
            (SHARD_COUNT, count),
            (SHARD_IDS, ids),
        ]);
        environment
            .map(|environment| (environment.shard_count, environment.shard_ids))
            .map_err(|error| error.to_string())
    };
    assert_eq!(shards("4", ""), Ok((Some(4), None)));
    assert_eq!(shards("4", "0,1"), Ok((Some(4), Some(vec![0, 1]))));
    assert_eq!(shards("4", "0-3"), Ok((Some(4), Some(vec![0, 1, 2, 3]))));
    assert_eq!(
        shards("9", "6, 0 - 2 ,1"),
        Ok((Some(9), Some(vec![0, 1, 2, 6])))
    );
    let not_a_list = Err("SHARD_IDS is not a list of shard ids, such as `0,1` or `0-3`".to_owned());
    for ids in ["x", "1-", "-1", "3-1", "0,,1", "0-1-2"] {
        assert_eq!(shards("4", ids), not_a_list, "{ids}");
    }
    assert_eq!(
        shards("4", "0-4"),
        Err("SHARD_IDS names shard 4, but ids start at 0 and end at 3 here".to_owned())
    );
    assert!(shards("4", "0-4294967295").is_err());
    assert_eq!(
        shards("", "0"),
        Err("SHARD_IDS needs SHARD_COUNT, the number of shards of the whole bot".to_owned())
    );
    assert!(
        shards("0", "")
            .unwrap_err()
            .starts_with("SHARD_COUNT is not a number from 1 to")
    );
    assert_eq!(shards("many", "x").unwrap_err().lines().count(), 2);
}

#[test]
fn a_variable_on_a_wrong_line_is_not_missing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    fs::write(&path, "DISCORD_TOKEN hunter2\nSHARD_COUNT=0\n").unwrap();
    let error = Environment::load_over(&path, |_| None)
        .unwrap_err()
        .to_string();
    let lines: Vec<_> = error.lines().collect();
    assert!(lines[0].starts_with(&format!(
        "{}:1 (DISCORD_TOKEN): this line is not NAME=value",
        path.display()
    )));
    assert!(
        lines[1].starts_with("BOT_OWNER_ID is missing")
            && lines[2].starts_with("SHARD_COUNT is not")
    );
    assert!(lines.len() == 3 && !error.contains("hunter2"));
}

#[test]
fn lines_of_other_programs_stop_no_start_and_are_remarked_on() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    let mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    let text = format!(
        "[docker]\nsome words\nKEY='open\nDISCORD_TOKNE=x\nDISCORD_TOKEN={GOOD}\nBOT_OWNER_ID={OWNER}\nCOGWRIGHT_SECRET_KEY=a$b$c\n"
    );
    fs::write(&path, text).unwrap();
    mode(0o644);
    let loaded = Environment::load_over(&path, |_| None).unwrap();
    assert_eq!(loaded.secrets["key"].expose(), "a$b$c");
    let remarks = Environment::remarks(&path).join("\n");
    for part in [
        ":1: this line is not NAME=value",
        ":2: ",
        ":3: the quote",
        "mode 0644",
        "chmod 600",
    ] {
        assert!(remarks.contains(part), "{part} is not in {remarks}");
    }
    assert!(!remarks.contains("words"), "{remarks}");
    mode(0o600);
    fs::write(&path, "DISCORD_TOKNE=hunter2\n").unwrap();
    let remarks = Environment::remarks(&path).join("\n");
    assert!(
        remarks.contains("did you mean `DISCORD_TOKEN`?") && !remarks.contains("hunter2"),
        "{remarks}"
    );
    assert_eq!(
        Environment::remarks(&folder.path().join("none")),
        Vec::<String>::new()
    );
}

#[test]
fn a_file_of_sixteen_bits_a_letter_is_named_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    let text = format!("\u{feff}DISCORD_TOKEN={GOOD}\r\n");
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(&path, bytes).unwrap();
    let error = Environment::load_over(&path, |_| None)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(".env is UTF-16") && error.contains("save it as UTF-8"),
        "{error}"
    );
}

#[test]
fn files() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(
        Environment::load_over(folder.path(), |_| None),
        Err(EnvError::Unreadable { .. })
    ));
    let path = folder.path().join(".env");
    assert!(matches!(
        Environment::load_over(&path, |_| None),
        Err(EnvError::Invalid { .. })
    ));
    fs::write(
        &path,
        format!("DISCORD_TOKEN={GOOD}\nBOT_OWNER_ID={OWNER}\n"),
    )
    .unwrap();
    assert_eq!(
        Environment::load_over(&path, |_| None)
            .unwrap()
            .token
            .expose(),
        GOOD
    );
    let process = |name: &str| (name == OWNER_ID).then(|| "80351110224678913".to_owned());
    assert_eq!(
        Environment::load_over(&path, process).unwrap().bot_owner_id,
        80351110224678913
    );
}
