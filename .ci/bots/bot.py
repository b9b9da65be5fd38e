"""A bot on discord.py for `.ci/clients`. What it does on which word is said in `.ci/clients`."""

import asyncio
import io
import json
import logging
import os
import sys

if os.environ.get("COMPRESSION") == "zlib":
    # discord.py takes zstd where it finds it, and zlib otherwise.
    sys.modules["zstandard"] = None

import discord
import yarl
from discord import app_commands

discord.http.Route.BASE = os.environ["DISCORD_API"]
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["DISCORD_GATEWAY"])
discord.Asset.BASE = os.environ["DISCORD_CDN"]

REASON = "for the check"


def tell(what, **more):
    print(json.dumps({"event": what, **more}), flush=True)


class Panel(discord.ui.View):
    def __init__(self):
        super().__init__(timeout=None)

    @discord.ui.button(label="Press", custom_id="press", style=discord.ButtonStyle.primary)
    async def press(self, interaction, button):
        await interaction.response.edit_message(content="pressed by " + interaction.user.name)

    @discord.ui.button(label="Ask", custom_id="ask")
    async def ask(self, interaction, button):
        await interaction.response.send_modal(Form())

    @discord.ui.select(
        custom_id="colours", min_values=1, max_values=2,
        options=[discord.SelectOption(label=name) for name in ("red", "green", "blue")],
    )
    async def colours(self, interaction, select):
        await interaction.response.send_message("picked " + " ".join(select.values))


class People(discord.ui.View):
    def __init__(self):
        super().__init__(timeout=None)

    @discord.ui.select(cls=discord.ui.UserSelect, custom_id="people")
    async def people(self, interaction, select):
        await interaction.response.send_message("chose " + select.values[0].name)


class Form(discord.ui.Modal, title="Who are you?"):
    name = discord.ui.TextInput(label="Your name", custom_id="name")

    async def on_submit(self, interaction):
        await interaction.response.send_message(f"Hi, {self.name.value}")


class Bot(discord.Client):
    def __init__(self):
        super().__init__(intents=discord.Intents.all(), allowed_mentions=discord.AllowedMentions.none())
        self.tree = app_commands.CommandTree(self)

    async def setup_hook(self):
        self.add_view(Panel())
        self.add_view(People())
        synced = await self.tree.sync()
        tell("commands", names=sorted(command.name for command in synced))

    async def on_ready(self):
        tell("ready", user=self.user.name, guilds=[guild.name for guild in self.guilds])

    async def on_resumed(self):
        tell("resumed")

    async def on_member_join(self, member):
        tell("joined", name=member.name)

    async def on_raw_reaction_add(self, payload):
        tell("reacted", emoji=str(payload.emoji))

    async def on_message(self, message):
        if message.author.bot:
            return
        word, _, rest = message.content.partition(" ")
        handler = WORDS.get(word)
        if handler:
            try:
                await handler(self, message, rest)
            except Exception as error:
                logging.exception("%s failed", word)
                await message.channel.send(f"failed: {error!r}")


async def ping(bot, message, rest):
    await message.reply("pong " + rest)


async def embed(bot, message, rest):
    card = discord.Embed(title="A card", description="of this bot", colour=discord.Colour.teal())
    card.add_field(name="asked by", value=message.author.mention).set_footer(text="the foot")
    sent = await message.channel.send(embed=card)
    again = await message.channel.fetch_message(sent.id)
    await message.channel.send(f"fetched: {again.embeds[0].title}, {again.embeds[0].fields[0].name}")


async def file(bot, message, rest):
    sent = await message.channel.send("a file", file=discord.File(io.BytesIO(b"what is in it"), "note.txt"))
    text = await sent.attachments[0].read()
    await message.channel.send("read: " + text.decode())


async def history(bot, message, rest):
    sent = await message.channel.send("to be changed")
    await sent.edit(content="changed")
    await sent.add_reaction("👍")
    await sent.pin()
    pins = [pin.id async for pin in message.channel.pins()]
    seen = [old async for old in message.channel.history(limit=3)]
    found = next(old for old in seen if old.id == sent.id)
    await message.channel.send(f"{found.content}, {found.reactions[0].emoji}, pinned: {sent.id in pins}")
    await sent.delete()


async def panel(bot, message, rest):
    await message.channel.send("a panel", view=Panel())


async def people(bot, message, rest):
    await message.channel.send("people", view=People())


async def flood(bot, message, rest):
    for number in range(int(rest)):
        await message.channel.send(f"drop {number}")
    await message.channel.send("flooded")


async def members(bot, message, rest):
    chunk = await message.guild.query_members("mem", limit=5, presences=False)
    everybody = await message.guild.chunk()
    names = sorted(member.name for member in everybody)
    await message.channel.send(f"members: {' '.join(names)}; found: {chunk[0].name}")


async def presence(bot, message, rest):
    await bot.change_presence(activity=discord.Game(rest), status=discord.Status.idle)
    await message.channel.send("I play " + rest)


async def moderate(bot, message, rest):
    guild = message.guild
    member = guild.get_member_named(rest)
    role = await guild.create_role(name="Guest", reason=REASON)
    await member.add_roles(role, reason=REASON)
    await member.edit(nick="Nicked", reason=REASON)
    again = await guild.fetch_member(member.id)
    await message.channel.send(f"{again.nick} has {', '.join(role.name for role in again.roles[1:])}")
    await member.timeout(discord.utils.utcnow() + discord.utils.datetime.timedelta(minutes=1), reason=REASON)
    await member.kick(reason=REASON)
    await guild.ban(member, reason=REASON)
    ban = await guild.fetch_ban(member)
    await guild.unban(member, reason=REASON)
    await role.delete(reason=REASON)
    await message.channel.send(f"banned for: {ban.reason}")
    entries = [entry async for entry in guild.audit_logs(limit=20)]
    reasons = {entry.action.name for entry in entries if entry.reason == REASON and entry.user == bot.user}
    await message.channel.send("logged: " + " ".join(sorted(reasons)))


async def thread(bot, message, rest):
    made = await message.create_thread(name=rest)
    await made.send("in here")
    await made.edit(archived=True)
    again = await bot.fetch_channel(made.id)
    await message.channel.send(f"thread {again.name}, archived: {again.archived}")


async def webhook(bot, message, rest):
    hook = await message.channel.create_webhook(name="Hook", reason=REASON)
    sent = await hook.send("through the hook", username="Captain", wait=True)
    await sent.edit(content="through the hook, twice")
    names = [known.name for known in await message.channel.webhooks()]
    await hook.delete()
    await message.channel.send(f"hooks: {' '.join(names)}")


async def direct(bot, message, rest):
    await message.author.send("psst")


async def refused(bot, message, rest):
    try:
        await message.channel.send("x" * 2001)
    except discord.HTTPException as error:
        await message.channel.send(f"refused: {error.status} {error.code}")


WORDS = {
    "!ping": ping, "!embed": embed, "!file": file, "!history": history, "!panel": panel, "!people": people,
    "!flood": flood, "!members": members, "!presence": presence, "!moderate": moderate, "!thread": thread,
    "!webhook": webhook, "!direct": direct, "!refused": refused,
}


def main():
    bot = Bot()

    @bot.tree.command(description="Says it again")
    @app_commands.choices(colour=[app_commands.Choice(name=name, value=name) for name in ("red", "green")])
    async def echo(interaction, text: str, times: app_commands.Range[int, 1, 3] = 1, colour: str = "none",
                   whom: discord.Member = None):
        words = " ".join([text] * times)
        await interaction.response.send_message(f"{words}, {colour}, {whom.name if whom else 'nobody'}")

    @bot.tree.command(description="Only for you")
    async def secret(interaction):
        await interaction.response.send_message("between us", ephemeral=True)

    @bot.tree.command(description="Takes its time")
    async def later(interaction):
        await interaction.response.defer()
        await interaction.followup.send("at last")
        await interaction.followup.send("and more")
        original = await interaction.original_response()
        await original.edit(content="at last, changed")

    @bot.tree.command(description="Looks a fruit up")
    async def find(interaction, fruit: str):
        await interaction.response.send_message("found " + fruit)

    @find.autocomplete("fruit")
    async def fruits(interaction, current):
        known = ["apple", "apricot", "banana"]
        return [app_commands.Choice(name=name, value=name) for name in known if name.startswith(current)]

    @bot.tree.context_menu(name="Greet")
    async def greet(interaction, member: discord.Member):
        await interaction.response.send_message("Hello, " + member.name)

    @bot.tree.error
    async def failed(interaction, error):
        logging.error("a command failed", exc_info=error)

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    tell("versions", library=discord.__version__, compression=discord.utils._ActiveDecompressionContext.COMPRESSION_TYPE)
    asyncio.run(start(bot))


async def start(bot):
    async with bot:
        await bot.start(os.environ["DISCORD_TOKEN"])


main()
