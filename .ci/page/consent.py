"""OAuth2's consent page, between a small dashboard and the sandbox: authorised, cancelled, and not asked a second time.

The dashboard is at `localhost` and the sandbox at 127.0.0.1: two sites, as a dashboard and Discord are.
"""

import base64
import hashlib
import http.server
import json
import secrets
import threading
import urllib.parse
import urllib.request

SECRET = "made up for this check"
WORLD = f"""
[application]
owner = "owner"
client_secret = "{SECRET}"
[[user]]
name = "owner"
[[user]]
name = "script"
display_name = "<script>alert(1)</script>"
[[user]]
name = "quote"
display_name = '" onfocus="alert(1)'
[[user]]
name = "right"
display_name = "\\u202egnirts detrever"
[[user]]
name = "marks"
display_name = "Z{chr(0x0323) * 15}{chr(0x0301) * 15}"
[[user]]
name = "long"
display_name = "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW"
[[guild]]
name = "Sandbox <i>&amp;</i>"
owner = "owner"
crowd = 50
[[guild.member]]
user = "script"
"""


class Dashboard:
    """Sends its visitors to the consent page, and tells them what it learns of them then."""

    def __init__(self, sandbox):
        self.base, self.asked, self.strict_came = sandbox.url, {}, None
        headers = {"Authorization": f"Bot {sandbox.token()}"}
        self.client = self.ask("api/v10/applications/@me", headers=headers)["id"]
        dashboard = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                dashboard.answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def ask(self, path, form=None, headers=()):
        body = urllib.parse.urlencode(form).encode() if form else None
        with urllib.request.urlopen(urllib.request.Request(self.base + path, body, dict(headers)), timeout=10) as answer:
            return json.load(answer)

    def answer(self, request):
        path, _, query = request.path.partition("?")
        told = dict(urllib.parse.parse_qsl(query))
        if path == "/start":
            state, verifier = secrets.token_urlsafe(16), secrets.token_urlsafe(48)
            self.asked[state] = verifier
            challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
            to = self.base + "oauth2/authorize?" + urllib.parse.urlencode({
                "response_type": "code", "client_id": self.client, "redirect_uri": self.url + "/login", "state": state,
                "scope": "identify guilds", "code_challenge": challenge, "code_challenge_method": "S256", **told,
            })
            request.send_response(303)
            request.send_header("Location", to)
            request.send_header("Set-Cookie", f"state={state}; HttpOnly; SameSite=Lax")
            request.send_header("Set-Cookie", f"strict={state}; HttpOnly; SameSite=Strict")
            request.end_headers()
            return
        cookies = request.headers.get("Cookie", "")
        request.send_response(200)
        request.send_header("Content-Type", "text/plain; charset=utf-8")
        request.end_headers()
        request.wfile.write(self.login(told, cookies).encode() if path == "/login" else b"nothing")

    def login(self, told, cookies):
        if f" state={told.get('state')};" not in f" {cookies};":
            return "this is not the browser that has asked"
        self.strict_came = "strict=" in cookies
        verifier = self.asked.pop(told["state"])
        if "error" in told:
            return f"no login: {told['error']}"
        tokens = self.ask("api/oauth2/token", {
            "grant_type": "authorization_code", "code": told["code"], "redirect_uri": self.url + "/login",
            "code_verifier": verifier, "client_id": self.client, "client_secret": SECRET,
        })
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        user = self.ask("api/v10/users/@me", headers=bearer)
        guilds = self.ask("api/v10/users/@me/guilds", headers=bearer)
        return f"hello {user['username']}, in {len(guilds)} servers, owner of {sum(guild['owner'] for guild in guilds)}"


def use(browser, sandbox, axe, screenshots):
    def shot(name):
        browser.screenshot(screenshots, name)
        axe.check(name)

    dashboard = Dashboard(sandbox)
    try:
        browser.open(dashboard.url + "/start?prompt=none")
        browser.shows("Cogwright wants to access an account", "h1", "a stranger is asked, also with prompt=none")
        browser.shows("<script>alert(1)</script>", ".people", "a hostile name is text")
        browser.until("document.documentElement.scrollWidth <= innerWidth", "names do not widen the page")
        browser.until("[...document.querySelectorAll('.people label')].every((e) => e.getBoundingClientRect().height < 60)", "nor heighten its lines")
        shot("consent-light")
        browser.scheme("dark")
        shot("consent-dark")
        browser.size(390, 844, mobile=True)
        browser.until("document.documentElement.scrollWidth <= 390", "it fits a phone")
        shot("consent-phone-dark")
        browser.size(1280, 800)
        browser.scheme("light")
        browser.click("button", "Cancel")
        browser.shows("no login: access_denied", "body", "cancelling leads back and says so")

        browser.open(dashboard.url + "/start")
        browser.evaluate("document.querySelector('input:checked').focus()")
        browser.press("ArrowDown", "Enter")
        browser.shows("hello script, in 1 servers, owner of 0", "body", "by keyboard: arrows choose, Enter authorises")
        if dashboard.strict_came is not False:
            raise AssertionError("a cookie that is SameSite=Strict came along from another site")

        browser.open(dashboard.url + "/start?prompt=none")
        browser.shows("hello script", "body", "who has consented is not asked again")
        browser.open(dashboard.url + "/start?scope=identify+email&prompt=none")
        browser.shows("Know your email address", "ul", "but for more")
        browser.until("document.querySelector('input:checked').closest('label').textContent.includes('script')", "and is chosen still", quiet=True)

        browser.open(dashboard.url + "/start")
        browser.evaluate("document.querySelector('[name=other]').focus()")
        browser.types("nobody")
        browser.press("Enter")
        browser.shows("No user who could log in is named `nobody`", "[role=alert]", "a wrong name is told")
        # The error is a page with status 400, which the console tells of.
        browser.complaints.clear()
        shot("consent-error-light")
        browser.evaluate("document.querySelector('[name=other]').focus()")
        browser.types("user7")
        browser.press("Enter")
        browser.shows("hello user7, in 1 servers", "body", "one of the crowd logs in by name")

        browser.call("Network.enable")
        browser.call("Network.setBlockedURLs", urls=["*.js"])
        browser.open(dashboard.url + "/start")
        browser.until("!('theme' in document.documentElement.dataset)", "no script has run", quiet=True)
        browser.click(".people label:has([value]) bdi", "owner")
        browser.click("button", "Authorise")
        browser.shows("hello owner, in 1 servers, owner of 1", "body", "without scripts it works as well")
        browser.call("Network.setBlockedURLs", urls=[])
        browser.complaints.clear()
        axe.nothing_found()
    finally:
        dashboard.server.shutdown()
