import { describe, expect, it } from 'vitest';
import { relayErrors, type RelayErrorCode, type WireErrorCode } from '../../src/lib/protocol/errors.ts';
import type { UnlockFault } from '../../src/lib/services/client.ts';
import { outcomes, type Outcome } from '../../src/lib/sync/outcomes.ts';
import { m } from '../../src/lib/ui/paraglide/messages.js';
import { overwriteGetLocale } from '../../src/lib/ui/paraglide/runtime.js';
import ar from '../../src/lib/ui/words/ar.json' with { type: 'json' };
import en from '../../src/lib/ui/words/en.json' with { type: 'json' };
import { faultCodes, isFaultCode, wordsOfFault, type FaultCode } from '../../src/lib/ui/words/faults.ts';
import { isOutcomeCode, outcomeCodes, wordsOfOutcome, type OutcomeCode } from '../../src/lib/ui/words/outcomes.ts';

// Does not compile when a code of another layer has no words.
const covered: readonly FaultCode[] = [] as readonly (RelayErrorCode | WireErrorCode | UnlockFault['code'])[];
const coveredOutcomes: readonly OutcomeCode[] = [] as readonly Outcome[];

describe('words for people', () => {
  it('has words for every refusal of the relay and every outcome', () => {
    expect(Object.keys(relayErrors).filter((code) => !isFaultCode(code))).toEqual([...covered]);
    expect(Object.keys(outcomes).filter((code) => !isOutcomeCode(code))).toEqual([...coveredOutcomes]);
  });

  it('says something whole, and never the code itself', () => {
    overwriteGetLocale(() => 'en');
    for (const code of faultCodes) {
      expect(wordsOfFault(code)).toMatch(/^[A-Z].{10,}[.]$/u);
      if (code.includes('-')) expect(wordsOfFault(code)).not.toContain(code);
    }
    for (const code of outcomeCodes) expect(wordsOfOutcome(code)).toMatch(/^[A-Z].{10,}[.]$/u);
  });

  it('counts in the forms that Arabic has', () => {
    overwriteGetLocale(() => 'ar');
    const said = [1, 2, 3, 11, 100].map((count) => m.conversation_members({ count }));
    expect(new Set(said).size).toBe(5);
  });

  it('is complete in every language, with the same names to fill in', () => {
    expect(Object.keys(ar)).toEqual(Object.keys(en));
    for (const [key, words] of Object.entries(en)) {
      if (typeof words !== 'string') continue;
      expect([key, namesIn((ar as Record<string, unknown>)[key])]).toEqual([key, namesIn(words)]);
    }
  });
});

/** The names between braces. */
const namesIn = (words: unknown): string[] =>
  [...String(words).matchAll(/\{(\w+)\}/gu)].map((hit) => hit[1] ?? '').sort();
