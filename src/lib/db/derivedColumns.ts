import type { ConversationId } from '../core/ids.ts';
import type { StoreTables, TableName } from './schema.ts';

const SLICE = 256;

/**
 * Columns that the store fills itself came with the second version: keyed names of conversations and the
 * number of a group's members. Putting a row as it is fills them.
 */
export const fillDerivedColumns = {
  tables: ['conversations', 'groups', 'groupMembers'] as readonly TableName[],
  async slice(tables: StoreTables, from: string): Promise<string | undefined> {
    if (from === '') await tables.groups.bulkPut(await tables.groups.toArray());
    const rows = await tables.conversations
      .where(':id')
      .above(from as ConversationId)
      .limit(SLICE)
      .toArray();
    await tables.conversations.bulkPut(rows);
    return rows.length < SLICE ? undefined : rows.at(-1)?.id;
  },
};
