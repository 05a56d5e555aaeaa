import { describe, expect, it, vi } from 'vitest';
import { onWakeUps } from '../../src/lib/platform/wakeUps.ts';

function page(visibilityState: 'visible' | 'hidden') {
  const window = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: visibilityState });
  const nudge = vi.fn();
  return { window, document, nudge, stop: onWakeUps({ window, document }, nudge) };
}

describe('a page tries the relay', () => {
  it.each(['online', 'pageshow'])('when the window says %s', (event) => {
    const { window, nudge } = page('hidden');
    window.dispatchEvent(new Event(event));
    expect(nudge).toHaveBeenCalledOnce();
  });

  it('when it is seen again, not when it goes out of sight', () => {
    const { document, nudge } = page('hidden');
    document.dispatchEvent(new Event('visibilitychange'));
    expect(nudge).not.toHaveBeenCalled();
    document.visibilityState = 'visible';
    document.dispatchEvent(new Event('visibilitychange'));
    expect(nudge).toHaveBeenCalledOnce();
  });

  it('no more once nobody listens', () => {
    const { window, document, nudge, stop } = page('visible');
    stop();
    for (const event of ['online', 'pageshow']) window.dispatchEvent(new Event(event));
    document.dispatchEvent(new Event('visibilitychange'));
    expect(nudge).not.toHaveBeenCalled();
  });
});
