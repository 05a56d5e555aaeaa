/** Fields in which somebody is writing something. What stands there would be lost to a reload, or broken into. */
let fields = $state(0);

export const writing = {
  get isGoingOn(): boolean {
    return fields > 0;
  },
  /** Counts one. @returns what ends it. */
  begin(): () => void {
    fields += 1;
    return () => void (fields -= 1);
  },
};
