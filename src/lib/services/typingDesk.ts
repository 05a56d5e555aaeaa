import type { Desk } from './desk.ts';
import type { TypingClient } from './typingClient.ts';

/** Who is writing just now. */
export function typingDesk(desk: Desk): TypingClient {
  let made: ReturnType<typeof make> | undefined;
  const make = async () => (await import('./typing.ts')).createTyping(desk);
  const typing = () => (made ??= make());
  return {
    tellTyping: async (id, isTyping) => (await typing()).tell(id, isTyping),
    watchTyping: async (id, show) => (await typing()).watch(id, show),
  };
}
