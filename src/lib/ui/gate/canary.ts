/**
 * A mark beside the store that there was an account, with nothing private in it. Where the mark is left and
 * the account is not, the store was thrown out by the browser or cleared.
 */
const NAME = 'cairn-had-account';

export const markAccount = (): void => localStorage.setItem(NAME, '1');
export const hadAccount = (): boolean => localStorage.getItem(NAME) !== null;
export const forgetAccount = (): void => localStorage.removeItem(NAME);
