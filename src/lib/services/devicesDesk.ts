import type { Result } from '../core/result.ts';
import { err, settle } from '../core/result.ts';
import { readPair } from './linkingProgress.ts';
import { LOCKED, type Desk } from './desk.ts';
import type { DevicesClient, LinkDecision } from './devicesClient.ts';

/** Linking, and the account's devices. Each part is loaded when it is asked for. */
export function devicesDesk(desk: Desk): DevicesClient {
  const { ports, open, openWith, act, watch } = desk;
  let decided: ((decision: LinkDecision) => void) | undefined;

  return {
    async watchJoining(input, show) {
      const { joinAccount } = await import('./linkingNew.ts');
      let isOver = false;
      const account = { ...ports, relayOrigin: ports.transport.origin };
      const tell: typeof show = (state) => isOver || show(state);
      void settle(joinAccount(account, input, tell, () => isOver)).then(async (settled) => {
        const joined = settled.ok ? settled.value : settled;
        if (joined.ok) await openWith(joined.value);
        else tell({ step: 'over', fault: joined.error });
      });
      return () => {
        isOver = true;
      };
    },
    async watchLinking(code, show) {
      const { linkDevice } = await import('./linkingOld.ts');
      let isOver = false;
      const tell: typeof show = (state) => isOver || show(state);
      const decision = Promise.withResolvers<LinkDecision>();
      decided = decision.resolve;
      const link = async (): Promise<Result<void>> => {
        const opened = open();
        if (opened === undefined) return err(LOCKED);
        return linkDevice(
          opened.session,
          code,
          tell,
          () => decision.promise,
          () => isOver,
        );
      };
      void settle(link()).then((settled) => {
        const linked = settled.ok ? settled.value : settled;
        open()?.engine.poke();
        tell(linked.ok ? { step: 'done' } : { step: 'over', fault: linked.error });
      });
      return () => {
        isOver = true;
        decision.resolve('declined');
      };
    },
    async decideLinking(decision) {
      decided?.(decision);
    },
    watchTransfer: (show) => watch(readPair, show),
    stopTransfer: () => act(async (session) => (await import('./linkingProgress.ts')).stopTransfer(session)),
    watchOwnDevices: async (show) => watch((await devices()).listOwnDevices, show),
    refreshDevices: (platform) => act(async (session) => (await devices()).refreshDevices(session, platform)),
    renameDevice: (id, name) => act(async (session) => (await devices()).renameDevice(session, id, name)),
    revokeDevice: (id) => act(async (session) => (await devices()).revokeDeviceForGood(session, id)),
  };
}

const devices = () => import('./ownDevices.ts');
