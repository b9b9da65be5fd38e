import os

import hikari

# What `cogwright sandbox --no-bot` prints. The library asks REST for the gateway's address; files come with theirs.
bot = hikari.GatewayBot(
    os.environ["DISCORD_TOKEN"],
    rest_url=os.environ["DISCORD_API"],
    intents=hikari.Intents.ALL_UNPRIVILEGED | hikari.Intents.MESSAGE_CONTENT,
)


@bot.listen()
async def on_message(event: hikari.MessageCreateEvent):
    if event.content == "!hello" and event.is_human:
        await event.message.respond(f"Hello, {event.author.username}!", reply=True)


bot.run(check_for_updates=False)
