import { accountDesk } from './accountDesk.ts';
import { conversationFileDesk } from './conversationFileDesk.ts';
import { conversationsDesk } from './conversationsDesk.ts';
import type { Desk } from './desk.ts';
import { filesDesk } from './filesDesk.ts';
import { devicesDesk } from './devicesDesk.ts';
import { messagesDesk } from './messagesDesk.ts';
import { messagingDesk } from './messagingDesk.ts';
import { nearbyDesk } from './nearbyDesk.ts';
import { peopleDesk } from './peopleDesk.ts';
import { personalDesk } from './personalDesk.ts';
import { profileDesk } from './profileDesk.ts';
import { publicGroupsDesk } from './publicGroupsDesk.ts';
import { searchDesk } from './searchDesk.ts';
import { typingDesk } from './typingDesk.ts';
import { upkeepDesk } from './upkeepDesk.ts';
import { vaultDesk } from './vaultDesk.ts';
import { wakingDesk } from './wakingDesk.ts';
import { workspacesDesk } from './workspacesDesk.ts';

/** All of the client that a first conversation does without; each part loads what it is about when asked. */
export const createDesks = (desk: Desk) => ({
  ...accountDesk(desk),
  ...conversationFileDesk(desk),
  ...conversationsDesk(desk),
  ...filesDesk(desk),
  ...devicesDesk(desk),
  ...messagesDesk(desk),
  ...messagingDesk(desk),
  ...nearbyDesk(desk),
  ...peopleDesk(desk),
  ...personalDesk(desk),
  ...profileDesk(desk),
  ...publicGroupsDesk(desk),
  ...searchDesk(desk),
  ...typingDesk(desk),
  ...upkeepDesk(desk),
  ...vaultDesk(desk),
  ...wakingDesk(desk),
  ...workspacesDesk(desk),
});

export type Desks = ReturnType<typeof createDesks>;
