import { describe, expect, it } from 'vitest';
import type { AccountId, MessageId } from '../../src/lib/core/ids.ts';
import type { AttachmentItem, MessageItem } from '../../src/lib/services/client.ts';
import { rightsTo, undoableIn } from '../../src/lib/ui/conversation/messageRights.ts';
import { textToCopy } from '../../src/lib/ui/conversation/textToCopy.ts';

const message = (text: string, at: number, more: Partial<MessageItem> = {}): MessageItem => ({
  id: `${text}-${at}` as MessageId,
  sortKey: String(at),
  sender: 'ana' as AccountId,
  senderName: 'Ana',
  isOutgoing: false,
  type: 'text',
  text,
  at,
  ...more,
});

const file = (state: AttachmentItem['state']): AttachmentItem => ({
  kind: 'file',
  name: 'route.gpx',
  type: 'application/gpx',
  size: 5,
  hasThumbnail: false,
  state,
  progress: 0,
});

describe('what is copied', () => {
  it('is the text alone of one message', () => {
    expect(textToCopy([message('see you\nthere', 1)], 'You')).toBe('see you\nthere');
    expect(textToCopy([message('see you', 1), message('', 2)], 'You')).toBe('see you');
  });

  it('names who wrote each of several, in their order and not that in which they were chosen', () => {
    expect(textToCopy([message('ten', 3, { isOutgoing: true }), message('nine?', 2)], 'You')).toBe(
      'Ana: nine?\nYou: ten',
    );
  });
});

describe('what may be done with a message', () => {
  const view = { canSend: true, canPin: true, canDeleteAny: false };

  it('is forwarding only where there is something to forward', () => {
    expect(rightsTo(message('hello', 1), view).forward).toBe(true);
    expect(rightsTo(message('', 1, { attachments: [file('absent')] }), view).forward).toBe(true);
    expect(rightsTo(message('', 1, { attachments: [file('gone')] }), view).forward).toBe(false);
    expect(rightsTo(message('', 1, { deletedBy: 'Ana' }), view).forward).toBe(false);
    expect(rightsTo(message('', 1, { type: 'encrypted' }), view).forward).toBe(false);
  });

  it('is forwarding elsewhere also from where one may not write any more', () => {
    expect(rightsTo(message('hello', 1), { ...view, canSend: false })).toMatchObject({ answer: false, forward: true });
  });

  it('is taking back what was sent last, where it was written', () => {
    const head = message('what do we eat?', 1);
    const quote = { id: head.id, sortKey: '1', name: 'Ana', text: head.text, isGone: false };
    const plain = message('soup', 2);
    const threaded = message('soup', 3, { inThread: quote });
    const messages = [head, plain, threaded];
    const last = (id: MessageId) => ({ messages, undoable: { id, until: 10 } });
    expect(undoableIn({ messages })).toBeUndefined();
    expect(undoableIn(last(plain.id))).toEqual({ id: plain.id, until: 10 });
    expect(undoableIn(last(plain.id), head.id)).toBeUndefined();
    expect(undoableIn(last(threaded.id))).toBeUndefined();
    expect(undoableIn(last(threaded.id), head.id)).toEqual({ id: threaded.id, until: 10 });
  });

  it('is copying only of text', () => {
    expect(rightsTo(message('', 1, { attachments: [file('here')] }), view).copy).toBe(false);
  });
});
