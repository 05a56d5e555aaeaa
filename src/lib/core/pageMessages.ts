/** What the page and the service worker tell each other besides that there is something to sync. */

/** The page asks for what another app has shared; the answer is a {@link SharedMessage}, or nothing. */
export const TAKE_SHARED = 'cairn-take-shared';

export interface SharedMessage {
  readonly type: 'cairn-shared';
  readonly text: string;
}

/** The page asks for what was pressed while there was none; the answer is a {@link NotificationMessage}, or nothing. */
export const TAKE_PRESSED = 'cairn-take-pressed';

/** The person pressed a notification, or an action on it. With a port, the answer is an {@link Outcome}. */
export interface NotificationMessage {
  readonly type: 'cairn-notification';
  /** Left out where the notification was about none in particular. */
  readonly conversation?: string;
  readonly action: NotificationAction;
  /** What was typed into the notification. It is in memory alone until the vault seals it. */
  readonly text: string;
}

export type NotificationAction = 'open' | 'read' | 'reply';

/** `refused`: the page keeps what was typed as a draft, and has to be shown. */
export type Outcome = 'done' | 'refused';

/** With a port: whether the vault is open in that page. The answer is a {@link Presence}, or none. */
export const WHO = 'cairn-who';

export type Presence = 'open' | 'locked';

/** With a port: a push service woke the device. A page that is open tells its person by itself, and answers {@link HEARD}. */
export const WOKEN = 'cairn-woken';

export const HEARD = 'cairn-heard';

/** What a notification that the service worker or a page shows has with it. */
export interface NotificationFacts {
  readonly conversation?: string;
  /** It says what was written, which is for unlocked devices alone. */
  readonly hasContent?: boolean;
}

/** The one notification that says no more than that there is something. */
export const SOMETHING_TAG = 'cairn-something';

export const isShared = (data: unknown): data is SharedMessage => hasType(data, 'cairn-shared');

export const isNotification = (data: unknown): data is NotificationMessage => hasType(data, 'cairn-notification');

/** Of a notification's `data`, whoever wrote that. */
export function factsFrom(data: unknown): NotificationFacts {
  if (typeof data !== 'object' || data === null) return {};
  const conversation = 'conversation' in data ? data.conversation : undefined;
  return {
    ...(typeof conversation === 'string' ? { conversation } : {}),
    hasContent: 'hasContent' in data && data.hasContent === true,
  };
}

const hasType = (data: unknown, type: string): boolean =>
  typeof data === 'object' && data !== null && 'type' in data && data.type === type;
