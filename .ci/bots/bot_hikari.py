"""A bot on hikari for `.ci/clients`. What it does on which word is said in `.ci/clients`."""

import asyncio
import datetime
import json
import logging
import os
import sys

import hikari
from hikari.impl import shard

if os.environ.get("COMPRESSION") == "payload":
    # hikari takes the stream's compression, and offers no other choice.
    shard.GatewayShardImpl.__init__.__kwdefaults__["compression"] = hikari.api.GatewayCompression.PAYLOAD_ZLIB_STREAM

REASON = "for the check"

# The gateway's address comes from REST.
bot = hikari.GatewayBot(
    os.environ["DISCORD_TOKEN"], rest_url=os.environ["DISCORD_API"], intents=hikari.Intents.ALL, banner=None, logs=None,
)
rest = bot.rest


def tell(what, **more):
    print(json.dumps({"event": what, **more}), flush=True)


def row():
    return rest.build_message_action_row()


def panel_components():
    menu = row().add_text_menu("colours", min_values=1, max_values=2)
    for name in ("red", "green", "blue"):
        menu.add_option(name, name)
    buttons = row().add_interactive_button(hikari.ButtonStyle.PRIMARY, "press", label="Press")
    buttons.add_interactive_button(hikari.ButtonStyle.SECONDARY, "ask", label="Ask")
    return [buttons, menu.parent]


@bot.listen()
async def on_starting(event: hikari.StartedEvent):
    application = await rest.fetch_application()
    option = hikari.CommandOption
    kind = hikari.OptionType
    echo = rest.slash_command_builder("echo", "Says it again")
    echo.add_option(option(type=kind.STRING, name="text", description="What", is_required=True))
    echo.add_option(option(type=kind.INTEGER, name="times", description="How often", min_value=1, max_value=3))
    colours = [hikari.CommandChoice(name=name, value=name) for name in ("red", "green")]
    echo.add_option(option(type=kind.STRING, name="colour", description="In which colour", choices=colours))
    echo.add_option(option(type=kind.USER, name="whom", description="To whom"))
    find = rest.slash_command_builder("find", "Looks a fruit up")
    find.add_option(option(type=kind.STRING, name="fruit", description="Which", is_required=True, autocomplete=True))
    commands = [
        echo, find, rest.slash_command_builder("secret", "Only for you"), rest.slash_command_builder("later", "Takes its time"),
        rest.context_menu_command_builder(hikari.CommandType.USER, "Greet"),
    ]
    synced = await rest.set_application_commands(application, commands)
    tell("commands", names=sorted(command.name for command in synced))
    tell("ready", user=bot.get_me().username, guilds=[guild.name for guild in bot.cache.get_guilds_view().values()])


@bot.listen()
async def on_resumed(event: hikari.ShardResumedEvent):
    tell("resumed")


@bot.listen()
async def on_reaction(event: hikari.ReactionAddEvent):
    tell("reacted", emoji=str(event.emoji_name))


@bot.listen()
async def on_message(event: hikari.MessageCreateEvent):
    if not event.is_human or not event.content:
        return
    word, _, rest_of_it = event.content.partition(" ")
    handler = WORDS.get(word)
    if handler:
        try:
            await handler(event, rest_of_it)
        except Exception as error:
            logging.exception("%s failed", word)
            await event.message.respond(f"failed: {error!r}")


@bot.listen()
async def on_command(event: hikari.CommandInteractionCreateEvent):
    await COMMANDS[event.interaction.command_name](event.interaction)


@bot.listen()
async def on_completion(event: hikari.AutocompleteInteractionCreateEvent):
    focused = next(option for option in event.interaction.options if option.is_focused)
    known = [name for name in ("apple", "apricot", "banana") if name.startswith(focused.value)]
    await event.interaction.create_response([hikari.impl.AutocompleteChoiceBuilder(name, name) for name in known])


@bot.listen()
async def on_component(event: hikari.ComponentInteractionCreateEvent):
    click = event.interaction
    if click.custom_id == "press":
        await click.create_initial_response(hikari.ResponseType.MESSAGE_UPDATE, "pressed by " + click.user.username)
    elif click.custom_id == "ask":
        fields = rest.build_modal_action_row().add_text_input("name", "Your name")
        await click.create_modal_response("Who are you?", "who", components=[fields])
    elif click.custom_id == "colours":
        await click.create_initial_response(hikari.ResponseType.MESSAGE_CREATE, "picked " + " ".join(click.values))
    elif click.custom_id == "people":
        chosen = next(iter(click.resolved.users.values()))
        await click.create_initial_response(hikari.ResponseType.MESSAGE_CREATE, "chose " + chosen.username)


@bot.listen()
async def on_modal(event: hikari.ModalInteractionCreateEvent):
    name = event.interaction.components[0].components[0].value
    await event.interaction.create_initial_response(hikari.ResponseType.MESSAGE_CREATE, f"Hi, {name}")


async def say(interaction, text, **more):
    await interaction.create_initial_response(hikari.ResponseType.MESSAGE_CREATE, text, **more)


async def echo(interaction):
    given = {option.name: option.value for option in interaction.options}
    words = " ".join([given["text"]] * given.get("times", 1))
    whom = interaction.resolved.users[given["whom"]].username if "whom" in given else "nobody"
    await say(interaction, f"{words}, {given.get('colour', 'none')}, {whom}")


async def find(interaction):
    await say(interaction, "found " + interaction.options[0].value)


async def secret(interaction):
    await say(interaction, "between us", flags=hikari.MessageFlag.EPHEMERAL)


async def later(interaction):
    await interaction.create_initial_response(hikari.ResponseType.DEFERRED_MESSAGE_CREATE)
    await interaction.edit_initial_response("at last")
    await interaction.execute("and more")
    await interaction.edit_initial_response((await interaction.fetch_initial_response()).content + ", changed")


async def greet(interaction):
    await say(interaction, "Hello, " + interaction.resolved.users[interaction.target_id].username)


COMMANDS = {"echo": echo, "find": find, "secret": secret, "later": later, "Greet": greet}


async def ping(event, text):
    await event.message.respond("pong " + text, reply=True)


async def embed(event, text):
    card = hikari.Embed(title="A card", description="of this bot", colour=0x1ABC9C)
    card.add_field("asked by", event.author.mention).set_footer("the foot")
    sent = await event.message.respond(embed=card)
    again = await rest.fetch_message(event.channel_id, sent)
    await event.message.respond(f"fetched: {again.embeds[0].title}, {again.embeds[0].fields[0].name}")


async def file(event, text):
    sent = await event.message.respond("a file", attachment=hikari.Bytes(b"what is in it", "note.txt"))
    await event.message.respond("read: " + (await sent.attachments[0].read()).decode())


async def history(event, text):
    sent = await event.message.respond("to be changed")
    await sent.edit("changed")
    await sent.add_reaction("👍")
    await rest.pin_message(event.channel_id, sent)
    pins = [pin.message.id async for pin in rest.fetch_pins(event.channel_id)]
    seen = await rest.fetch_messages(event.channel_id).limit(3)
    found = next(old for old in seen if old.id == sent.id)
    await event.message.respond(f"{found.content}, {found.reactions[0].emoji}, pinned: {sent.id in pins}")
    await sent.delete()


async def panel(event, text):
    await event.message.respond("a panel", components=panel_components())


async def people(event, text):
    await event.message.respond("people", component=row().add_select_menu(hikari.ComponentType.USER_SELECT_MENU, "people"))


async def flood(event, text):
    for number in range(int(text)):
        await event.message.respond(f"drop {number}")
    await event.message.respond("flooded")


async def chunk(**asked):
    """The members of the chunk that answers a request."""
    nonce = asked.get("nonce")
    waiting = bot.wait_for(hikari.MemberChunkEvent, 10, lambda found: found.nonce == nonce)
    asking = bot.request_guild_members(**asked)
    found, _ = await asyncio.gather(waiting, asking)
    return [member.username for member in found.members.values()]


async def members(event, text):
    found = await chunk(guild=event.guild_id, query="mem", limit=5, nonce="some")
    everybody = await chunk(guild=event.guild_id, nonce="all")
    await event.message.respond(f"members: {' '.join(sorted(everybody))}; found: {found[0]}")


async def presence(event, text):
    await bot.update_presence(activity=hikari.Activity(name=text), status=hikari.Status.IDLE)
    await event.message.respond("I play " + text)


async def moderate(event, text):
    guild = event.guild_id
    member = next(one for one in bot.cache.get_members_view_for_guild(guild).values() if one.username == text)
    role = await rest.create_role(guild, name="Guest", reason=REASON)
    await member.add_role(role, reason=REASON)
    await member.edit(nickname="Nicked", reason=REASON)
    again = await rest.fetch_member(guild, member)
    roles = {known.id: known.name for known in await rest.fetch_roles(guild)}
    names = [roles[known] for known in again.role_ids if known != guild]
    await event.message.respond(f"{again.nickname} has {', '.join(names)}")
    until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=1)
    await member.edit(communication_disabled_until=until, reason=REASON)
    await member.kick(reason=REASON)
    await rest.ban_user(guild, member, reason=REASON)
    ban = await rest.fetch_ban(guild, member)
    await rest.unban_user(guild, member, reason=REASON)
    await rest.delete_role(guild, role, reason=REASON)
    await event.message.respond(f"banned for: {ban.reason}")
    logged = {
        hikari.AuditLogEventType(entry.action_type).name for page in await rest.fetch_audit_log(guild).limit(1)
        for entry in page.entries.values() if entry.reason == REASON and entry.user_id == bot.get_me().id
    }
    await event.message.respond("logged: " + " ".join(sorted(NAMED.get(name, name.lower()) for name in logged)))


# hikari's names for what the others call so.
NAMED = {"MEMBER_BAN_ADD": "ban", "MEMBER_BAN_REMOVE": "unban", "MEMBER_KICK": "kick"}


async def thread(event, text):
    made = await rest.create_message_thread(event.channel_id, event.message_id, text)
    await rest.create_message(made, "in here")
    await rest.edit_channel(made, archived=True)
    again = await rest.fetch_channel(made)
    await event.message.respond(f"thread {again.name}, archived: {again.is_archived}")


async def webhook(event, text):
    hook = await rest.create_webhook(event.channel_id, "Hook", reason=REASON)
    sent = await hook.execute("through the hook", username="Captain")
    await hook.edit_message(sent, "through the hook, twice")
    names = [known.name for known in await rest.fetch_channel_webhooks(event.channel_id)]
    await rest.delete_webhook(hook)
    await event.message.respond(f"hooks: {' '.join(names)}")


async def direct(event, text):
    await event.author.send("psst")


async def refused(event, text):
    try:
        await event.message.respond("x" * 2001)
    except hikari.BadRequestError as error:
        await event.message.respond(f"refused: {int(error.status)} {error.code}")


WORDS = {
    "!ping": ping, "!embed": embed, "!file": file, "!history": history, "!panel": panel, "!people": people,
    "!flood": flood, "!members": members, "!presence": presence, "!moderate": moderate, "!thread": thread,
    "!webhook": webhook, "!direct": direct, "!refused": refused,
}


def main():
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    used = shard.GatewayShardImpl.__init__.__kwdefaults__["compression"]
    tell("versions", library=hikari.__version__, compression=used)
    bot.run(check_for_updates=False, asyncio_debug=False)


main()
