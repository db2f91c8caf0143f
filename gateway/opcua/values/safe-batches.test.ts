import { describe, expect, it } from 'vitest';
import { inBatches } from './safe-batches.ts';

const entries = Array.from({ length: 250 }, (_, index) => index);

describe('calls within the limits of a server', () => {
  it('halve what is too much and keep the order', async () => {
    const sizes: number[] = [];
    const answers = await inBatches(entries, 0, async (batch) => {
      sizes.push(batch.length);
      if (batch.length > 30) throw new Error('serviceResult = BadTooManyOperations (0x80100000)');
      return batch.map((entry) => entry * 2);
    });
    expect(answers).toEqual(entries.map((entry) => entry * 2));
    expect(sizes.slice(0, 3)).toEqual([100, 50, 25]);
    expect(sizes.slice(2).every((size) => size === 25)).toBe(true);
  });

  it('keep to the size the server announces', async () => {
    const sizes: number[] = [];
    await inBatches(entries, 40, async (batch) => {
      sizes.push(batch.length);
      return batch;
    });
    expect(Math.max(...sizes)).toBe(40);
  });

  it('end with the error of the server when even one is too much, and with any other error at once', async () => {
    const refuse = (message: string) => () => Promise.reject(new Error(message));
    await expect(inBatches(entries, 0, refuse('BadTooManyOperations'))).rejects.toThrow('BadTooManyOperations');
    await expect(inBatches(entries, 0, refuse('BadTimeout'))).rejects.toThrow('BadTimeout');
  });

  it('refuse a server that answers fewer than it was asked, for answers would belong to other nodes', async () => {
    await expect(inBatches(entries, 0, async (batch) => batch.slice(1))).rejects.toThrow('99 answers to 100 entries');
  });
});
