/** A mark beside the store that the account ended this device, which cleared itself: the first screen says so. */
const NAME = 'cairn-was-removed';

export const markRemoved = (): void => localStorage.setItem(NAME, '1');
export const wasRemoved = (): boolean => localStorage.getItem(NAME) !== null;
export const forgetRemoved = (): void => localStorage.removeItem(NAME);
