/** The longest text of one message, in bytes of UTF-8. */
export const LONGEST_TEXT = 1024 * 1024;
