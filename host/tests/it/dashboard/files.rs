//! The tab Files: what an owner does with the bot's own folder, what nobody does, and who may not even look (reference §8.6, 49, 51, 53).

use std::fs;

use serde_json::json;

use super::{GRANTS, opened};
use crate::pages::{browser::Browser, give};

/// A value of a field in a page.
fn field(page: &str, name: &str) -> String {
    let begin = format!("name=\"{name}\" value=\"");
    let at = page
        .find(&begin)
        .unwrap_or_else(|| panic!("{name}: {page}"));
    let value = &page[at + begin.len()..];
    value[..value.find('"').unwrap()].to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_browses_edits_uploads_moves_deletes_and_restores() {
    let bot = opened(GRANTS).await;
    let at = |path: &str| bot.folder.path().join(path);
    fs::create_dir(at("notes")).unwrap();
    fs::write(at("notes/tea.toml"), "# how\nkind = \"green\"\ncups = 3\n").unwrap();
    fs::write(
        at("notes/<img src=x onerror=alert(1)>.md"),
        "# <script>alert(1)</script>\n",
    )
    .unwrap();
    fs::write(at("bytes.bin"), [0_u8, 159, 146, 150]).unwrap();
    let owner = Browser::owner(&bot).await;
    let files = "/p/dashboard/files";

    let top = owner.get(files).await;
    top.is(200, "notes").is(200, "bytes.bin");
    let listed = owner.get(&format!("{files}?path=notes")).await;
    listed.is(200, "tea.toml");
    assert!(!listed.text.contains("<img"), "{}", listed.text);
    let view = |path: &str| format!("{files}/view?path={path}");
    let shown = owner.get(&view("notes/tea.toml")).await;
    shown.is(200, "syn-comment").is(200, "syn-name-token");
    let hostile = "notes/%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E.md";
    let shown = owner.get(&view(hostile)).await;
    shown.is(200, "&lt;script&gt;");
    assert!(!shown.text.contains("<script>alert") && !shown.text.contains("<img"));
    owner
        .get(&view("bytes.bin"))
        .await
        .is(200, "This is no text");
    let raw = owner.get(&format!("{files}/raw?path=notes/tea.toml")).await;
    raw.is(200, "kind = \"green\"");
    assert!(
        raw.headers["content-disposition"]
            .to_str()
            .unwrap()
            .contains("tea.toml")
    );

    // A change is shown, and then made.
    let edit = owner
        .get(&format!("{files}/edit?path=notes/tea.toml"))
        .await;
    let version = field(&edit.text, "version");
    let text = "# how\nkind = \"black\"\ncups = 3\n";
    let wanted = json!({"path": "notes/tea.toml", "version": version, "text": text});
    let changes = owner
        .does(&format!("{files}/changes"), wanted.clone())
        .await;
    changes.is(200, "+1").is(200, "−1").is(200, "black");
    assert!(
        fs::read_to_string(at("notes/tea.toml"))
            .unwrap()
            .contains("green")
    );
    owner
        .does(&format!("{files}/save"), wanted.clone())
        .await
        .is(200, "is saved");
    assert_eq!(fs::read_to_string(at("notes/tea.toml")).unwrap(), text);
    // From the page that was opened before, nothing is written over.
    let refused = owner.does(&format!("{files}/save"), wanted).await;
    refused.is(400, "Somebody has changed");

    let new = json!({"folder": "notes", "name": "new.md"});
    let made = owner.does(&format!("{files}/create"), new.clone()).await;
    assert_eq!(
        (made.status.as_u16(), at("notes/new.md").exists()),
        (303, true)
    );
    owner
        .does(&format!("{files}/create"), new)
        .await
        .is(400, "already");
    let folder = json!({"folder": "notes", "name": "deep"});
    owner
        .does(&format!("{files}/folder"), folder)
        .await
        .is(200, "is made");
    owner
        .uploads(
            &format!("{files}/upload?path=notes/deep"),
            "cup.txt",
            "a cup",
        )
        .await
        .is(200, "is there");
    assert_eq!(
        fs::read_to_string(at("notes/deep/cup.txt")).unwrap(),
        "a cup"
    );
    let to = json!({"path": "notes/deep/cup.txt", "to": "notes/cup.txt"});
    owner
        .does(&format!("{files}/rename"), to.clone())
        .await
        .is(200, "now");
    assert!(at("notes/cup.txt").exists());
    owner.does(&format!("{files}/rename"), to).await.is(400, "");

    // A folder with all that is in it goes into the bin, and a file comes back.
    let gone = json!({"path": "notes"});
    owner
        .does(&format!("{files}/remove"), gone)
        .await
        .is(200, "in the bin");
    assert!(!at("notes").exists());
    let bin = owner.get(&format!("{files}/bin")).await;
    bin.is(200, "notes/cup.txt");
    let kept = fs::read_dir(bot.data().join("bin")).unwrap();
    let kept = kept.map(|it| it.unwrap().file_name().into_string().unwrap());
    let kept: Vec<String> = kept.collect();
    let cup = kept.iter().find(|name| name.ends_with("cup.txt")).unwrap();
    owner
        .does(&format!("{files}/bin/restore"), json!({"kept": cup}))
        .await
        .is(200, "back");
    assert_eq!(fs::read_to_string(at("notes/cup.txt")).unwrap(), "a cup");
    owner
        .does(&format!("{files}/bin/empty"), json!({}))
        .await
        .is(200, "for good");
    assert_eq!(fs::read_dir(bot.data().join("bin")).unwrap().count(), 0);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_leads_out_or_to_a_secret_is_refused_by_a_sentence_for_the_owner_too() {
    let bot = opened(GRANTS).await;
    let at = |path: &str| bot.folder.path().join(path);
    fs::write(at(".env"), "DISCORD_TOKEN=hush-hush\n").unwrap();
    fs::create_dir_all(at("secrets")).unwrap();
    fs::write(at("secrets/key"), "hush-hush\n").unwrap();
    fs::write(at("plain.md"), "plain\n").unwrap();
    std::os::unix::fs::symlink(at(".env"), at("soft")).unwrap();
    fs::hard_link(at(".env"), at("hard")).unwrap();
    let owner = Browser::owner(&bot).await;
    let files = "/p/dashboard/files";
    for path in [
        "..",
        "../../etc/passwd",
        "./../../etc/passwd",
        "/etc/passwd",
        "%2Fetc%2Fpasswd",
        "..%2F..%2Fetc%2Fpasswd",
        ".env",
        "./.env",
        ".ENV",
        "x/../.env",
        "soft",
        "hard",
        "secrets/key",
        "data/main.db",
        "data/audit/audit.jsonl",
    ] {
        for page in ["view", "raw", "edit"] {
            let answer = owner.get(&format!("{files}/{page}?path={path}")).await;
            answer.is(400, "");
            assert!(
                !answer.text.contains("hush-hush"),
                "{path}: {}",
                answer.text
            );
            assert!(
                answer.text.len() > 20,
                "{path}: a sentence, not {}",
                answer.text
            );
        }
        let path = path.replace("%2F", "/");
        for (deed, body) in [
            ("save", json!({"path": path, "version": "", "text": "x"})),
            ("create", json!({"folder": "", "name": path})),
            ("folder", json!({"folder": "", "name": path})),
            ("rename", json!({"path": path, "to": "out"})),
            ("rename", json!({"path": "plain.md", "to": path})),
            ("remove", json!({"path": path})),
            ("bin/restore", json!({"kept": path})),
            ("bin/empty", json!({"kept": path})),
        ] {
            let answer = owner.does(&format!("{files}/{deed}"), body).await;
            assert_eq!(answer.status, 400, "{deed} {path}: {}", answer.text);
        }
    }
    let up = owner
        .uploads(&format!("{files}/upload?path=.."), "x.md", "x")
        .await;
    up.is(400, "");
    let up = owner
        .uploads(&format!("{files}/upload?path="), ".env", "x")
        .await;
    up.is(400, "");
    assert_eq!(
        fs::read_to_string(at(".env")).unwrap(),
        "DISCORD_TOKEN=hush-hush\n"
    );
    assert_eq!(fs::read_to_string(at("plain.md")).unwrap(), "plain\n");
    let listed = owner.get(files).await;
    listed.is(200, "plain.md");
    for hidden in [".env", "secrets", "soft", "hard<"] {
        assert!(!listed.text.contains(&format!(">{hidden}")), "{hidden}");
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn helpers_and_visitors_neither_see_nor_change_files() {
    let bot = opened(GRANTS).await;
    fs::write(bot.folder.path().join("plain.md"), "plain\n").unwrap();
    let owner = Browser::owner(&bot).await;
    for role in ["Helper", "Visitor"] {
        let member = bot.member();
        give(&owner, member.id(), Some(role)).await;
        let member = Browser::through_discord(&bot, &member).await;
        for page in [
            "",
            "/view?path=plain.md",
            "/raw?path=plain.md",
            "/edit?path=plain.md",
            "/bin",
        ] {
            let answer = member.get(&format!("/p/dashboard/files{page}")).await;
            assert_eq!(answer.status, 403, "{role} {page}: {}", answer.text);
        }
        let remove = json!({"path": "plain.md"});
        let answer = member.does("/p/dashboard/files/remove", remove).await;
        assert_eq!(answer.status, 403, "{role}: {}", answer.text);
        let home = member.get("/p/dashboard/").await;
        assert!(!home.text.contains("/p/dashboard/files"), "{role}");
    }
    assert!(bot.folder.path().join("plain.md").exists());
    bot.close().await;
}
