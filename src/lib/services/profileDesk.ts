import { unwrap } from '../core/result.ts';
import type { Desk } from './desk.ts';
import type { ProfileClient } from './profileClient.ts';

const profile = () => import('./profile.ts');

/** How people show themselves. */
export const profileDesk = ({ act, ask, watch }: Desk): ProfileClient => ({
  async watchProfile(person, show) {
    const { viewProfile } = await profile();
    return watch((session) => viewProfile(session, person), show);
  },
  saveProfile: (changes) => act(async (session) => (await profile()).saveProfile(session, changes)),
  async watchPortraits(show) {
    return watch((await profile()).viewPortraits, show);
  },
  portrait: (person) => ask(async (session) => unwrap(await (await profile()).portraitOf(session, person))),
});
