import { Client, Events, GatewayIntentBits } from 'discord.js';

// What `cogwright sandbox --no-bot` prints, and where the files lie. The library adds the version to the address.
const { DISCORD_API, DISCORD_CDN, DISCORD_TOKEN } = process.env;

const client = new Client({
  rest: { api: DISCORD_API.replace('/v10', ''), cdn: DISCORD_CDN },
  intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages, GatewayIntentBits.MessageContent],
});

client.on(Events.MessageCreate, async (message) => {
  if (message.content === '!hello' && !message.author.bot) {
    await message.reply(`Hello, ${message.author.username}!`);
  }
});

await client.login(DISCORD_TOKEN);
