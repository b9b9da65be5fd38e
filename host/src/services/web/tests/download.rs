//! Tests of downloads into a plugin's own folder.

use axum::body::Body;
use futures_util::stream;
use host_store::Files;
use plugin_api::abi::DownloadReply;
use tempfile::TempDir;

use super::*;

/// A server of large files: `/whole` tells its length, `/piecemeal` does not, `/cut` ends in the middle, `/slow` does not end.
async fn files_server() -> u16 {
    let piecemeal = || async {
        let pieces = (0..600).map(|_| Ok::<_, std::io::Error>(vec![7u8; 100_000]));
        Body::from_stream(stream::iter(pieces))
    };
    let cut = || async {
        let pieces = [Ok(vec![7u8; 100_000]), Err(std::io::Error::other("gone"))];
        Body::from_stream(stream::iter(pieces))
    };
    let slow = || async {
        let first = stream::iter([Ok::<_, std::io::Error>(vec![7u8; 10])]);
        Body::from_stream(futures_util::StreamExt::chain(first, stream::pending()))
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = Router::new()
        .route("/whole", get(|| async { vec![7u8; 20 << 20] }))
        .route("/small", get(|| async { "abc" }))
        .route("/away", get(|| async { Redirect::to("/small") }))
        .route(
            "/missing",
            get(|| async { (StatusCode::NOT_FOUND, "no tea") }),
        )
        .route("/piecemeal", get(piecemeal))
        .route("/cut", get(cut))
        .route("/slow", get(slow));
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}

struct Kit {
    web: Web,
    files: Files,
    me: Caller,
    folder: TempDir,
    port: u16,
}

impl Kit {
    async fn new() -> Self {
        let settings = config::Web {
            max_download_bytes: 70 << 20,
            max_response_bytes: 1_000,
            ..config::Web::default()
        };
        let (web, me) = web(settings, &[], &["127.0.0.1"]);
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(
            Live::new(config::Config::default()),
            folder.path().to_owned(),
        );
        let port = files_server().await;
        Self {
            web,
            files,
            me,
            folder,
            port,
        }
    }

    async fn fetch(&self, path: &str, more: Value) -> Result<DownloadReply, String> {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let mut call = json!({"method": "GET", "url": url, "file": "menu/it.bin"});
        call.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let call = serde_json::from_value(call).unwrap();
        let done = self
            .web
            .download(&self.files, &self.me, call, Vec::new())
            .await;
        let completion = done.map_err(|failure| failure.to_string())?;
        Ok(serde_json::from_slice(&completion.head).unwrap())
    }

    /// What lies in the folder, and how large it is.
    fn there(&self) -> Vec<(String, u64)> {
        let folder = self.folder.path().join("plugins/tea/files/menu");
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        // One that is being taken away may be gone by now.
        let of = |it: std::fs::DirEntry| {
            Some((
                it.file_name().into_string().unwrap(),
                it.metadata().ok()?.len(),
            ))
        };
        entries.filter_map(of).collect()
    }
}

#[tokio::test]
async fn a_file_larger_than_a_response_may_be_is_kept_whole() {
    let kit = Kit::new().await;
    let reply = kit.fetch("/whole", json!({})).await.unwrap();
    assert_eq!((reply.bytes, reply.response.status), (20 << 20, 200));
    assert_eq!(kit.there(), [("it.bin".to_owned(), 20 << 20)]);
    let reply = kit.fetch("/piecemeal", json!({})).await.unwrap();
    assert_eq!(reply.bytes, 60_000_000);
    let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let reply = kit.fetch("/away", json!({"sha256": sha256})).await.unwrap();
    assert_eq!((reply.bytes, &*reply.sha256), (3, sha256));
    assert!(reply.response.url.ends_with("/small"));
    assert_eq!(kit.there(), [("it.bin".to_owned(), 3)]);
}

#[tokio::test]
async fn what_is_not_whole_or_not_wanted_leaves_what_was_there() {
    let kit = Kit::new().await;
    kit.fetch("/small", json!({})).await.unwrap();
    let wrong = "0".repeat(64);
    for (path, more, why) in [
        ("/missing", json!({}), "answered 404"),
        ("/cut", json!({}), "127.0.0.1"),
        (
            "/slow",
            json!({"timeout_ms": 300}),
            "no answer within 300 ms",
        ),
        (
            "/whole",
            json!({"max_bytes": 1_000}),
            "more than 1000 bytes",
        ),
        (
            "/piecemeal",
            json!({"max_bytes": 1_000_000}),
            "more than 1000000 bytes",
        ),
        ("/small", json!({"sha256": wrong}), "and not 00000000"),
        ("/small", json!({"sha256": "abc"}), "64 hex digits"),
        ("/small", json!({"file": "../out"}), "does not lead upwards"),
        ("/small", json!({"file": ""}), "it is a folder"),
    ] {
        let error = kit.fetch(path, more).await.unwrap_err();
        assert!(error.contains(why), "{path}: {error}");
        // The thread that wrote is told, and takes away what it had.
        while kit.there().len() > 1 {
            tokio::task::yield_now().await;
        }
        assert_eq!(kit.there(), [("it.bin".to_owned(), 3)], "{path}");
    }
}
