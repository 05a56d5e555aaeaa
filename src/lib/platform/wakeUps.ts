/**
 * The moments at which a browser without Background Sync may have a network again: each of them is a
 * reason to try the relay (architecture, "Background Sync fires only in Chromium").
 * @returns what stops listening.
 */
export function onWakeUps(
  sources: { readonly window: EventTarget; readonly document: EventTarget & { readonly visibilityState: string } },
  nudge: () => void,
): () => void {
  const whenSeen = () => {
    if (sources.document.visibilityState === 'visible') nudge();
  };
  sources.window.addEventListener('online', nudge);
  sources.window.addEventListener('pageshow', nudge);
  sources.document.addEventListener('visibilitychange', whenSeen);
  return () => {
    sources.window.removeEventListener('online', nudge);
    sources.window.removeEventListener('pageshow', nudge);
    sources.document.removeEventListener('visibilitychange', whenSeen);
  };
}
