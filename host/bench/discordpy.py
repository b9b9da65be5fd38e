"""A discord.py bot for the benchmark: two commands by prefix, one by slash, and a listener that reads the text of every message.

DISCORD_TOKEN, BENCH_REST (`host:port`), BENCH_GATEWAY (`ws://host:port`), as the other bots have them.
"""

import os

import discord
import yarl
from discord import app_commands
from discord.http import Route

Route.BASE = f"http://{os.environ['BENCH_REST']}/api/v10"
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["BENCH_GATEWAY"])

intents = discord.Intents(guilds=True, guild_messages=True, message_content=True)


class Bot(discord.Client):
    def __init__(self):
        super().__init__(intents=intents, chunk_guilds_at_startup=False)
        self.tree = app_commands.CommandTree(self)
        self.heard = 0

    async def setup_hook(self):
        self.registering = self.loop.create_task(self.tree.sync())

    async def on_message(self, message):
        if message.author.bot:
            return
        if message.content == "!hello":
            await message.channel.send(f"Hello, {message.author.name}!", reference=message)
        elif message.content == "!heard":
            await message.channel.send(str(self.heard), reference=message)
        elif "ahoy" in message.content:
            self.heard += 1


bot = Bot()


@bot.tree.command(name="hello", description="Says hello")
async def hello(interaction: discord.Interaction):
    await interaction.response.send_message(f"Hello, {interaction.user.name}!")


bot.run(os.environ["DISCORD_TOKEN"], log_handler=None)
