import { textFromUtf8, utf8, type Bytes } from '../../core/bytes.ts';
import { createByteReader, createByteWriter } from '../search/bytes.ts';

/**
 * One column of many rows, in the form that takes the fewest bytes to seal and the fewest values to encode:
 * - `one`: all rows hold this value;
 * - `each`: the values, `undefined` where a row lacks one;
 * - `texts`: all texts as one in UTF-8, and the length of each in UTF-16 code units;
 * - `names`: texts that come again and again, and for each row the number of its own, a byte;
 * - `steps`: integers, each as the step from the one before, in zigzag LEB128.
 */
export type PackedColumn =
  | readonly ['one', unknown]
  | readonly ['each', readonly unknown[]]
  | readonly ['texts', Bytes, Bytes]
  | readonly ['names', readonly string[], Bytes]
  | readonly ['steps', Bytes];

/** @param values of a column, one for each row, at least one. */
export function packColumn(values: readonly unknown[]): PackedColumn {
  const [first] = values;
  if (typeof first === 'string' && isAll(values, isText)) return packTexts(values);
  if (typeof first === 'number' && isAll(values, isSafe)) return packIntegers(values);
  if (typeof first !== 'object' && isAllTheSame(values)) return ['one', first];
  return ['each', values];
}

/** The values of a column of `count` rows. Throws where it is none. */
export function unpackColumn(column: PackedColumn, count: number): readonly unknown[] {
  switch (column[0]) {
    case 'one':
      return new Array<unknown>(count).fill(column[1]);
    case 'each':
      return column[1];
    case 'texts':
      return unpackTexts(column[1], column[2]);
    case 'names': {
      const [, names, numbers] = column;
      return Array.from(numbers, (number) => names[number]);
    }
    case 'steps':
      return unpackSteps(column[1]);
  }
}

const isText = (value: unknown): value is string => typeof value === 'string';
/** Steps between two of them are safe integers even in zigzag. */
const isSafe = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Math.abs(value as number) < 2 ** 50 && !Object.is(value, -0);

function isAll<T>(values: readonly unknown[], is: (value: unknown) => value is T): values is readonly T[] {
  for (const value of values) if (!is(value)) return false;
  return true;
}

function isAllTheSame(values: readonly unknown[]): boolean {
  for (const value of values) if (value !== values[0]) return false;
  return true;
}

/** Empty between two columns. */
const writer = createByteWriter();

const MOST_NAMES = 255;

function packTexts(texts: readonly string[]): PackedColumn {
  if (isAllTheSame(texts)) return ['one', texts[0]];
  const most = Math.min(MOST_NAMES, texts.length / 2);
  const numbers = new Map<string, number>();
  const ofRows = new Uint8Array(texts.length);
  for (let i = 0; i < texts.length && numbers.size <= most; i++) {
    const text = texts[i] ?? '';
    const known = numbers.get(text);
    if (known === undefined) numbers.set(text, numbers.size);
    ofRows[i] = known ?? numbers.size - 1;
  }
  if (numbers.size <= most) return ['names', [...numbers.keys()], ofRows];
  for (const text of texts) writer.number(text.length);
  return ['texts', utf8(texts.join('')), writer.take()];
}

function unpackTexts(bytes: Bytes, lengths: Bytes): string[] {
  const whole = textFromUtf8(bytes);
  if (whole === undefined) throw new RangeError('texts are not UTF-8');
  const reader = createByteReader(lengths);
  const texts: string[] = [];
  let at = 0;
  while (reader.at < reader.length) {
    const end = at + reader.number();
    texts.push(whole.slice(at, end));
    at = end;
  }
  if (at !== whole.length) throw new RangeError('texts of other lengths');
  return texts;
}

function packIntegers(integers: readonly number[]): PackedColumn {
  if (isAllTheSame(integers)) return ['one', integers[0]];
  let last = 0;
  for (const integer of integers) {
    const step = integer - last;
    writer.number(step < 0 ? -2 * step - 1 : 2 * step);
    last = integer;
  }
  return ['steps', writer.take()];
}

function unpackSteps(bytes: Bytes): number[] {
  const reader = createByteReader(bytes);
  const integers: number[] = [];
  let last = 0;
  while (reader.at < reader.length) {
    const step = reader.number();
    last += step % 2 === 1 ? -(step + 1) / 2 : step / 2;
    integers.push(last);
  }
  return integers;
}
