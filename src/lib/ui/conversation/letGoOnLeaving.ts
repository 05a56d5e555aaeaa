import type { Clock } from '../../core/ports.ts';
import type { CairnClient } from '../../services/client.ts';

/** What is asked of the page. */
type Page = Pick<Document, 'visibilityState' | 'addEventListener' | 'removeEventListener'>;

/**
 * A page that is hidden may end at any moment, and what could still be undone would stay behind: it goes then.
 * Holds until that time, also when the person goes elsewhere in the app.
 */
export function letGoOnLeaving(
  client: Pick<CairnClient, 'letGo'>,
  clock: Clock,
  until: number,
  page: Page = document,
): void {
  const onChange = () => {
    if (page.visibilityState === 'hidden') void client.letGo();
  };
  page.addEventListener('visibilitychange', onChange);
  clock.after(Math.max(0, until - clock.now()), () => page.removeEventListener('visibilitychange', onChange));
}
