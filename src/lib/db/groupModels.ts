import { base64urlFromBytes, bytesFromBase64url, bytesFromHex, hexFromBytes } from '../core/bytes.ts';
import { err, faultOf, ok, type Fault, type Result } from '../core/result.ts';
import { refuseStorage, storageFault } from './faults.ts';
import { declarationOf, type Row } from './schema.ts';
import { validate } from './validation.ts';

/**
 * Groups, members and sender keys as plain JSON and back, for an export: every column by its name, bytes
 * and keys in lower-case hex. What comes back is held against the table's declaration.
 */

type Model = 'groups' | 'groupMembers' | 'senderKeys';
export type Dict = Record<string, unknown>;

/** Columns that hold a key in base64url, for an index, and say it in hex here. */
const KEY_TEXTS: Readonly<Record<Model, string | undefined>> = {
  groups: undefined,
  groupMembers: 'publicKey',
  senderKeys: 'senderPublicKey',
};

/** Refused: `serialisation` where a setting holds what JSON can't say. */
export const dictFromGroup = (row: Row<'groups'>): Dict => dictFrom('groups', row);
export const dictFromMember = (row: Row<'groupMembers'>): Dict => dictFrom('groupMembers', row);
/** With the chain's secrets: only ever for an export that is encrypted. */
export const dictFromSenderKey = (row: Row<'senderKeys'>): Dict => dictFrom('senderKeys', row);

/**
 * Reads what `JSON.stringify` made of a dict.
 * @returns `serialisation` for what is no JSON object, `validation` with the column and `constraint` with the rule it breaks.
 */
export const groupFromJson = (text: string): Result<Row<'groups'>> => rowFrom('groups', text);
export const memberFromJson = (text: string): Result<Row<'groupMembers'>> => rowFrom('groupMembers', text);
export const senderKeyFromJson = (text: string): Result<Row<'senderKeys'>> => rowFrom('senderKeys', text);

function dictFrom(model: Model, row: Dict): Dict {
  const dict: Dict = {};
  for (const [name, { kind }] of Object.entries(declarationOf(model).columns)) {
    const value = row[name];
    if (value === undefined) continue;
    const bytes = name === KEY_TEXTS[model] && typeof value === 'string' ? bytesFromBase64url(value) : value;
    if (kind === 'bytes' || name === KEY_TEXTS[model]) {
      dict[name] = bytes instanceof Uint8Array ? hexFromBytes(bytes) : unspeakable(model, name);
    } else dict[name] = kind === 'json' && !isJson(value) ? unspeakable(model, name) : value;
  }
  return dict;
}

const unspeakable = (entity: Model, field: string): never => refuseStorage('serialisation', { entity, field });

/** Whether JSON says all of a value that CBOR can say: bytes it does not. */
const isJson = (value: unknown): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (!(value instanceof Uint8Array) && Object.values(value).every((item) => isJson(item)));

function rowFrom<M extends Model>(model: M, text: string): Result<Row<M>> {
  const dict = dictOf(text);
  if (dict === undefined) return err(storageFault('serialisation', { entity: model, detail: 'not a JSON object' }));
  const { columns } = declarationOf(model);
  const row: Dict = {};
  for (const [name, value] of Object.entries(dict)) {
    const isKey = name === KEY_TEXTS[model];
    if (columns[name]?.kind !== 'bytes' && !isKey) {
      row[name] = value;
      continue;
    }
    const bytes = typeof value === 'string' ? bytesFromHex(value) : undefined;
    if (bytes === undefined) return err(storageFault('validation', { entity: model, field: name, detail: 'not hex' }));
    row[name] = isKey ? base64urlFromBytes(bytes) : bytes;
  }
  const refused = faultIn(() => validate(model, declarationOf(model), row, false));
  return refused === undefined ? ok(row as Row<M>) : err(refused);
}

function dictOf(text: string): Dict | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Dict) : undefined;
  } catch {
    return undefined;
  }
}

function faultIn(work: () => void): Fault | undefined {
  try {
    work();
    return undefined;
  } catch (thrown) {
    const fault = faultOf(thrown);
    if (fault === undefined) throw thrown;
    return fault;
  }
}
