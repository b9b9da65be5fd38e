import os

import discord
import yarl

# What `cogwright sandbox --no-bot` prints, and where the files lie.
discord.http.Route.BASE = os.environ["DISCORD_API"]
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["DISCORD_GATEWAY"])
discord.Asset.BASE = os.environ["DISCORD_CDN"]

intents = discord.Intents.default()
intents.message_content = True
client = discord.Client(intents=intents)


@client.event
async def on_message(message):
    if message.content == "!hello" and not message.author.bot:
        await message.reply(f"Hello, {message.author.name}!")


client.run(os.environ["DISCORD_TOKEN"])
