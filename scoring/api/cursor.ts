import { ApiError } from './api-error.ts';

/** Where a page of a list ended: the order's instant (epoch ms) and the id of its last row. */
export type Place = { readonly at: number; readonly id: string };

/** The cursor of the next page; null when this page was not full. */
export function nextCursor(page: readonly Place[], limit: number): string | null {
  const last = page.at(-1);
  if (last === undefined || page.length < limit) return null;
  return Buffer.from(JSON.stringify([last.at, last.id])).toString('base64url');
}

/** The place a cursor stands for. @throws ApiError QUERY_INVALID for anything that is no cursor of ours. */
export function placeOf(cursor: string | undefined): Place | undefined {
  if (cursor === undefined) return undefined;
  try {
    const [at, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as [unknown, unknown];
    if (typeof at === 'number' && Number.isFinite(at) && typeof id === 'string') return { at, id };
  } catch {
    // Falls through to the one refusal.
  }
  throw new ApiError('QUERY_INVALID', {
    en: 'parameter "cursor" is none of ours; take it from "next" of the answer before, or leave it out',
    zh: '参数 "cursor" 无效；请取上一个回答中的 "next"，或省略',
  });
}
