import fc from 'fast-check';

/**
 * Property tests look at the same cases each time, so that a run that failed fails again. `PROPERTY_SEED` chooses
 * others: any whole number.
 */
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env['PROPERTY_SEED'] ?? 1) });
