import type { Desk } from './desk.ts';
import type { Nearby } from './nearby.ts';
import type { NearbyClient } from './nearbyClient.ts';

/** Handing messages over without a relay, one meeting at a time. */
export function nearbyDesk({ open }: Desk): NearbyClient {
  let nearby: Nearby | undefined;
  return {
    async watchNearby(link, send, show) {
      const { createNearby } = await import('./nearby.ts');
      const opened = open();
      if (opened === undefined) return () => undefined;
      nearby?.end();
      const begun = createNearby(opened.session, link, send, show);
      nearby = begun;
      return () => {
        begun.end();
        if (nearby === begun) nearby = undefined;
      };
    },
    takeNearby: async (frame) => nearby?.take(frame),
  };
}
