import type { Fault, Result } from '../core/result.ts';
import type { Finding } from '../db/integrity.ts';
import type { Repair } from '../db/repair.ts';
import type { Unwatch } from './unwatch.ts';

/** The store and what happened on this device: checks, retention, the audit log, security. */
export interface UpkeepClient {
  /** Whether the device is so full that nothing new is taken. Known while locked. */
  watchRoom(show: (isFull: boolean) => void): Unwatch;
  /** How much room each table takes, and what the browser says about the rest. */
  storage(): Promise<Result<StorageView>>;
  /** Holds everything stored against what it has to be. The returned function breaks it off. */
  watchIntegrity(show: (state: CheckState) => void): Unwatch;
  /** Mends what an integrity check found, where that can be done; nothing is dropped. */
  repairStorage(findings: readonly StorageFinding[]): Promise<Result<RepairView>>;
  retention(): Promise<Result<readonly RetentionItem[]>>;
  /** Refused: `not-found`, `constraint` for less than one day. */
  setRetention(table: string, change: { days?: number; isEnabled?: boolean }): Promise<Result<void>>;
  /** Deletes now what the policies say. Gives how many rows went. */
  runRetention(): Promise<Result<number>>;
  /** Upgrades of the store, the newest first. */
  upgrades(): Promise<Result<readonly UpgradeItem[]>>;
  auditLog(query: AuditQuery): Promise<Result<readonly AuditItem[]>>;
  /** Every `eventType` that the log has. */
  auditTypes(): Promise<Result<readonly string[]>>;
  /** The whole log as text: a JSON object a line. */
  exportAuditLog(): Promise<Result<string>>;
  watchSecurityEvents(show: (items: readonly SecurityItem[]) => void): Unwatch;
  /** A person has dealt with an event. Refused: `empty` without a note, `not-found`. */
  resolveSecurityEvent(id: string, note: string): Promise<Result<void>>;
  watchSecuritySettings(show: (settings: SecuritySettingsItem) => void): Unwatch;
  saveSecuritySettings(settings: SecuritySettingsItem): Promise<Result<void>>;
  /** What this device counted and timed about itself. */
  figures(days: number): Promise<Result<FiguresView>>;
  /** Versions and counts for somebody who helps: no ids of people, no names, no texts. */
  diagnostic(): Promise<Result<string>>;
}

export interface SecuritySettingsItem {
  /** Whether messages to a verified person with a new device wait for a decision. */
  readonly blockOnIdentityChange: boolean;
}

export interface StorageView {
  /** The largest first; bytes are estimated. */
  readonly tables: readonly { readonly name: string; readonly rows: number; readonly bytes: number }[];
  /** Rows that a repair moved out of the way. */
  readonly quarantined: number;
  /** Bytes of the whole site, where the browser tells. */
  readonly estimate?: { readonly usage: number; readonly quota: number };
  /** Whether the browser keeps the store also when room gets short. */
  readonly isPersisted?: boolean;
}

export type CheckState =
  | { readonly step: 'running'; readonly done: number; readonly total: number }
  | { readonly step: 'done'; readonly rows: number; readonly findings: readonly StorageFinding[] }
  | { readonly step: 'failed'; readonly fault: Fault };

export type StorageFinding = Finding;

export type RepairView = Repair;

export interface RetentionItem {
  readonly table: string;
  readonly days: number;
  readonly isEnabled: boolean;
  readonly lastRun?: number;
}

export interface UpgradeItem {
  readonly version: number;
  readonly at: number;
  readonly description: string;
  readonly success: boolean;
}

export interface AuditQuery {
  readonly limit: number;
  readonly eventType?: string;
  readonly onlyFailures?: boolean;
}

export interface AuditItem {
  readonly id: string;
  readonly at: number;
  readonly eventType: string;
  readonly action: string;
  readonly success: boolean;
  readonly resourceType?: string;
  /** As JSON. */
  readonly details?: string;
}

export interface FiguresView {
  /** By day (`YYYY-MM-DD`, UTC) and metric, oldest first. */
  readonly usage: readonly { readonly date: string; readonly metric: string; readonly value: number }[];
  /** Milliseconds, the newest first. */
  readonly times: readonly { readonly name: string; readonly values: readonly number[] }[];
}

export interface SecurityItem {
  readonly id: string;
  /** What a person wrote about it when it was dealt with. */
  readonly resolution?: string;
  /** Whom it is about, by name. */
  readonly person?: string;
  readonly type: string;
  readonly severity: 'low' | 'medium' | 'high' | 'critical';
  readonly description: string;
  readonly at: number;
}
