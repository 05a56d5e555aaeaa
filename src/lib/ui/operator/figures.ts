/** What the operator's page shows, as the relay counts it. */
export interface OperatorFigures {
  readonly stored: Readonly<Record<string, number>>;
  readonly gauges: Readonly<Record<string, number>>;
  readonly minutes: readonly MinuteFigures[];
  readonly samples: readonly SampleFigures[];
}

/** One minute of the last hour. */
export interface MinuteFigures {
  /** When it began: milliseconds. */
  readonly at: number;
  readonly requests: number;
  readonly refused: number;
  /** Milliseconds of all requests together. */
  readonly took: number;
  readonly received: number;
  readonly entries: number;
  readonly waiting: number;
}

/** One moment of the last day. */
export interface SampleFigures {
  readonly at: number;
  readonly devices_listening: number;
  readonly accounts: number;
  readonly devices: number;
  readonly streams: number;
  readonly entries: number;
  readonly store_bytes: number;
  readonly blob_bytes: number;
}

/** A value of a chart. */
export interface Point {
  /** Milliseconds. */
  readonly at: number;
  readonly value: number;
}
