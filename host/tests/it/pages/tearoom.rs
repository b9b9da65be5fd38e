//! A plugin with pages, for the stories of what the host does with them.

use std::{path::PathBuf, sync::OnceLock};

use crate::fixtures;

/// What it is granted.
pub const GRANTS: &str = "[grants.tearoom]\npowers = [\"pages.manage\", \"pages.read\", \"plugins.manage\", \"plugins.read\"]\n";

const SOURCE: &str = r#"//! A tea room with pages.
use plugin_api::{Power, Route, abi::AccessCall, RouteContext, RouteReply, Tab, manifest::RightLevel, prelude::*};

export_plugin!(|| {
    Plugin::new()
        .powers([Power::PagesManage, Power::PagesRead, Power::PluginsManage, Power::PluginsRead])
        .right("see", RightLevel::Server, "sees tea rooms")
        .right("pour", RightLevel::Helper, "pours tea")
        .topic("kettle", "see")
        .topic("cellar", "pour")
        .tab(Tab::new("tea", "Tea <b>rooms</b>", "/"))
        .tab(Tab::new("cellar", "Cellar", "/cellar"))
        .command(Command::new("boil", "Boils").run(boil))
        .route(Route::get("/"), index)
        .route(Route::get("/cellar").right("pour"), index)
        .route(Route::get("/rooms/{guild}").right("see"), room)
        .route(Route::get("/echo/{what}"), echo)
        .route(Route::post("/pour").right("pour").body_bytes(100), pour)
        .route(Route::post("/reload").right("see"), reload)
        .route(Route::post("/set_user").right("pages.set_user"), |ctx: RouteContext| async move {
            RouteReply::json(&ctx.host().pages().set_user(&ctx.json()?).await?)
        })
        .route(Route::post("/set_role").right("pages.set_role"), |ctx: RouteContext| async move {
            RouteReply::json(&ctx.host().pages().set_role(&ctx.json()?).await?)
        })
        .route(Route::post("/revoke").right("pages.revoke"), |ctx: RouteContext| async move {
            RouteReply::json(&ctx.host().pages().revoke(&ctx.json::<AccessCall>()?).await?)
        })
        .route(Route::get("/sessions").right("pages.sessions"), |ctx: RouteContext| async move {
            RouteReply::json(&ctx.host().pages().sessions().await?)
        })
        .route(Route::post("/file").right("pour").upload(1000), file)
        .route(Route::get("/fail"), |_ctx: RouteContext| async { Err::<RouteReply, _>(Error::new("the pot is cracked")) })
        .route(Route::get("/sorry"), |_ctx: RouteContext| async { Err::<RouteReply, _>(Error::user("No tea <today>.")) })
        .route(Route::get("/panic"), |_ctx: RouteContext| async { panic!("spilt") })
        .route(Route::get("/away"), |_ctx: RouteContext| async { Ok(RouteReply::see("https://evil.example/")) })
        .route(Route::get("/header"), |_ctx: RouteContext| async {
            Ok(RouteReply::text("x").header("set-cookie", "a=b").header("content-security-policy", "").header("etag", "\"1\"\r\nx: y"))
        })
});

async fn boil(ctx: CommandContext) -> Result {
    let told = ctx.host().publish("kettle", "it boils\nloudly").await?;
    ctx.reply(format!("told {told}")).await
}

async fn index(ctx: RouteContext) -> Result<RouteReply> {
    let tabs = ctx.host().pages().tabs().await?;
    let tabs: Vec<_> = tabs.iter().map(|tab| format!("{}:{}", tab.plugin, tab.id)).collect();
    let acting = ctx.host().acting().await?;
    let session = ctx.session();
    Ok(RouteReply::text(format!(
        "{} is {}, owner {}, acts {:?}; may pour {}, load {}; guilds {:?}; tabs {}",
        session.name, session.role, acting.owner, acting.user_id, ctx.may("pour"), ctx.may("plugins.load"), session.guilds, tabs.join(" ")
    )))
}

async fn room(ctx: RouteContext) -> Result<RouteReply> {
    Ok(RouteReply::text(format!("the room of {}", ctx.guild()?)))
}

async fn echo(ctx: RouteContext) -> Result<RouteReply> {
    Ok(RouteReply::text(format!("{}|{}|{}", ctx.param("what"), ctx.query("q"), ctx.base())))
}

async fn pour(ctx: RouteContext) -> Result<RouteReply> {
    Ok(RouteReply::text(format!("poured {} bytes", ctx.body().len())))
}

async fn reload(ctx: RouteContext) -> Result<RouteReply> {
    let reply = ctx.host().plugins().reload("hello").await?;
    Ok(RouteReply::text(format!("{reply:?}")))
}

async fn file(ctx: RouteContext) -> Result<RouteReply> {
    let upload = ctx.upload()?;
    let bytes = ctx.host().files().read(&upload.path).await?.unwrap_or_default();
    Ok(RouteReply::text(format!("{} has {} bytes: {}", upload.name, upload.bytes, String::from_utf8_lossy(&bytes))))
}
"#;

/// Its library.
pub fn library() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY
        .get_or_init(|| fixtures::plugin("tearoom", "all", "0.1.0", "", SOURCE))
        .clone()
}
