// A bot on discord.js for `.ci/clients`. What it does on which word is said in `.ci/clients`.

import {
  ActionRowBuilder, ApplicationCommandOptionType, ApplicationCommandType, AttachmentBuilder, AuditLogEvent, ButtonBuilder,
  ButtonStyle, Client, EmbedBuilder, Events, GatewayIntentBits, MessageFlags, ModalBuilder, Partials,
  StringSelectMenuBuilder, TextInputBuilder, TextInputStyle, UserSelectMenuBuilder, version,
} from 'discord.js';
import { SimpleShardingStrategy } from '@discordjs/ws';

const REASON = 'for the check';
const { COMPRESSION, DISCORD_API, DISCORD_CDN, DISCORD_TOKEN } = process.env;

const tell = (event, more = {}) => console.log(JSON.stringify({ event, ...more }));

const client = new Client({
  // The library puts the version behind the address itself.
  rest: { api: DISCORD_API.replace(/\/v10$/, ''), cdn: DISCORD_CDN, version: '10' },
  ws: {
    // Compression is not an option of the client. Without `zlib-sync`, the library falls back to compressed payloads.
    buildStrategy: (manager) => {
      if (COMPRESSION === 'none') manager.options.compression = null;
      if (COMPRESSION === 'zlib') manager.options.compression = 'zlib-stream';
      return new SimpleShardingStrategy(manager);
    },
  },
  intents: Object.values(GatewayIntentBits).filter((bit) => typeof bit === 'number'),
  partials: [Partials.Channel, Partials.Message, Partials.Reaction],
  allowedMentions: { parse: [] },
});

const panel = () => [
  new ActionRowBuilder().addComponents(
    new ButtonBuilder().setCustomId('press').setLabel('Press').setStyle(ButtonStyle.Primary),
    new ButtonBuilder().setCustomId('ask').setLabel('Ask').setStyle(ButtonStyle.Secondary),
  ),
  new ActionRowBuilder().addComponents(
    new StringSelectMenuBuilder().setCustomId('colours').setMinValues(1).setMaxValues(2)
      .addOptions(['red', 'green', 'blue'].map((name) => ({ label: name, value: name }))),
  ),
];

const form = () => new ModalBuilder().setCustomId('form').setTitle('Who are you?').addComponents(
  new ActionRowBuilder().addComponents(
    new TextInputBuilder().setCustomId('name').setLabel('Your name').setStyle(TextInputStyle.Short),
  ),
);

const words = {
  async '!ping'(message, rest) {
    await message.reply(`pong ${rest}`);
  },
  async '!embed'(message) {
    const card = new EmbedBuilder().setTitle('A card').setDescription('of this bot').setColor('Aqua')
      .addFields({ name: 'asked by', value: `${message.author}` }).setFooter({ text: 'the foot' });
    const sent = await message.channel.send({ embeds: [card] });
    const again = await message.channel.messages.fetch({ message: sent.id, force: true });
    await message.channel.send(`fetched: ${again.embeds[0].title}, ${again.embeds[0].fields[0].name}`);
  },
  async '!file'(message) {
    const file = new AttachmentBuilder(Buffer.from('what is in it'), { name: 'note.txt' });
    const sent = await message.channel.send({ content: 'a file', files: [file] });
    const answer = await fetch(sent.attachments.first().url);
    await message.channel.send(`read: ${await answer.text()}`);
  },
  async '!history'(message) {
    const sent = await message.channel.send('to be changed');
    await sent.edit('changed');
    await sent.react('👍');
    await sent.pin();
    const pins = await message.channel.messages.fetchPins();
    const seen = await message.channel.messages.fetch({ limit: 3, cache: false });
    const found = seen.get(sent.id);
    const pinned = pins.items.some((pin) => pin.message.id === sent.id);
    const emoji = found.reactions.cache.first().emoji.name;
    await message.channel.send(`${found.content}, ${emoji}, pinned: ${pinned ? 'True' : 'False'}`);
    await sent.delete();
  },
  async '!panel'(message) {
    await message.channel.send({ content: 'a panel', components: panel() });
  },
  async '!people'(message) {
    const menu = new ActionRowBuilder().addComponents(new UserSelectMenuBuilder().setCustomId('people'));
    await message.channel.send({ content: 'people', components: [menu] });
  },
  async '!flood'(message, rest) {
    for (let number = 0; number < Number(rest); number += 1) await message.channel.send(`drop ${number}`);
    await message.channel.send('flooded');
  },
  async '!members'(message) {
    const found = await message.guild.members.fetch({ query: 'mem', limit: 5 });
    const everybody = await message.guild.members.fetch();
    const names = everybody.map((member) => member.user.username).sort();
    await message.channel.send(`members: ${names.join(' ')}; found: ${found.first().user.username}`);
  },
  async '!presence'(message, rest) {
    client.user.setPresence({ activities: [{ name: rest }], status: 'idle' });
    await message.channel.send(`I play ${rest}`);
  },
  async '!moderate'(message, rest) {
    const { guild } = message;
    const member = guild.members.cache.find((known) => known.user.username === rest);
    const role = await guild.roles.create({ name: 'Guest', reason: REASON });
    await member.roles.add(role, REASON);
    await member.setNickname('Nicked', REASON);
    const again = await guild.members.fetch({ user: member.id, force: true });
    const names = again.roles.cache.filter((known) => known.id !== guild.id).map((known) => known.name);
    await message.channel.send(`${again.nickname} has ${names.join(', ')}`);
    await member.timeout(60_000, REASON);
    await member.kick(REASON);
    await guild.members.ban(member.id, { reason: REASON });
    const ban = await guild.bans.fetch({ user: member.id, force: true });
    await guild.members.unban(member.id, REASON);
    await role.delete(REASON);
    await message.channel.send(`banned for: ${ban.reason}`);
    const log = await guild.fetchAuditLogs({ limit: 20 });
    const mine = log.entries.filter((entry) => entry.reason === REASON && entry.executor?.id === client.user.id);
    const actions = new Set(mine.map((entry) => snake(AuditLogEvent[entry.action])));
    await message.channel.send(`logged: ${[...actions].sort().join(' ')}`);
  },
  async '!thread'(message, rest) {
    const thread = await message.startThread({ name: rest });
    await thread.send('in here');
    await thread.setArchived(true);
    const again = await client.channels.fetch(thread.id, { force: true });
    await message.channel.send(`thread ${again.name}, archived: ${again.archived ? 'True' : 'False'}`);
  },
  async '!webhook'(message) {
    const hook = await message.channel.createWebhook({ name: 'Hook', reason: REASON });
    const sent = await hook.send({ content: 'through the hook', username: 'Captain' });
    await hook.editMessage(sent, 'through the hook, twice');
    const hooks = await message.channel.fetchWebhooks();
    await hook.delete();
    await message.channel.send(`hooks: ${hooks.map((known) => known.name).join(' ')}`);
  },
  async '!direct'(message) {
    await message.author.send('psst');
  },
  async '!refused'(message) {
    try {
      await message.channel.send('x'.repeat(2001));
    } catch (error) {
      await message.channel.send(`refused: ${error.status} ${error.code}`);
    }
  },
};

// `MemberBanAdd` is `ban` and so on in discord.py's names, which the check expects.
const snake = (action) => ({
  RoleCreate: 'role_create', RoleDelete: 'role_delete', MemberRoleUpdate: 'member_role_update', MemberUpdate: 'member_update',
  MemberKick: 'kick', MemberBanAdd: 'ban', MemberBanRemove: 'unban',
  WebhookCreate: 'webhook_create',
})[action] ?? action;

const commands = {
  async echo(interaction) {
    const { options } = interaction;
    const said = Array(options.getInteger('times') ?? 1).fill(options.getString('text')).join(' ');
    const whom = options.getUser('whom')?.username ?? 'nobody';
    await interaction.reply(`${said}, ${options.getString('colour') ?? 'none'}, ${whom}`);
  },
  async secret(interaction) {
    await interaction.reply({ content: 'between us', flags: MessageFlags.Ephemeral });
  },
  async later(interaction) {
    await interaction.deferReply();
    await interaction.followUp('at last');
    await interaction.followUp('and more');
    await interaction.editReply('at last, changed');
  },
  async find(interaction) {
    await interaction.reply(`found ${interaction.options.getString('fruit')}`);
  },
  async Greet(interaction) {
    await interaction.reply(`Hello, ${interaction.targetUser.username}`);
  },
};

const { Integer, String: Text, User } = ApplicationCommandOptionType;
const definitions = [
  {
    name: 'echo', description: 'Says it again', options: [
      { name: 'text', description: 'What', type: Text, required: true },
      { name: 'times', description: 'How often', type: Integer, minValue: 1, maxValue: 3 },
      { name: 'colour', description: 'Which', type: Text, choices: ['red', 'green'].map((name) => ({ name, value: name })) },
      { name: 'whom', description: 'To whom', type: User },
    ],
  },
  { name: 'secret', description: 'Only for you' },
  { name: 'later', description: 'Takes its time' },
  {
    name: 'find', description: 'Looks a fruit up',
    options: [{ name: 'fruit', description: 'Which', type: Text, required: true, autocomplete: true }],
  },
  { name: 'Greet', type: ApplicationCommandType.User },
];

client.once(Events.ClientReady, async () => {
  const set = await client.application.commands.set(definitions);
  tell('commands', { names: set.map((command) => command.name).sort() });
  tell('ready', { user: client.user.username, guilds: client.guilds.cache.map((guild) => guild.name) });
});
client.on(Events.ShardResume, () => tell('resumed'));
client.on(Events.ShardReady, () => tell('session'));
client.on(Events.GuildMemberAdd, (member) => tell('joined', { name: member.user.username }));
client.on(Events.MessageReactionAdd, (reaction) => tell('reacted', { emoji: reaction.emoji.name }));
client.on(Events.Warn, (text) => console.error(`WARNING ${text}`));
client.on(Events.Error, (error) => console.error(`ERROR ${error.stack}`));
client.rest.on('rateLimited', (info) => tell('waits', { ms: info.timeToReset }));

client.on(Events.MessageCreate, async (message) => {
  if (message.author.bot) return;
  const [word, ...rest] = message.content.split(' ');
  try {
    await words[word]?.(message, rest.join(' '));
  } catch (error) {
    console.error(`ERROR ${word}: ${error.stack}`);
    await message.channel.send(`failed: ${error}`);
  }
});

client.on(Events.InteractionCreate, async (interaction) => {
  try {
    if (interaction.isAutocomplete()) {
      const known = ['apple', 'apricot', 'banana'].filter((name) => name.startsWith(interaction.options.getFocused()));
      await interaction.respond(known.map((name) => ({ name, value: name })));
    } else if (interaction.isCommand()) {
      await commands[interaction.commandName](interaction);
    } else if (interaction.isModalSubmit()) {
      await interaction.reply(`Hi, ${interaction.fields.getTextInputValue('name')}`);
    } else if (interaction.customId === 'press') {
      await interaction.update(`pressed by ${interaction.user.username}`);
    } else if (interaction.customId === 'ask') {
      await interaction.showModal(form());
    } else if (interaction.customId === 'colours') {
      await interaction.reply(`picked ${interaction.values.join(' ')}`);
    } else if (interaction.customId === 'people') {
      await interaction.reply(`chose ${interaction.users.first().username}`);
    }
  } catch (error) {
    console.error(`ERROR ${error.stack}`);
  }
});

tell('versions', { library: version, compression: COMPRESSION });
await client.login(DISCORD_TOKEN);
