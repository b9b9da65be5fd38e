"""A discord.py bot for the load benchmark of the sandbox: counts what it hears, or answers it.

    discordpy.py count|answer http://127.0.0.1:PORT/api/v10 ws://127.0.0.1:PORT TOKEN

It writes `ready`, then a line with how many messages it has heard at each thousandth, if it counts.
"""

import sys

import discord
import yarl
from discord.http import Route

mode, rest, gateway, token = sys.argv[1:]
Route.BASE = rest
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)

intents = discord.Intents.default()
intents.message_content = True
bot = discord.Client(intents=intents, max_messages=None, chunk_guilds_at_startup=False)
heard = 0


@bot.event
async def on_ready():
    print("ready", flush=True)


@bot.event
async def on_message(message):
    global heard
    if message.author.bot:
        return
    heard += 1
    if mode == "answer":
        await message.channel.send("pong", reference=message)
    elif heard % 1000 == 0:
        print(heard, flush=True)


bot.run(token, log_handler=None)
