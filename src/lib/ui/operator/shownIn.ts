/** Numbers in a language that is named: the server has no person's settings. */
export type Shown = (value: number) => string;

export const countIn = (locale: string): Shown => {
  const format = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  return (value) => format.format(value);
};

export const msIn = (locale: string): Shown => {
  const format = new Intl.NumberFormat(locale, { style: 'unit', unit: 'millisecond', maximumFractionDigits: 1 });
  return (value) => format.format(value);
};

const STEPS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

export const sizeIn =
  (locale: string): Shown =>
  (bytes) => {
    const step = Math.min(STEPS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
    const unit = STEPS[step] ?? 'byte';
    return new Intl.NumberFormat(locale, { style: 'unit', unit, maximumFractionDigits: 1 }).format(
      bytes / 1000 ** step,
    );
  };
