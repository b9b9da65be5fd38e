"""All that the dashboard offers is done once, by whoever may; and kept from whoever may not."""

import actions_admin
import actions_core
import actions_plugins
import actions_tools
import live
import people

# What is done nowhere here, and why.
EXCEPTIONS = {
    "/events/replay": "the bot here is one by `cogwright run`, which replays nothing; a story of the bot does it (host/tests/it/dashboard/tools.rs)",
}

# What is sent as a deed is, and only looks: a visitor may that.
LOOKS = {
    "/plugins/check",
    # The route is for servers' owners; whoever looks after all servers needs one more right, which the plugin asks for by itself.
    "/commands/server/{guild}/try",
}


def use(browser, house, look):
    """`look` is shown the first pages of people."""
    me = people.owner(browser, house)
    operations = people.operations(me)
    people.stranger(me, house, operations)
    helper, visitor = (people.others(me, house, role) for role in ("Helper", "Visitor"))
    for who, role in ((helper, "Helper"), (visitor, "Visitor")):
        look(who.browser, f"{who.name}-first")
        denied = people.kept_from(who, house, operations, people.rights_of(me, role))
        if role == "Visitor" and (more := {path for path, right in operations.items() if right} - denied - LOOKS):
            raise AssertionError(f"a visitor may {sorted(more)}")
    live.use(me, house)
    for tab in (actions_plugins, actions_core, actions_tools, actions_admin):
        print(f"    {tab.__doc__.splitlines()[0]}", flush=True)
        tab.do(me, house)
    helps(helper, house)
    browser.no_complaints()
    # Open pages complain while nobody answers.
    actions_admin.restart(me, house)
    actions_admin.stop(me, house)
    browser.alone()
    missing = set(operations) - me.done - set(EXCEPTIONS)
    if missing:
        raise AssertionError(f"nothing here has done these: {sorted(missing)}")
    if stale := set(EXCEPTIONS) - set(operations):
        raise AssertionError(f"these exceptions are no deeds any more: {sorted(stale)}")
    print(f"ok  each of {len(operations)} deeds was done by the page, but for {len(EXCEPTIONS)} exceptions", flush=True)


def helps(helper, house):
    """A helper does what a helper is for."""
    before = house.generation("help")
    helper.open("/plugins?q=help")
    with helper.doing("/plugins/reload"):
        helper.click("#plugins button", "Reload help")
    house.until(lambda: house.generation("help") == before + 1, "a helper reloads a plugin")
    actions_core.levels(helper, house)
    actions_core.shards(helper, house)
