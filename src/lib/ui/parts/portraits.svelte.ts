let urls = $state.raw<ReadonlyMap<string, string>>(new Map());

/** Addresses of the pictures that people show of themselves, by account and by direct conversation. */
export const portraits = {
  of: (id: string): string | undefined => urls.get(id),
  set(next: ReadonlyMap<string, string>): void {
    urls = next;
  },
};
