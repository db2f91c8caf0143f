import type { FastifyReply, FastifyRequest } from 'fastify';
import { csvText, type CsvCell } from '../../csv.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The answer is also given as text/csv to a reader that asks for it by Accept. */
    csv?: boolean;
  }
}

/** Whether a reader weighs CSV above JSON; without a wish JSON is answered. */
export function prefersCsv({ headers: { accept } }: FastifyRequest): boolean {
  const wanted = (accept ?? '').split(',', 16).map((part) => {
    const [type = '', ...parameters] = part.trim().toLowerCase().split(';');
    const quality = parameters.map((parameter) => /^\s*q=([\d.]+)$/.exec(parameter)?.[1]).find((q) => q !== undefined);
    return { type: type.trim(), quality: Number(quality ?? 1) };
  });
  const weight = (...types: readonly string[]): number => wanted.find(({ type }) => types.includes(type))?.quality ?? 0;
  return weight('text/csv') > weight('application/json');
}

/** Answers with rows as CSV; the first one names the columns and their units. */
export function sendCsv(reply: FastifyReply, fileName: string, rows: Iterable<readonly CsvCell[]>): FastifyReply {
  return reply
    .header('content-disposition', `attachment; filename="${fileName.replaceAll(/[^\w.-]+/g, '-')}"`)
    .header('vary', 'accept')
    .type('text/csv; charset=utf-8')
    .serializer((text: string) => text)
    .send(csvText(rows));
}
