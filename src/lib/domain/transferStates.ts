/** What a person does with files that go up or come down. */

export type TransferStatus = 'pending' | 'active' | 'paused' | 'completed' | 'failed' | 'cancelled';
export type TransferChange = 'pause' | 'resume' | 'cancel';

/** Where a change leads; `undefined` where there is nothing to change. */
export function changedStatus(status: TransferStatus, change: TransferChange): TransferStatus | undefined {
  return TO[change].from.includes(status) ? TO[change].to : undefined;
}

const TO: Readonly<Record<TransferChange, { readonly from: readonly TransferStatus[]; readonly to: TransferStatus }>> =
  {
    pause: { from: ['pending', 'active'], to: 'paused' },
    resume: { from: ['paused', 'failed', 'cancelled'], to: 'pending' },
    cancel: { from: ['pending', 'active', 'paused', 'failed'], to: 'cancelled' },
  };
