import { closest, distance } from 'fastest-levenshtein';

/** The legal name that a wrong one was meant to be, or null when none is near. */
export function didYouMean(given: string, legal: readonly string[]): string | null {
  if (given.length > 100 || legal.length === 0) return null;
  const plain = given.toLowerCase();
  const nearest = closest(
    plain,
    legal.map((name) => name.toLowerCase()),
  );
  // A third of the letters may be wrong, or two change places: `betta` and `btea` are beta, `lr` is not l2_reg.
  const near = distance(plain, nearest) <= Math.max(1, Math.floor(given.length / 3));
  if (!near && sorted(plain) !== sorted(nearest)) return null;
  return legal.find((name) => name.toLowerCase() === nearest) ?? null;
}

const sorted = (text: string): string => text.split('').sort().join('');

/** ` (did you mean beta?)` or nothing. */
export function suggestion(given: string, legal: readonly string[]): string {
  const meant = didYouMean(given, legal);
  return meant === null || meant === given ? '' : ` (did you mean ${meant}?)`;
}
