/** What the page and the service worker tell each other besides that there is something to sync. */

/** The page asks for what another app has shared; the answer is a {@link SharedMessage}, or nothing. */
export const TAKE_SHARED = 'cairn-take-shared';

export interface SharedMessage {
  readonly type: 'cairn-shared';
  readonly text: string;
}

/** The person pressed a notification, or the action on it. */
export interface NotificationMessage {
  readonly type: 'cairn-notification';
  readonly conversation: string;
  readonly action: 'open' | 'read';
}

export const isShared = (data: unknown): data is SharedMessage => hasType(data, 'cairn-shared');

export const isNotification = (data: unknown): data is NotificationMessage => hasType(data, 'cairn-notification');

const hasType = (data: unknown, type: string): boolean =>
  typeof data === 'object' && data !== null && 'type' in data && data.type === type;
