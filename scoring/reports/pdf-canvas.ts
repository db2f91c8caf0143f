import { create } from 'fontkit';
import PdfDocument from 'pdfkit';

const MARGIN = 40;
const FOOTER = 26;
const FONT = 'report';
const INK = '#1c2733';
const FAINT = '#6a7683';
const RULE = '#c9d1d8';
const BAND = '#e6eef2';

/** A column of a table; `share` is its part of the width of the page. */
export type PdfColumn = { readonly header: string; readonly share: number; readonly align?: 'left' | 'right' };
/** A cell, or one with a second, smaller line. `depth` indents it. */
export type PdfCell = string | { readonly text: string; readonly below: string; readonly depth: number };

/**
 * Pages that are filled from top to bottom with one embedded font. What the font lacks becomes 〓, and is kept for a note.
 * Nothing of it depends on the clock.
 */
export class PdfCanvas {
  readonly #doc: PDFKit.PDFDocument;
  readonly #known: ReadonlySet<number>;
  readonly #unshown = new Set<string>();
  readonly #chunks: Uint8Array[] = [];
  readonly #ended: Promise<void>;
  #y = MARGIN;

  constructor(options: {
    readonly font: Uint8Array;
    readonly title: string;
    readonly language: string;
    readonly written: Date;
  }) {
    const bytes = Buffer.from(options.font);
    const font = create(bytes);
    if (!('characterSet' in font)) throw new TypeError('the report font is a collection; give a single font');
    this.#known = new Set(font.characterSet);
    this.#doc = new PdfDocument({
      size: 'A4',
      margin: 0,
      bufferPages: true,
      lang: options.language,
      displayTitle: true,
      // No font of the library; the own one is opened once, by its name.
      font: '',
      info: {
        Title: options.title,
        Creator: 'Joulegate',
        Producer: 'Joulegate',
        CreationDate: options.written,
        ModDate: options.written,
      },
    });
    this.#doc.registerFont(FONT, bytes);
    this.#ended = new Promise((resolve, reject) => {
      this.#doc.on('data', (chunk: Uint8Array) => this.#chunks.push(chunk));
      this.#doc.on('end', resolve);
      this.#doc.on('error', reject);
    });
  }

  /** Code points that had to be shown as 〓 so far, as U+XXXX. */
  get unshown(): readonly string[] {
    return [...this.#unshown].sort();
  }

  get #width(): number {
    return this.#doc.page.width - 2 * MARGIN;
  }

  title(text: string, below: string): void {
    this.#line(text, { size: 20, height: 28 });
    this.#line(below, { size: 9, height: 20, color: FAINT });
  }

  heading(text: string): void {
    this.#need(60);
    this.#y += 10;
    this.#line(text, { size: 12, height: 20 });
  }

  /** A paragraph that wraps. */
  text(text: string): void {
    const shown = this.#shown(text);
    this.#doc.font(FONT, 8.5);
    const height = this.#doc.heightOfString(shown, { width: this.#width }) + 3;
    this.#need(height);
    this.#doc.fillColor(INK).text(shown, MARGIN, this.#y, { width: this.#width });
    this.#y += height;
  }

  /** A table with its header on every page. */
  table(columns: readonly PdfColumn[], rows: readonly (readonly PdfCell[])[]): void {
    const height = rows.some((row) => row.some((cell) => typeof cell !== 'string')) ? 24 : 15;
    this.#need(2 * 15 + height);
    this.#header(columns);
    for (const row of rows) {
      if (this.#y + height > this.#bottom) {
        this.#page();
        this.#header(columns);
      }
      this.#row(columns, row, height);
    }
    this.#y += 4;
  }

  /** Empty boxes with a caption each, to write into. */
  boxes(columns: readonly PdfColumn[], captions: readonly string[]): void {
    const height = 34;
    this.#need(20 + captions.length * height);
    this.#header(columns);
    for (const caption of captions) {
      let x = MARGIN;
      for (const [index, { share }] of columns.entries()) {
        const width = share * this.#width;
        this.#doc.lineWidth(0.5).strokeColor(RULE).rect(x, this.#y, width, height).stroke();
        if (index === 0) this.#put(caption, { x: x + 4, y: this.#y + 12, width: width - 8, size: 9 });
        x += width;
      }
      this.#y += height;
    }
  }

  /** Writes the footers and ends the document. */
  async finish(footer: (page: number, pages: number) => string): Promise<Uint8Array> {
    const { count } = this.#doc.bufferedPageRange();
    for (let page = 0; page < count; page += 1) {
      this.#doc.switchToPage(page);
      const y = this.#doc.page.height - FOOTER;
      this.#put(footer(page + 1, count), { x: MARGIN, y, width: this.#width, size: 7, color: FAINT });
    }
    this.#doc.end();
    await this.#ended;
    return Buffer.concat(this.#chunks);
  }

  get #bottom(): number {
    return this.#doc.page.height - FOOTER - 8;
  }

  #need(height: number): void {
    if (this.#y + height > this.#bottom) this.#page();
  }

  #page(): void {
    this.#doc.addPage({ size: 'A4', margin: 0 });
    this.#y = MARGIN;
  }

  #line(text: string, look: { readonly size: number; readonly height: number; readonly color?: string }): void {
    this.#need(look.height);
    this.#put(text, { x: MARGIN, y: this.#y, width: this.#width, size: look.size, color: look.color ?? INK });
    this.#y += look.height;
  }

  #header(columns: readonly PdfColumn[]): void {
    if (columns.every(({ header }) => header === '')) return;
    this.#doc.font(FONT, 7);
    const wrapped = columns.map(({ header, share }) =>
      this.#doc.heightOfString(this.#shown(header), { width: share * this.#width - 6 }),
    );
    const height = Math.max(16, ...wrapped.map((text) => text + 6));
    this.#doc.rect(MARGIN, this.#y, this.#width, height).fill(BAND);
    let x = MARGIN;
    for (const { header, share, align = 'left' } of columns) {
      const width = share * this.#width;
      this.#doc
        .font(FONT, 7)
        .fillColor(INK)
        .text(this.#shown(header), x + 3, this.#y + 3, { width: width - 6, align });
      x += width;
    }
    this.#y += height;
  }

  #row(columns: readonly PdfColumn[], row: readonly PdfCell[], height: number): void {
    let x = MARGIN;
    for (const [index, { share, align = 'left' }] of columns.entries()) {
      const cell = row[index] ?? '';
      const width = share * this.#width;
      const indent = typeof cell === 'string' ? 0 : cell.depth * 7;
      const place = { x: x + 3 + indent, width: width - 6 - indent };
      if (typeof cell === 'string') this.#put(cell, { ...place, y: this.#y + height / 2 - 5.5, size: 7.5, align });
      else {
        this.#put(cell.text, { ...place, y: this.#y + 2, size: 8 });
        this.#put(cell.below, { ...place, y: this.#y + 13, size: 5.5, color: FAINT });
      }
      x += width;
    }
    this.#y += height;
    this.#doc
      .lineWidth(0.4)
      .strokeColor(RULE)
      .moveTo(MARGIN, this.#y)
      .lineTo(MARGIN + this.#width, this.#y)
      .stroke();
  }

  /** One line, cut with an ellipsis where it is too long. */
  #put(
    text: string,
    look: {
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly size: number;
      readonly color?: string;
      readonly align?: 'left' | 'right';
    },
  ): void {
    this.#doc.font(FONT, look.size);
    const fitted = this.#fit(this.#shown(text), look.width);
    const free = look.align === 'right' ? look.width - this.#doc.widthOfString(fitted) : 0;
    this.#doc.fillColor(look.color ?? INK).text(fitted, look.x + free, look.y, { lineBreak: false });
  }

  #fit(text: string, width: number): string {
    if (this.#doc.widthOfString(text) <= width) return text;
    const letters = Array.from(text);
    let fits = 0;
    let tooLong = letters.length;
    while (tooLong - fits > 1) {
      const middle = Math.floor((fits + tooLong) / 2);
      if (this.#doc.widthOfString(`${letters.slice(0, middle).join('')}…`) <= width) fits = middle;
      else tooLong = middle;
    }
    return `${letters.slice(0, fits).join('')}…`;
  }

  #shown(text: string): string {
    let shown = '';
    for (const letter of text) {
      const code = letter.codePointAt(0) ?? 0;
      if (this.#known.has(code)) shown += letter;
      else {
        shown += '〓';
        this.#unshown.add(`U+${code.toString(16).toUpperCase().padStart(4, '0')}`);
      }
    }
    return shown;
  }
}
