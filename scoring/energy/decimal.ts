type Decimal = { readonly digits: bigint; readonly scale: number };

/** A number as the decimal it is written as (its shortest text), so that 0.1229 is exactly 1229 / 10⁴. */
function toDecimal(value: number): Decimal {
  const [mantissa = '0', exponent = '0'] = String(value).split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const scale = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 };
}

const rescale = ({ digits, scale }: Decimal, to: number): bigint => digits * 10n ** BigInt(to - scale);

function add(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  return { digits: rescale(a, scale) + rescale(b, scale), scale };
}

const toNumber = ({ digits, scale }: Decimal): number => Number(`${digits}e-${scale}`);

/**
 * Σ of the products of each row, in decimal arithmetic, rounded once at the end: `[[2, 0.1], [1, 0.3]]` is 0.5.
 * @throws RangeError for a number that is not finite.
 */
export function exactSumOfProducts(rows: Iterable<readonly number[]>): number {
  let total: Decimal = { digits: 0n, scale: 0 };
  for (const row of rows) {
    let product: Decimal = { digits: 1n, scale: 0 };
    for (const factor of row) {
      if (!Number.isFinite(factor)) throw new RangeError(`${factor} is no finite number and is in no exact sum`);
      const decimal = toDecimal(factor);
      product = { digits: product.digits * decimal.digits, scale: product.scale + decimal.scale };
    }
    total = add(total, product);
  }
  return toNumber(total);
}

/** Σ of decimals without a rounding on the way. @throws RangeError for a number that is not finite. */
export const exactSum = (values: Iterable<number>): number => exactSumOfProducts([...values].map((value) => [value]));
