"""What is done on the tabs Commands, Hooks, System, Settings, Shards and Log, and seen in the bot."""

import re

import actions_plugins

HANDLER = "pantry:pantry.ordered:shop"
ROW = f"document.querySelector('#hooks tr[data-key=\"{HANDLER}\"]')"


def do(me, house):
    commands(me, house)
    hooks(me, house)
    system(me, house)
    settings(me, house)
    shards(me, house)
    levels(me, house)


def commands(me, house):
    tea = house.guild("Tea House")
    me.open("/commands/command?name=hello")
    me.fills("#try-user", house.user("member"))
    me.fills("#try-server", "Tea House")
    with me.doing("/commands/try"):
        me.click("form button", "Try")
    me.shows("Yes:", "#why", "a member may say hello")
    me.open(f"/commands/server/{tea}/command?name=hello")
    me.picks("#rule-roles", "Steward")
    with me.doing("/commands/server/{guild}/require"):
        me.click("form button", "Save the rule")
    me.shows("A member needs one of these roles: Steward.", "main", "now a role is asked for")
    me.fills("#try-user", house.user("member"))
    with me.doing("/commands/server/{guild}/try"):
        me.click("form button", "Try")
    me.shows("No:", "#why", "so that the member may not")
    print(f"ok  in Discord they read: {house.hears('member', 'kitchen', '!hello', 'role')}", flush=True)
    me.open(f"/commands/server/{tea}/command?name=hello")
    me.picks("#rule-roles")
    with me.doing("/commands/server/{guild}/require"):
        me.click("form button", "Save the rule")
    me.shows("No role is asked for.", "main", "the rule is lifted")
    house.hears("member", "kitchen", "!hello", "Hello, member!")


def hooks(me, house):
    me.open(f"/hooks?q={HANDLER}")
    state = lambda words: f"{ROW}?.cells[1].innerText.trim() === '{words}'"
    for _ in range(5):
        house.hears("owner", "kitchen", "!order", "ordered")
    me.until(state("rests"), "a handler that fails five times rests")
    with me.doing("/hooks/reset"):
        me.click("#hooks button", f"Close the breaker of {HANDLER}")
    me.until(state("on"), "until its breaker is closed")
    house.hears("owner", "kitchen", "!order", "ordered")
    me.until(f"{ROW}.cells[3].innerText.trim() === '6'", "then it is called again")
    with me.doing("/hooks/switch"):
        me.click("#hooks button", f"Disable {HANDLER}")
        me.agrees()
    me.until(state("off"), "it is switched off")
    house.hears("owner", "kitchen", "!order", "ordered")
    house.hears("owner", "kitchen", "!eh_list", "pantry")
    with me.doing("/hooks/switch"):
        me.click("#hooks button", f"Enable {HANDLER}")
    me.until(state("on"), "and on")
    me.until(f"{ROW}.cells[3].innerText.trim() === '6'", "it was not called while it was off")


def system(me, house):
    shown = lambda: str(house.ask("/sandbox/state")["bot"]["presence"])
    me.open("/system/presence")
    me.picks("[name=status]", "Do not disturb")
    me.picks("[name=verb]", "Watching …")
    me.fills("form [name=text]", "the kettle")
    with me.doing("/system/presence"):
        me.click("form button", "Show")
    me.told("The bot shows that now.")
    house.until(lambda: "the kettle" in shown() and "dnd" in shown(), "Discord shows that presence")
    with me.doing("/system/presence/reset"):
        me.click("button", "Show the configured one")
    house.until(lambda: "the kettle" not in shown(), "and the configured one again")
    house.hears("member", "kitchen", "!serverinfo", "")
    me.open("/")
    with me.doing("/actions/clear-caches"):
        me.click(".page-head button", "Clear caches")
        me.agrees()
    me.shows("Forgotten:", "#toasts", "what was in the caches is forgotten")
    application = house.rest("/applications/@me")["id"]
    house.rest(f"/applications/{application}/commands", "PUT", [])
    if actions_plugins.commands(house):
        raise AssertionError("there are commands still")
    me.open("/")
    with me.doing("/actions/sync"):
        me.click(".page-head button", "Sync slash commands")
    me.shows("created", "#toasts", "what Discord lacks of slash commands is registered")
    house.until(lambda: "hello" in actions_plugins.commands(house), "Discord has them")


def settings(me, house):
    file = house.folder / "config.toml"
    setting = lambda id: f"section[data-key='{id}'] "
    me.open("/settings?group=bot")
    prefix = "setting-host-bot-prefix"
    me.fills(f"#{prefix}", "?")
    with me.doing("/settings/write"):
        me.click(setting(prefix) + "button[type=submit]")
    me.told("holds from now on")
    house.until(lambda: 'prefix = "?"' in file.read_text(), "it is in config.toml")
    house.hears("member", "kitchen", "?hello", "Hello, member!")
    with me.doing("/settings/write"):
        me.click(setting(prefix) + "button", "Reset bot.prefix")
    me.told("is reset")
    house.until(lambda: 'prefix = "?"' not in file.read_text(), "and out of it")
    house.hears("member", "kitchen", "!hello", "Hello, member!")
    zone = "setting-plugin-scheduler-zone"
    me.open(f"/settings/server/{house.guild('Tea House')}?group=scheduler")
    me.fills(f"#{zone}", "Asia/Kolkata")
    with me.doing("/settings/server/{guild}/write"):
        me.click(setting(zone) + "button[type=submit]")
    me.told("holds from now on")
    house.hears("owner", "kitchen", "!settings", "Asia/Kolkata")
    with me.doing("/settings/server/{guild}/write"):
        me.click(setting(zone) + "button", "Reset scheduler.zone")
    me.told("is reset")
    me.until(f"document.getElementById('{zone}').value === 'UTC'", "the server has the bot's again")


def shards(me, house):
    me.open("/shards")
    with me.doing("/shards/reconnect"):
        me.click("#shards button", "Reconnect shard 0")
        me.agrees()
    me.until("/Reconnects\\s+1, 1 resumed/.test(document.querySelector('#shard-0').innerText)", "the shard has gone on with its session")
    with me.doing("/shards/reset"):
        me.click("#shards button", "Reset counts of shard 0")
    me.until("/Reconnects\\s+0, 0 resumed/.test(document.querySelector('#shard-0').innerText)", "it counts from zero")


def levels(me, house):
    if me.name == "owner":
        me.open("/log?plugin=ticker")
        me.hides("ticks=", "#log")
    me.open("/log/levels")
    me.picks("select[name=plugin]", "ticker")
    me.browser.evaluate("document.querySelector('form:has([name=plugin]) [name=level]').value = 'debug'")
    with me.doing("/log/levels/set"):
        me.click("form:has([name=plugin]) button", "Set")
    me.shows("ticker", "#levels")
    me.open("/log?plugin=ticker")
    me.shows("ticks=", "#log", "the log has what that plugin says of itself")
    me.open("/log/levels")
    with me.doing("/log/levels/set"):
        me.click("#levels button", "ticker as all others")
    me.hides("ticker", "#levels")
    last = lambda: [line for line in house.said() if re.search("DEBUG.*ticker", line)]
    print(f"ok  {len(last())} lines of it are in the log", flush=True)
