import type { Cell, CellStyle, CellValue, RowDef, WriteSheet } from 'hucre';

/** How a cell looks; a look with a format is a figure, with a formula a calculated one. */
export type CellLook =
  | 'title'
  | 'label'
  | 'header'
  | 'text'
  | 'none'
  | 'box'
  | { readonly format: string; readonly formula?: string };

/** Four lines of a header. */
const HEADER_POINTS = 56;
const line = { style: 'thin', color: { rgb: 'BFC5CC' } } as const;
const border = { top: line, bottom: line, left: line, right: line } as const;
const looks = {
  title: { font: { bold: true, size: 16 } },
  label: { font: { bold: true } },
  header: {
    font: { bold: true },
    fill: { type: 'pattern', pattern: 'solid', fgColor: { rgb: 'E6EEF2' } },
    alignment: { wrapText: true, vertical: 'center' },
    border,
  },
  text: { numFmt: '@', alignment: { vertical: 'center' } },
  none: { font: { color: { rgb: '8A5A00' }, italic: true } },
  box: { border, numFmt: '@' },
} as const satisfies Record<string, CellStyle>;

/** Name of a cell by column (from 0) and row (from 1), e.g. AB7. */
export function cellName(column: number, row: number): string {
  let letters = '';
  for (let rest = column; rest >= 0; rest = Math.floor(rest / 26) - 1)
    letters = String.fromCharCode(65 + (rest % 26)) + letters;
  return `${letters}${row}`;
}

/**
 * Rows of one sheet in order. A text always stays text, whatever it begins with: only a look with a `formula` makes one,
 * and its value is what it gives.
 */
export class Sheet {
  readonly #rows: CellValue[][] = [];
  readonly #cells = new Map<string, Partial<Cell>>();
  readonly #heights = new Map<number, RowDef>();

  get length(): number {
    return this.#rows.length;
  }

  /** Appends a row of values with their looks. */
  row(cells: readonly (readonly [CellValue, CellLook])[]): void {
    const row = this.#rows.length;
    this.#rows.push(cells.map(([value]) => value));
    if (cells.some(([, look]) => look === 'header')) this.#heights.set(row, { height: HEADER_POINTS });
    for (const [column, [value, look]] of cells.entries()) {
      const style: CellStyle = typeof look === 'string' ? looks[look] : { numFmt: look.format };
      const formula = typeof look === 'string' ? undefined : look.formula;
      this.#cells.set(`${row},${column}`, {
        style,
        value,
        ...(formula === undefined ? {} : { type: 'formula', formula, formulaResult: value }),
      });
    }
  }

  finish({ name, widths }: { readonly name: string; readonly widths: readonly number[] }): WriteSheet {
    return {
      name,
      rows: this.#rows,
      cells: this.#cells,
      rowDefs: this.#heights,
      columns: widths.map((width) => ({ width })),
    };
  }
}
