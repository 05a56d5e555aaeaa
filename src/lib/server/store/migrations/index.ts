import { accountsAndStreams } from './0001_accounts_and_streams.ts';
import { membersComeBack } from './0002_members_come_back.ts';
import { claimsAndInfos } from './0003_claims_and_infos.ts';
import { blobs } from './0004_blobs.ts';
import { accountsThatGo } from './0005_accounts_that_go.ts';
import { doors } from './0006_doors.ts';
import { pushAndDirectory } from './0007_push_and_directory.ts';
import { rendezvous } from './0008_rendezvous.ts';
import { deletedAccounts } from './0009_deleted_accounts.ts';
import { revocations } from './0010_revocations.ts';
import { retention } from './0011_retention.ts';
import type { Migration } from './migration.ts';

/** All steps, in order. */
export const migrations: readonly Migration[] = [
  accountsAndStreams,
  membersComeBack,
  claimsAndInfos,
  blobs,
  accountsThatGo,
  doors,
  pushAndDirectory,
  rendezvous,
  deletedAccounts,
  revocations,
  retention,
];
