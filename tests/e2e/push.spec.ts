import type { Page, Worker } from '@playwright/test';
import {
  conversation,
  expect,
  getToKnow,
  goTo,
  message,
  openChat,
  PASSPHRASE,
  send,
  startDirect,
  test,
  type Person,
} from './fixtures.ts';
import { collected, pushTo } from './serviceWorkers.ts';

/** What of a service worker these tests touch: its types are not those of a page. */
interface Scope {
  readonly registration: ServiceWorkerRegistration;
  readonly navigator: Navigator;
  readonly NotificationEvent: new (type: string, init: object) => Event;
  dispatchEvent(event: Event): boolean;
}

/** A page or a service worker. */
interface Place {
  evaluate<T>(run: () => T): Promise<T>;
}

/** The service worker of the app, as it runs. */
function workerOf({ context, cable }: Person): Worker {
  const worker = context.serviceWorkers().find((running) => running.url().startsWith(cable.origin));
  if (worker === undefined) throw new Error('no service worker');
  return worker;
}

/** Counts from now on how often page or worker has shown a notification. */
const countShown = (where: Place): Promise<void> =>
  where.evaluate(() => {
    const { prototype } = ServiceWorkerRegistration;
    const real = Reflect.get(prototype, 'showNotification');
    Reflect.set(globalThis, 'told', 0);
    prototype.showNotification = async function (...given) {
      await Reflect.apply(real, this, given);
      Reflect.set(globalThis, 'told', Number(Reflect.get(globalThis, 'told')) + 1);
    };
  });

/**
 * What is shown once page or worker has shown something `times`. Asked before, Chromium takes what is about to be
 * shown for something that was closed, and forgets it.
 */
async function shownAfter(person: Person, where: Place, times: number) {
  await expect.poll(() => where.evaluate(() => Reflect.get(globalThis, 'told') as unknown)).toBe(times);
  return shownTo(person);
}

const shownTo = (person: Person): Promise<{ title: string; body: string; silent: boolean | null }[]> =>
  workerOf(person).evaluate(async () => {
    const { registration } = self as unknown as Scope;
    return (await registration.getNotifications()).map(({ title, body, silent }) => ({ title, body, silent }));
  });

/** What the service worker has given the icon for a badge since. */
async function badgesOf(person: Person) {
  await workerOf(person).evaluate(() => {
    const { navigator } = self as unknown as Scope;
    const real = navigator.setAppBadge.bind(navigator);
    const badges: unknown[] = [];
    Reflect.set(self, 'badges', badges);
    navigator.setAppBadge = (count) => {
      badges.push(count ?? 'a mark');
      return real(count);
    };
  });
  return () => workerOf(person).evaluate(() => Reflect.get(self, 'badges') as unknown[]);
}

/** A press on the only notification that is shown, or on its action, as the platform tells the service worker of it. */
async function press(person: Person, action: '' | 'read' | 'reply', reply?: string): Promise<void> {
  await workerOf(person).evaluate(
    async ({ action, reply }) => {
      const worker = self as unknown as Scope;
      const [notification] = await worker.registration.getNotifications();
      if (notification === undefined) throw new Error('no notification');
      const event = new worker.NotificationEvent('notificationclick', { notification, action });
      let work: Promise<unknown> = Promise.resolve();
      // Not trusted: it can keep no worker alive, nor open a window. What it waits for is waited for here.
      Object.defineProperties(event, {
        waitUntil: { value: (waits: Promise<unknown>) => (work = waits) },
        ...(reply === undefined ? {} : { reply: { value: reply } }),
      });
      worker.dispatchEvent(event);
      await work.catch((thrown: unknown) => {
        if (!(thrown instanceof DOMException) || thrown.name !== 'InvalidAccessError') throw thrown;
      });
    },
    { action, ...(reply === undefined ? {} : { reply }) },
  );
}

const hide = (page: Page): Promise<unknown> =>
  page.evaluate(() => Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' }));

/** Ana may be notified; she and Bo have a chat, and Ana looks at her own page. */
async function chat(join: (name: string) => Promise<Person>): Promise<{ ana: Person; bo: Person }> {
  const ana = await join('Ana');
  const bo = await join('Bo');
  await ana.context.grantPermissions(['notifications'], { origin: ana.cable.origin });
  await getToKnow(ana, bo);
  await startDirect(ana.page, 'Bo');
  await send(ana.page, 'hello');
  await openChat(bo.page, 'Ana');
  await expect(message(bo.page, 'hello')).toBeVisible();
  await goTo(ana.page, 'You');
  await countShown(ana.page);
  await countShown(workerOf(ana));
  return { ana, bo };
}

test('a push wakes the closed app: what waits is fetched, and a notification says no more than that', async ({
  join,
}) => {
  const { ana, bo } = await chat(join);
  await ana.page.goto('about:blank');
  const badges = await badgesOf(ana);
  await send(bo.page, 'the first secret');
  await expect(message(bo.page, 'the first secret')).toHaveAttribute('data-state', 'sent');
  await pushTo(ana);
  expect(await shownAfter(ana, workerOf(ana), 1)).toEqual([{ title: 'Cairn', body: '', silent: false }]);
  expect(await collected(ana)).toBeGreaterThan(0);

  await send(bo.page, 'the second secret');
  await expect(message(bo.page, 'the second secret')).toHaveAttribute('data-state', 'sent');
  await pushTo(ana);
  await expect.poll(badges).toEqual(['a mark', 'a mark']);
  expect(await shownAfter(ana, workerOf(ana), 2)).toHaveLength(1);

  // It is over once the person is back.
  await ana.cable.cut();
  await ana.page.goto(ana.cable.origin);
  await ana.unlock();
  await expect.poll(() => shownTo(ana)).toEqual([]);
  await openChat(ana.page, 'Bo');
  await expect(message(ana.page, 'the second secret')).toBeVisible();
});

test('only muted conversations have something: the notification makes no sound', async ({ join }) => {
  const { ana, bo } = await chat(join);
  await goTo(ana.page, 'Chats');
  await conversation(ana.page, 'Bo').click({ button: 'right' });
  await ana.page.getByRole('menuitem', { name: 'Mute' }).click();
  await expect(conversation(ana.page, 'Bo')).toContainText('Muted');
  await goTo(ana.page, 'You');
  await ana.page.goto('about:blank');
  await send(bo.page, 'hush');
  await expect(message(bo.page, 'hush')).toHaveAttribute('data-state', 'sent');
  await pushTo(ana);
  expect(await shownAfter(ana, workerOf(ana), 1)).toEqual([{ title: 'Cairn', body: '', silent: true }]);
});

test('an open page tells by itself what a push woke it for, a locked one leaves it to the service worker', async ({
  join,
}) => {
  const { ana } = await chat(join);
  // Twice: by the second time whatever the first showed is shown.
  for (const expected of [[], []]) {
    const woken = ana.page.evaluate(
      () =>
        new Promise<void>((resolve) => {
          navigator.serviceWorker.addEventListener('message', ({ data }) => {
            if (data === 'cairn-woken') resolve();
          });
        }),
    );
    await pushTo(ana);
    await woken;
    expect(await shownAfter(ana, workerOf(ana), 0)).toEqual(expected);
  }
  await ana.page.getByRole('button', { name: 'Lock now' }).click();
  await expect(ana.page.getByRole('button', { name: 'Unlock' })).toBeVisible();
  await pushTo(ana);
  expect(await shownAfter(ana, workerOf(ana), 1)).toMatchObject([{ title: 'Cairn' }]);
});

test('a reply typed into a notification is sent, and “Mark as read” marks, without the app being looked at', async ({
  join,
}) => {
  const { ana, bo } = await chat(join);
  const main = ana.page.getByRole('navigation', { name: 'Main' });
  await hide(ana.page);
  await send(bo.page, 'are you coming?');
  expect(await shownAfter(ana, ana.page, 1)).toHaveLength(1);
  await expect(main).toContainText('1');
  await press(ana, 'reply', 'On my way');
  await expect(message(bo.page, 'On my way')).toBeVisible();
  await expect(main).not.toContainText('1');
  expect(await shownTo(ana)).toEqual([]);

  await send(bo.page, 'take a map');
  expect(await shownAfter(ana, ana.page, 2)).toHaveLength(1);
  await press(ana, 'read');
  await expect(message(bo.page, 'take a map')).toHaveAttribute('data-state', 'read');
  await expect(main).not.toContainText('1');
  await expect(ana.page).toHaveURL(/\/you$/);

  // Where one can't type into a notification, its button leads to the composer.
  await send(bo.page, 'and a torch');
  expect(await shownAfter(ana, ana.page, 3)).toHaveLength(1);
  await press(ana, 'reply');
  await expect(ana.page.getByRole('textbox', { name: 'Message' })).toBeFocused();
  await expect(message(ana.page, 'and a torch')).toBeVisible();
});

test('what is typed into a notification of a locked app waits off the disk, becomes a draft, and is not sent', async ({
  join,
}) => {
  const { ana, bo } = await chat(join);
  await goTo(ana.page, 'You');
  await ana.page.getByRole('link', { name: 'Notifications and privacy' }).click();
  await ana.page.getByRole('switch', { name: 'Show what a message says' }).check();
  await goTo(ana.page, 'You');
  await hide(ana.page);
  await send(bo.page, 'are you coming?');
  expect(await shownAfter(ana, ana.page, 1)).toMatchObject([{ title: 'Bo', body: 'are you coming?' }]);

  // What says something closes with the vault; one without content stays.
  await ana.page.getByRole('button', { name: 'Lock now' }).click();
  await expect.poll(() => shownTo(ana)).toEqual([]);
  await ana.unlock();
  await goTo(ana.page, 'You');
  await ana.page.getByRole('link', { name: 'Notifications and privacy' }).click();
  await ana.page.getByRole('switch', { name: 'Show what a message says' }).uncheck();
  await goTo(ana.page, 'You');
  await send(bo.page, 'say something');
  expect(await shownAfter(ana, ana.page, 2)).toMatchObject([{ title: 'Something new in Cairn' }]);
  await ana.page.getByRole('button', { name: 'Lock now' }).click();
  await expect(ana.page.getByRole('button', { name: 'Unlock' })).toBeVisible();

  await press(ana, 'reply', 'zyxqwv is my answer');
  await ana.page.getByRole('textbox', { name: 'Passphrase' }).fill(PASSPHRASE);
  await ana.page.getByRole('button', { name: 'Unlock' }).click();
  const composer = ana.page.getByRole('textbox', { name: 'Message' });
  await expect(composer).toHaveValue('zyxqwv is my answer');
  await expect(composer).toBeFocused();
  await ana.page.getByRole('button', { name: 'Send' }).click();
  await expect(message(bo.page, 'zyxqwv is my answer')).toBeVisible();
  await expect(message(bo.page, 'zyxqwv')).toHaveCount(1);
});

test('“Mark as read” of a locked app marks nothing: the conversation opens with the vault', async ({ join }) => {
  const { ana, bo } = await chat(join);
  await hide(ana.page);
  await send(bo.page, 'are you coming?');
  expect(await shownAfter(ana, ana.page, 1)).toHaveLength(1);
  await ana.page.goto('about:blank');
  await press(ana, 'read');
  await ana.page.goto(ana.cable.origin);
  await expect(message(bo.page, 'are you coming?')).toHaveAttribute('data-state', /sent|delivered/);
  await ana.page.getByRole('textbox', { name: 'Passphrase' }).fill(PASSPHRASE);
  await ana.page.getByRole('button', { name: 'Unlock' }).click();
  await expect(message(ana.page, 'are you coming?')).toBeVisible();
  await expect(message(bo.page, 'are you coming?')).toHaveAttribute('data-state', 'read');
});

test('why this device can’t be woken is said in words, and the choice stays off', async ({ join }) => {
  const ana = await join('Ana');
  const { page } = ana;
  const open = async () => {
    await goTo(page, 'You');
    await page.getByRole('link', { name: 'Notifications and privacy' }).click();
  };
  const choice = page.getByRole('switch', { name: 'Wake this device when something comes' });
  await open();
  await choice.click();
  await expect(page.getByRole('alert')).toContainText('This browser keeps notifications from Cairn');
  await expect(choice).not.toBeChecked();

  // This Chromium has no push service behind it.
  await ana.context.grantPermissions(['notifications'], { origin: ana.cable.origin });
  await choice.click();
  await expect(page.getByRole('alert')).toContainText('The push service of this browser can’t be reached');
  await expect(choice).not.toBeChecked();

  await ana.cable.cut();
  await choice.click();
  await expect(page.getByRole('alert')).toContainText('There is no connection to the relay');
  await expect(choice).not.toBeChecked();
  await ana.cable.mend();

  await ana.context.addInitScript(() => Reflect.deleteProperty(globalThis, 'PushManager'));
  await page.goto(ana.cable.origin);
  await ana.unlock();
  await open();
  await choice.click();
  await expect(page.getByRole('alert')).toContainText('This browser can’t be woken');
  await expect(choice).not.toBeChecked();
});
