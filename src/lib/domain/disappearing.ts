const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How long messages may stay before they disappear, in milliseconds after they were sent; what a person chooses from. */
export const lifetimes = [HOUR_MS, 8 * HOUR_MS, DAY_MS, 7 * DAY_MS, 28 * DAY_MS] as const;

/** When a message disappears, on every device alike. @param sentAt by the sender's clock, as far as it is believed. */
export const disappearsAt = (sentAt: number, lifetime: number | undefined): { expiresAt?: number } =>
  lifetime === undefined ? {} : { expiresAt: sentAt + lifetime };
