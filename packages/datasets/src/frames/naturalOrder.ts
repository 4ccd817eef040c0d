const DIGITS = /(\d+)/;

/**
 * As people count: `2.png` before `10.png`. The same on every machine, unlike `localeCompare`; names that differ in leading
 * zeros alone come in the order of their characters.
 */
export function naturalOrder(a: string, b: string): number {
  const [left, right] = [a.split(DIGITS), b.split(DIGITS)];
  for (const [i, one] of left.entries()) {
    const other = right[i];
    if (other === undefined) return 1;
    // Odd places hold the digits.
    const numbers = i % 2 === 1 ? Number(BigInt(one) - BigInt(other)) : 0;
    if (numbers !== 0) return numbers;
    if (i % 2 === 0 && one !== other) return one < other ? -1 : 1;
  }
  if (left.length < right.length) return -1;
  return a < b ? -1 : a > b ? 1 : 0;
}
