import type { Trial } from '@trawl/datasets';
import { OBJECT_FACTORS } from '@trawl/datasets';
import { addLatents, latentMetrics, latentSums } from '../ps-vae/metrics.js';
import type { LatentSums } from '../ps-vae/metrics.js';
import type { Place } from './matching.js';
import { matchedDistances } from './matching.js';
import { VISIBLE } from './metricCards.js';
import type { Seen } from './see.js';

/** Sums over the images of a split. */
export interface SplitSums {
  images: number;
  psnr: number;
  ssim: number;
  /** Null where it is not measured. */
  lpips: number | null;
  visible: number;
  /** True objects, those matched, the sum of their distances in pixels, and those within half a glimpse. */
  objects: number;
  matched: number;
  distance: number;
  found: number;
  latents: LatentSums;
}

export const splitSums = (features: number): SplitSums => ({
  images: 0,
  psnr: 0,
  ssim: 0,
  lpips: null,
  visible: 0,
  objects: 0,
  matched: 0,
  distance: 0,
  found: 0,
  latents: latentSums(features),
});

const total = (values: Float32Array): number => values.reduce((a, b) => a + b, 0);

/** `truth` is where the objects of each image are, null where that is not known; `size` and `side` in pixels. */
export function addSeen(
  sums: SplitSums,
  seen: Seen,
  truth: readonly (readonly Place[] | null)[],
  { size, side }: { size: number; side: number },
): void {
  const images = seen.psnr.length;
  const particles = seen.visible.length / images;
  const width = seen.features.length / seen.visible.length;
  sums.images += images;
  sums.psnr += total(seen.psnr);
  sums.ssim += total(seen.ssim);
  if (seen.lpips) sums.lpips = (sums.lpips ?? 0) + total(seen.lpips);
  for (let image = 0; image < images; image += 1) {
    const places: Place[] = [];
    for (let i = image * particles; i < (image + 1) * particles; i += 1) {
      if (!((seen.visible[i] ?? 0) > VISIBLE)) continue;
      places.push([seen.positions[2 * i] ?? 0, seen.positions[2 * i + 1] ?? 0]);
      addLatents(sums.latents, seen.features.subarray(i * width, (i + 1) * width), width, 0);
    }
    sums.visible += places.length;
    const objects = truth[image];
    if (!objects) continue;
    // -1..1 spans size - 1 pixels.
    const distances = matchedDistances(objects, places).map((distance) => (distance * (size - 1)) / 2);
    sums.objects += objects.length;
    sums.matched += distances.length;
    sums.distance += distances.reduce((a, b) => a + b, 0);
    sums.found += distances.filter((distance) => distance <= side / 2).length;
  }
}

/** Where the objects of a generated picture are; null for data that does not say. */
export function objectsOf({ factors, nFrames }: Trial, frame: number): Place[] | null {
  if (!factors) return null;
  const width = factors.length / nFrames;
  return Array.from({ length: width / OBJECT_FACTORS }, (_, object) => frame * width + object * OBJECT_FACTORS)
    .filter((at) => factors[at + 2] === 1)
    .map((at): Place => [factors[at] ?? 0, factors[at + 1] ?? 0]);
}

/** Of images and particles, by name without split. */
export function seenMetrics(sums: SplitSums): Record<string, number> {
  return {
    psnr: sums.psnr / sums.images,
    ssim: sums.ssim / sums.images,
    ...(sums.lpips !== null && { lpips: sums.lpips / sums.images }),
    particles_on: sums.visible / sums.images,
    ...(sums.objects > 0 && {
      position_error: sums.distance / sums.matched,
      objects_found: sums.found / sums.objects,
    }),
  };
}

/** Of the pooled features; `whole` adds what only a summary has. */
export function featureMetrics(sums: SplitSums, whole: boolean): Record<string, number> {
  const { correlation, correlationActive, activeUnits } = latentMetrics(sums.latents);
  return {
    latent_correlation: correlation,
    active_units: activeUnits,
    ...(whole && {
      latent_correlation_active: correlationActive,
      feature_units: sums.latents.sum.length,
      particles_pooled: sums.latents.n,
    }),
  };
}
