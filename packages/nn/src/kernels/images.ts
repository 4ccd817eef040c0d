/*
 * Kernels of ours where a backend has them: what image/ otherwise composes of many ops.
 *
 *   GroupNorm               x, gamma, beta -> y, mean and 1 / std of each image and channel [n, c]
 *   GroupNormGradient       dy, x, gamma, beta, mean, inverse -> dx, dgamma, dbeta
 *   ReplicatePad            x -> y
 *   ReplicatePadGradient    dy -> dx
 *   Upsample                x -> y
 *   UpsampleGradient        dy -> dx
 */
export const GROUP_NORM = 'GroupNorm';
export const GROUP_NORM_GRADIENT = 'GroupNormGradient';
export const REPLICATE_PAD = 'ReplicatePad';
export const REPLICATE_PAD_GRADIENT = 'ReplicatePadGradient';
export const UPSAMPLE = 'Upsample';
export const UPSAMPLE_GRADIENT = 'UpsampleGradient';

/** Attributes of the first two; padding has the border alone, upsampling that and how many `times`. */
export interface GroupNormAttributes {
  groups: number;
  epsilon: number;
  relu: boolean;
  /** Pixels of border around y, repeating its outermost ones. */
  border: number;
}
