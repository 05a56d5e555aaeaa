import type { AccountId } from '../core/ids.ts';
import type { ConversationRow } from '../db/store.ts';
import type { FileHead } from '../domain/conversationFile.ts';

/**
 * What a conversation that came from a file keeps of it. People are as the file names them, under ids that are
 * nobody's account: a file proves nothing about who said what.
 */
export interface Imported {
  readonly kind: FileHead['kind'];
  readonly members: readonly { readonly account: AccountId; readonly name: string }[];
  readonly messages: number;
}

/** `undefined` for a conversation of the app's own. */
export const importedOf = ({ metadata }: Pick<ConversationRow, 'metadata'>): Imported | undefined =>
  metadata?.['imported'] as Imported | undefined;
