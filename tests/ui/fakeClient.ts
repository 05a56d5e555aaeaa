import type { AccountId, ConversationId, MessageId } from '../../src/lib/core/ids.ts';
import { err, ok, type Result } from '../../src/lib/core/result.ts';
import type {
  CairnClient,
  ConnectionState,
  ConversationView,
  MessageItem,
  MessageState,
  PersonItem,
  SecurityItem,
  VaultState,
  WaitingItem,
} from '../../src/lib/services/client.ts';

/** A client without an engine: data in memory, so that pages can be rendered and photographed. */
export async function connectClient(
  onReconnect: (client: CairnClient) => void,
): Promise<{ client: CairnClient; lock(): Promise<void> }> {
  const wanted = new URLSearchParams(location.search).get('fake');
  const start: VaultState = wanted === 'none' || wanted === 'locked' ? wanted : 'open';
  return {
    client: createFakeClient(start, wanted ?? ''),
    async lock() {
      onReconnect(createFakeClient('locked', ''));
    },
  };
}

type Watchers = Set<() => void>;

export function createFakeClient(start: VaultState, world: string): CairnClient {
  const watchers: Watchers = new Set();
  const changed = () => watchers.forEach((tell) => tell());
  const watch = async <T>(read: () => T, show: (value: T) => void) => {
    const tell = () => show(read());
    watchers.add(tell);
    queueMicrotask(tell);
    return () => void watchers.delete(tell);
  };

  let vault = start;
  let self = { account: 'self-account' as AccountId, name: 'Noor Haddad' };
  let tries = 0;
  const connection: ConnectionState =
    world === 'offline'
      ? { link: 'offline', waiting: 3, failed: 0 }
      : world === 'failed'
        ? { link: 'online', waiting: 1, failed: 1 }
        : { link: 'online', waiting: 0, failed: 0 };
  const isEmpty = world === 'empty' || start === 'none';
  const people = isEmpty ? [] : somePeople();
  const conversations = isEmpty ? [] : someConversations(self, people);
  if (world === 'long') lengthen(conversations[0], 3000);

  const find = (id: ConversationId) => conversations.find((item) => item.id === id);

  return {
    watchVault: (show) => watch(() => vault, show),
    async createAccount({ name, passphrase }) {
      if (passphrase.length < 10) return err({ code: 'weak-passphrase', retry: 'person' });
      self = { ...self, name };
      vault = 'open';
      changed();
      return ok(undefined);
    },
    async unlock(passphrase) {
      if (passphrase === 'open sesame') {
        vault = 'open';
        changed();
        return ok(undefined);
      }
      tries += 1;
      return tries < 3
        ? err({ code: 'wrong-passphrase', retry: 'person' })
        : err({ code: 'too-soon', retry: 'person', retryAt: Date.now() + 8000 });
    },
    watchConnection: (show) => watch(() => connection, show),
    watchConversations: (show) =>
      watch(
        () =>
          conversations
            .map((item) => {
              const last = item.messages.findLast((message) => message.type !== 'system');
              return {
                id: item.id,
                kind: item.kind,
                title: item.title,
                draft: item.draft,
                unread: item.unread,
                lastActivity: last?.at ?? 0,
                isPending: item.isPending,
                ...(last === undefined
                  ? {}
                  : {
                      preview: {
                        text: last.text,
                        ...(item.kind === 'group' && !last.isOutgoing ? { author: last.senderName } : {}),
                        ...(last.state === undefined ? {} : { state: last.state }),
                      },
                    }),
              };
            })
            .sort((a, b) => b.lastActivity - a.lastActivity),
        show,
      ),
    watchPeople: (show) => watch(() => people, show),
    watchConversation: (id, limit, show) =>
      watch(() => {
        const item = find(id);
        return (
          item && {
            ...item,
            messages: item.messages.slice(-limit),
            hasOlder: item.messages.length > limit,
          }
        );
      }, show),
    watchWaiting: (show) => watch(() => (world === 'offline' || world === 'failed' ? someWaiting() : []), show),
    watchSecurityEvents: (show) => watch(() => (isEmpty ? [] : someEvents()), show),
    self: async () => self,
    myInviteCode: async () =>
      ok('cairn1:pGFrWCCx0fXm3TqN8eYVZcLwSgJpQ2dRhUoKa5iBb7nEtmFuTm9vciBIYWRkYWRhc1Bq8nXc2LkVw9RtYzHsMfDgAeGFjRJd3Kg'),
    async addPerson(code) {
      if (!code.startsWith('cairn1:')) return err({ code: 'malformed', retry: 'never' });
      const person: PersonItem = { account: `p${people.length}` as AccountId, name: 'Mira', isVerified: false, addedAt: Date.now() };
      people.push(person);
      changed();
      return ok(person);
    },
    async openDirect(account) {
      const person = people.find((item) => item.account === account);
      if (person === undefined) return err({ code: 'not-found', retry: 'never' });
      const id = `direct-${account}` as ConversationId;
      if (find(id) === undefined) {
        conversations.push(aConversation(id, 'direct', person.name, self, [person], []));
        changed();
      }
      return ok(id);
    },
    async createGroup({ name, people: chosen }) {
      if (name === '') return err({ code: 'bad-name', retry: 'person' });
      if (chosen.length === 0) return err({ code: 'no-members', retry: 'person' });
      const id = `group-${conversations.length}` as ConversationId;
      const members = people.filter((item) => chosen.includes(item.account));
      conversations.push({ ...aConversation(id, 'group', name, self, members, []), isPending: true });
      changed();
      return ok(id);
    },
    addPeople: async () => ok(undefined),
    removePerson: async () => ok(undefined),
    async leaveGroup(id) {
      const item = find(id);
      if (item) item.canSend = false;
      changed();
      return ok(undefined);
    },
    async sendText(id, text): Promise<Result<MessageId>> {
      const item = find(id);
      if (item === undefined) return err({ code: 'not-a-member', retry: 'never' });
      const messageId = `m-${Math.random()}` as MessageId;
      const put = (state: MessageState) => {
        item.messages = item.messages.filter((message) => message.id !== messageId);
        item.messages.push(aMessage(messageId, self.account, self.name, text, Date.now(), state));
        changed();
      };
      put('queued');
      setTimeout(() => put('sent'), 300);
      setTimeout(() => put('delivered'), 900);
      if (text === 'echo') setTimeout(() => {
        item.messages.push(aMessage(`e-${Math.random()}`, 'p1', people[0]?.name ?? '', 'Echo!', Date.now()));
        item.unread += 1;
        changed();
      }, 1500);
      return ok(messageId);
    },
    async saveDraft(id, text) {
      const item = find(id);
      if (item) item.draft = text;
      changed();
      return ok(undefined);
    },
    async markRead(id) {
      const item = find(id);
      if (item && item.unread > 0) {
        item.unread = 0;
        changed();
      }
      return ok(undefined);
    },
    retry: async () => ok(undefined),
    discard: async () => ok(undefined),
    syncNow: async () => undefined,
  };
}

type FakeConversation = { -readonly [Key in keyof ConversationView]: ConversationView[Key] } & { messages: MessageItem[] };

const names = [
  'Ana Lindqvist', 'Bo', 'Chloé Besson', 'يوسف الحسن', 'Dmitri Sokolov', 'Esra Yıldız', '李小龙', 'Femi Adeyemi',
  'Maximiliana Konstantinopoulou-Featherstonehaugh von und zu Hohenlohe', 'Ravi', 'נועה לוי', 'Zoë',
];

const somePeople = (): PersonItem[] =>
  names.map((name, at) => ({
    account: `p${at + 1}` as AccountId,
    name,
    isVerified: at % 4 === 0,
    addedAt: Date.now() - at * 86_400_000 * 9,
  }));

const MIN = 60_000;

function aMessage(id: string, sender: string, senderName: string, text: string, at: number, state?: MessageState): MessageItem {
  return {
    id: id as MessageId,
    sortKey: String(at).padStart(16, '0') + id,
    sender: sender as AccountId,
    senderName,
    isOutgoing: sender === 'self-account',
    type: 'text',
    text,
    at,
    ...(state === undefined ? {} : { state }),
  };
}

function aConversation(
  id: ConversationId,
  kind: 'direct' | 'group',
  title: string,
  self: { account: AccountId; name: string },
  others: readonly PersonItem[],
  messages: MessageItem[],
): FakeConversation {
  return {
    id,
    kind,
    title,
    draft: '',
    members: [
      { account: self.account, name: self.name, role: kind === 'group' ? 'owner' : 'member', isSelf: true },
      ...others.map((person, at) => ({
        account: person.account,
        name: person.name,
        role: at === 0 && kind === 'group' ? ('admin' as const) : ('member' as const),
        isSelf: false,
        ...(at === 2 ? { pending: 'adding' as const } : {}),
      })),
    ],
    messages,
    hasOlder: false,
    unread: 0,
    lastReadSortKey: '',
    isPending: false,
    canSend: true,
    canAdd: kind === 'group',
    canRemove: kind === 'group',
    suite: 'X-Wing hybrid, post-quantum',
    epoch: 7,
  };
}

function someConversations(self: { account: AccountId; name: string }, people: readonly PersonItem[]): FakeConversation[] {
  const now = Date.now();
  const [ana, bo, chloe, yusuf, , , li, , long] = people as [PersonItem, PersonItem, PersonItem, PersonItem, PersonItem, PersonItem, PersonItem, PersonItem, PersonItem];
  const by = (person: PersonItem) => [person.account, person.name] as const;
  const me = [self.account, self.name] as const;
  let count = 0;
  const say = ([sender, name]: readonly [string, string], text: string, ago: number, state?: MessageState) =>
    aMessage(`m${count++}`, sender, name, text, now - ago * MIN, state);

  const hike = aConversation('hike' as ConversationId, 'group', 'Sunday hike', self, [ana, bo, chloe, yusuf, long], [
    { ...say(me, '', 3000), type: 'system', notice: { what: 'created', by: self.name } },
    { ...say(me, '', 2999), type: 'system', notice: { what: 'added', by: self.name, who: [ana.name, bo.name, chloe.name] } },
    say(by(ana), 'Shall we meet at the north car park? The south one floods when it rains.', 1500),
    say(by(ana), 'I can bring the big thermos ☕', 1499),
    say(me, 'Perfect. I have the map, the old one with the contour lines.', 1490, 'read'),
    say(by(bo), '👍', 1480),
    say(by(chloe), 'The route is here: https://example.org/routes/northern-ridge?stage=2&view=contours. About 14 km, with one steep bit near the end.', 200),
    say(me, 'Looks good. Eight o’clock?', 190, 'delivered'),
    say(by(yusuf), 'سأصل متأخرًا قليلاً، ابدأوا بدوني وسألحق بكم عند الجسر.', 120),
    say(by(long), 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft_and_an_unbroken_token_0123456789abcdef0123456789abcdef', 60),
    { ...say(by(bo), '', 58), type: 'encrypted', reason: 'SentBeforeJoin' },
    say(by(ana), 'Weather says dry until noon.', 12),
    say(by(ana), 'Then maybe a shower', 11),
    say(by(bo), 'I’ll drive. Two seats left, who wants them?', 4),
  ]);
  hike.unread = 3;
  hike.lastReadSortKey = hike.messages[10]?.sortKey ?? '';

  const direct = aConversation('ana' as ConversationId, 'direct', ana.name, self, [ana], [
    say(by(ana), 'Did the parcel arrive?', 300),
    say(me, 'Yes, this morning. Thank you! It is even nicer than in the picture, and the colour fits the room as if it had been chosen for it.', 295, 'read'),
    say(me, '❤️', 294, 'read'),
    say(by(ana), 'So glad', 290),
    say(me, 'Call you tonight?', 20, 'delivered'),
    say(me, 'After eight, if that suits', 19, 'sent'),
    say(me, 'On the train now, no signal in the tunnel', 3, 'queued'),
  ]);
  direct.draft = 'One more thing: could you';

  const failed = aConversation('bo' as ConversationId, 'direct', bo.name, self, [bo], [
    say(by(bo), 'See you', 5000),
    say(me, 'This one did not make it', 2000, 'failed'),
    say(me, 'And this is sealed again', 1990, 'stale'),
  ]);
  const rtl = aConversation('yusuf' as ConversationId, 'direct', yusuf.name, self, [yusuf], [
    say(by(yusuf), 'مساء الخير! هل أنت قادم غدًا؟', 1500),
    say(me, 'نعم إن شاء الله، حوالي الساعة الخامسة مساءً.', 1490, 'read'),
  ]);
  const many = aConversation('long' as ConversationId, 'group', 'Konferenzorganisationsausschuss Mitteleuropa 2026 — Programme', self, people, [
    say(by(li), '我们明天下午三点开会,请大家准时。', 45),
  ]);
  many.unread = 1284;
  const left = aConversation('left' as ConversationId, 'group', 'Book club', self, [ana, chloe], [
    say(by(chloe), 'Next one: The Summer Book', 20000),
    { ...say(me, '', 19000), type: 'system', notice: { what: 'left', who: [self.name] } },
  ]);
  left.canSend = false;
  const pending = { ...aConversation('pending' as ConversationId, 'group', 'Garden', self, [ana, bo], []), isPending: true };
  return [hike, direct, failed, rtl, many, left, pending];
}

function lengthen(item: FakeConversation | undefined, count: number) {
  if (item === undefined) return;
  const first = item.messages[0]?.at ?? 0;
  const old = Array.from({ length: count }, (_, at) =>
    aMessage(
      `old${at}`,
      at % 3 === 0 ? 'self-account' : `p${(at % 5) + 1}`,
      names[at % 5] ?? '',
      `Message ${at}. ${'words and more words '.repeat(at % 7)}`,
      first - (count - at) * 7 * MIN,
      at % 3 === 0 ? 'read' : undefined,
    ),
  );
  item.messages = [...old, ...item.messages];
}

const someWaiting = (): WaitingItem[] => [
  { operation: 'o1', what: 'message', conversation: 'ana' as ConversationId, title: 'Ana Lindqvist', text: 'On the train now, no signal in the tunnel', since: Date.now() - 3 * MIN, status: 'waiting' },
  { operation: 'o2', what: 'create', conversation: 'pending' as ConversationId, title: 'Garden', text: '', since: Date.now() - 9 * MIN, status: 'rekeying' },
  { operation: 'o3', what: 'message', conversation: 'bo' as ConversationId, title: 'Bo', text: 'This one did not make it', since: Date.now() - 2000 * MIN, status: 'failed', reason: 'not-a-member' },
];

const someEvents = (): SecurityItem[] => [
  { id: 's1', type: 'account-created', severity: 'low', description: 'This account was made on this device.', at: Date.now() - 9000 * MIN },
  { id: 's2', type: 'fork', severity: 'high', description: 'Two versions of “Sunday hike” were seen. It was healed.', at: Date.now() - 100 * MIN },
];
