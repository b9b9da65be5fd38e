//! Consent page of OAuth2, as Discord shows one at `/oauth2/authorize`: who logs in, and what the application may know.
//!
//! It is a plain form: the request stays in the address, and the body says `user` (an id; or a name in `other`) and
//! `decision`, which is `authorize` or `cancel`. So a test in any language can send it, and a browser needs no scripts.

use std::fmt::Write as _;

use axum::{
    body::{Bytes, to_bytes},
    extract::Request,
    http::{
        HeaderMap, HeaderValue, Method, StatusCode, Uri,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, LOCATION, REFERRER_POLICY, SET_COOKIE,
        },
    },
    response::{Html, IntoResponse, Response},
};

use super::people::{humans, person};
use crate::{
    error::known,
    state::Shared,
    world::{AuthorizationRequest, RequestFault, World},
};

/// People who are listed; all others can be named.
const LISTED: usize = 100;

/// The largest form that is read.
const MAX_FORM_BYTES: usize = 64 * 1024;

/// Answers a request to the page, or the form that it sends.
pub(crate) async fn serve(shared: &Shared, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    let asked = match shared.read(|state| state.world.authorization_request(query)) {
        Ok(asked) => asked,
        Err(RequestFault::Shown(why)) => return error_page(&why),
        Err(RequestFault::Returned(to)) => return sent_to(&to),
    };
    match parts.method {
        Method::GET | Method::HEAD => shared.change(|state| {
            let before = logged_in(shared.settings.port, &parts.headers);
            show(&mut state.world, &asked, before)
        }),
        Method::POST => match to_bytes(body, MAX_FORM_BYTES).await {
            Ok(form) => shared.change(|state| {
                let decided = decide(&mut state.world, &asked, &form, shared.settings.port);
                decided.unwrap_or_else(|why| ask(&state.world, &asked, None, Some(&why)))
            }),
            Err(_) => error_page("The form is too large."),
        },
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

/// The page; or, for `prompt=none` and somebody who has consented before, the way back at once.
fn show(world: &mut World, asked: &AuthorizationRequest, before: Option<u64>) -> Response {
    let before = before.filter(|user| may_log_in(world, *user));
    let again = before.filter(|user| world.oauth.has_consented(*user, &asked.scopes));
    if let Some(user) = again.filter(|_| asked.is_silent) {
        return sent_to(&world.consent(user, asked));
    }
    ask(world, asked, before, None)
}

/// The page with its form, again perhaps with what was wrong with it.
fn ask(
    world: &World,
    asked: &AuthorizationRequest,
    before: Option<u64>,
    wrong: Option<&str>,
) -> Response {
    let mut content = form(world, asked, before);
    if let Some(why) = wrong {
        content = format!(
            "<p class=\"error\" role=\"alert\">{}</p>\n{content}",
            escaped(why)
        );
    }
    let status = match wrong {
        None => StatusCode::OK,
        Some(_) => StatusCode::BAD_REQUEST,
    };
    let mut response = page(status, "Authorise", &content);
    // The answer to the form leads back to the application, which counts as the form's action, too.
    let back = origin(&asked.redirect_uri).unwrap_or_default();
    let policy = policy(&format!("'self' {back}"));
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, policy);
    response
}

/// Does what the form says, or tells what is wrong with it.
fn decide(
    world: &mut World,
    asked: &AuthorizationRequest,
    form: &Bytes,
    port: u16,
) -> Result<Response, String> {
    let field = |name: &str| {
        let mut fields = form_urlencoded::parse(form);
        let (_, value) = fields.find(|(known, _)| known == name)?;
        Some(value.trim().to_owned()).filter(|value| !value.is_empty())
    };
    match field("decision").as_deref() {
        Some("cancel") => Ok(sent_to(&world.refuse_consent(asked))),
        Some("authorize") => {
            let who = field("other").or_else(|| field("user"));
            let who = who.ok_or("Nobody was chosen: `user` is an id or a name.")?;
            let user = chosen(world, &who)?;
            let mut response = sent_to(&world.consent(user, asked));
            response
                .headers_mut()
                .insert(SET_COOKIE, cookie(port, user));
            Ok(response)
        }
        _ => Err("`decision` is `authorize` or `cancel`.".to_owned()),
    }
}

/// Who is meant by an id or a name.
fn chosen(world: &World, who: &str) -> Result<u64, String> {
    let by_id = who.parse().ok();
    let user = by_id
        .filter(|user| world.users.contains_key(user))
        .or_else(|| world.user_named(who));
    user.filter(|user| may_log_in(world, *user)).ok_or_else(|| {
        let names = humans(world).take(LISTED).map(|user| user.name.as_str());
        let known = known(who, names);
        format!("No user who could log in is named `{who}`; there are {known}.")
    })
}

/// Bots have no browser.
fn may_log_in(world: &World, user: u64) -> bool {
    world.users.get(&user).is_some_and(|user| !user.bot)
}

fn form(world: &World, asked: &AuthorizationRequest, before: Option<u64>) -> String {
    let scopes: String = asked
        .scopes
        .words()
        .map(|(name, words)| {
            format!("<li>{words} <small class=\"mono quiet\">{name}</small></li>\n")
        })
        .collect();
    let listed: Vec<_> = humans(world).take(LISTED).map(|user| user.id).collect();
    let chosen = before.or_else(|| listed.first().copied());
    // Who was logged in before is there, also as one of a crowd.
    let unlisted = before.filter(|user| !listed.contains(user));
    let mut people = String::new();
    for user in unlisted.into_iter().chain(listed) {
        let known = person(world, user);
        let text = |key: &str| escaped(known[key].as_str().unwrap_or_default());
        let checked = if chosen == Some(user) { " checked" } else { "" };
        let (name, display, title) = (text("name"), text("display"), text("title"));
        let also = match display == name {
            true => String::new(),
            false => format!(" <span class=\"name quiet\"><bdi>{name}</bdi></span>"),
        };
        // Writing to a string does not fail.
        _ = writeln!(
            people,
            "<label><input type=\"radio\" name=\"user\" value=\"{user}\"{checked}>\
             <span><bdi>{display}</bdi></span>{also}<small><bdi>{title}</bdi></small></label>"
        );
    }
    let application = escaped(&world.application.name);
    let back = escaped(&asked.redirect_uri);
    format!(
        "<h1><bdi>{application}</bdi> wants to access an account</h1>\n\
         <section><h2>It would</h2>\n<ul>\n{scopes}</ul></section>\n\
         <form method=\"post\">\n\
         <fieldset><legend>Log in as</legend><div class=\"people\">\n{people}</div></fieldset>\n\
         <label class=\"other\">Or somebody else, by name\n\
         <input class=\"field\" name=\"other\" autocomplete=\"off\"></label>\n\
         <p class=\"quiet\">You will be sent back to <span class=\"mono\">{back}</span></p>\n\
         <div class=\"row\"><button class=\"button primary\" name=\"decision\" value=\"authorize\">Authorise</button>\n\
         <button class=\"button\" name=\"decision\" value=\"cancel\">Cancel</button></div>\n\
         </form>\n"
    )
}

/// A page for what must not lead back to anybody.
fn error_page(why: &str) -> Response {
    let content = format!(
        "<h1>This link cannot be followed</h1>\n<p class=\"error\">{}</p>\n",
        escaped(why)
    );
    page(StatusCode::BAD_REQUEST, "Error", &content)
}

fn page(status: StatusCode, title: &str, content: &str) -> Response {
    let html = format!(
        include_str!("page/consent.html"),
        title = title,
        content = content
    );
    let headers = [
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // With `no-referrer`, browsers call the form's own origin `null`, and that is refused.
        (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (CONTENT_SECURITY_POLICY, policy("'none'")),
    ];
    (status, headers, Html(html)).into_response()
}

/// What the page may load, and where its form may lead.
fn policy(form_action: &str) -> HeaderValue {
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; base-uri 'none'; \
         frame-ancestors 'none'; form-action {form_action}"
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// Sends the browser on. Letters that no address has are only in what was registered so.
fn sent_to(to: &str) -> Response {
    let Ok(to) = HeaderValue::from_str(to) else {
        return error_page(&format!(
            "`{to}` is registered as a redirect URI, but is none."
        ));
    };
    let headers = [
        (LOCATION, to),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// Scheme, host and port of an address, as a policy names them; `None` for what could say more there.
fn origin(uri: &str) -> Option<String> {
    let uri: Uri = uri.parse().ok()?;
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?.as_str());
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    authority
        .chars()
        .all(plain)
        .then(|| format!("{scheme}://{authority}"))
}

/// Who logged in last in this browser, as at Discord; told from other sandboxes by the port, which cookies are not.
fn cookie(port: u16, user: u64) -> HeaderValue {
    let cookie = format!("sandbox_user_{port}={user}; Path=/; HttpOnly; SameSite=Lax");
    // Digits and letters make a header.
    HeaderValue::try_from(cookie).unwrap_or(HeaderValue::from_static(""))
}

fn logged_in(port: u16, headers: &HeaderMap) -> Option<u64> {
    let name = format!("sandbox_user_{port}");
    let all = headers.get_all(COOKIE).iter();
    let mut pairs = all
        .filter_map(|value| value.to_str().ok())
        .flat_map(|it| it.split(';'));
    let value = pairs.find_map(|pair| pair.trim().strip_prefix(&name)?.strip_prefix('='))?;
    value.parse().ok()
}

/// Text as HTML, in elements and in quoted attributes.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_in_html_is_escaped() {
        assert_eq!(
            escaped("<a href=\"'&\">"),
            "&lt;a href=&quot;&#39;&amp;&quot;&gt;"
        );
        assert_eq!(escaped("Ünï🙂"), "Ünï🙂");
    }

    #[test]
    fn policies_name_origins_and_nothing_else() {
        let is = |uri: &str, wanted: &str| assert_eq!(origin(uri).as_deref(), Some(wanted));
        is(
            "http://127.0.0.1:8080/login?next=;",
            "http://127.0.0.1:8080",
        );
        is("http://[::1]:8080/", "http://[::1]:8080");
        for uri in ["http://a;script-src/", "http://user@host/", "nowhere"] {
            assert_eq!(origin(uri), None, "{uri}");
        }
    }

    #[test]
    fn the_cookie_is_that_of_this_port() {
        let mut headers = HeaderMap::new();
        headers.insert(
            COOKIE,
            "a=b; sandbox_user_1=7; sandbox_user_12=8".parse().unwrap(),
        );
        let ports = [1, 12, 2].map(|port| logged_in(port, &headers));
        assert_eq!(ports, [Some(7), Some(8), None]);
        let given = cookie(1, 7);
        assert!(given.to_str().unwrap().starts_with("sandbox_user_1=7;"));
    }
}
