import type { Desk } from './desk.ts';
import type { PeopleClient } from './peopleClient.ts';

type Now = 'watchPeople' | 'self' | 'myInviteCode' | 'addPerson';

const verification = () => import('./verification.ts');

/** Whether people are who they say, and their devices. */
export const peopleDesk = ({ act, watch }: Desk): Omit<PeopleClient, Now> => ({
  safetyNumber: (person) => act(async (session) => (await verification()).safetyNumberWith(session, person)),
  compareSafetyNumber: (person, code) =>
    act(async (session) => (await verification()).compareSafetyNumber(session, person, code)),
  setVerified: (person, isVerified) =>
    act(async (session) => (await verification()).setVerified(session, person, isVerified)),
  async watchDevices(person, show) {
    const { listDevicesOf } = await verification();
    return watch((session) => listDevicesOf(session, person), show);
  },
  acceptDevices: (person) => act(async (session) => (await verification()).acceptDevices(session, person)),
});
