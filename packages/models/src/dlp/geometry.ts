import type { DlpParams } from './params.js';

/* Sizes that follow from the hyperparameters: pure, for POST and for the network alike. */

/** To even at a tie, as Python's `round`. */
function roundHalfEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  if (rest !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
}

/** Side of a glimpse, pixels. */
export const glimpseSide = (anchor: number, size: number): number => roundHalfEven(anchor * (size - 1));

/** The object decoder starts from 8 x 8 and doubles. */
const GLIMPSE_SIDES = [8, 16, 32, 64];

/** Glimpses that the decoder can make and that fit the image: side / size. */
export const legalAnchors = (size: number): number[] =>
  GLIMPSE_SIDES.map((side) => side / size).filter((anchor) => anchor < 1 && isLegalAnchor(anchor, size));

export const isLegalAnchor = (anchor: number, size: number): boolean =>
  GLIMPSE_SIDES.includes(glimpseSide(anchor, size)) && glimpseSide(anchor, size) < size;

/** Side of the background CNN's map. */
export const backgroundSide = (size: number, channels: readonly number[]): number => size / 2 ** (channels.length - 1);

export const BACKGROUND_SIDES = [8, 16, 32];

/** Groups of a group normalisation over so many channels; 0 where there is none. */
export const groupsOf = (channels: number): number => (channels % 4 === 0 ? 4 : channels % 5 === 0 ? 5 : 0);

export const proposalsOf = ({
  image_size,
  patch_size,
  n_kp,
}: Pick<DlpParams, 'image_size' | 'patch_size' | 'n_kp'>): number => (image_size / patch_size) ** 2 * n_kp;

export interface Stage {
  in: number;
  out: number;
  stride: 1 | 2;
}

/**
 * Blocks of a CNN after its first: a plain one, then for each further channel count one that halves and a plain one. In the
 * original blocks are registered by their channels: where a count comes again its plain block takes the place of the
 * earlier one, and so the later stage has none. Kept, for the published parameter counts.
 */
export function stagesOf(channels: readonly number[]): Stage[] {
  const [first = 0, ...rest] = channels;
  const stages: Stage[] = [{ in: first, out: first, stride: 1 }];
  rest.forEach((out, i) => {
    stages.push({ in: channels[i] ?? first, out, stride: 2 });
    if (!rest.slice(0, i).includes(out)) stages.push({ in: out, out, stride: 1 });
  });
  return stages;
}
