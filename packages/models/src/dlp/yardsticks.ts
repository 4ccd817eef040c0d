import { CheckpointError, requireKernels } from '@trawl/nn';
import { uploadedHash } from '@trawl/spec';
import type { TrainContext } from '../contract.js';
import { InvalidData } from '../contract.js';
import type { Distance } from '../vgg/distance.js';
import { perceptualDistance } from '../vgg/distance.js';
import { KERNELS } from '../vgg/kernels.js';
import { vgg16 } from '../vgg/vgg16.js';
import type { DlpParams } from './params.js';

/** What images are held against each other with, beside squared error: of uploaded weights, that nothing trains. */
export interface Yardsticks {
  /** Of the loss; null: squared error. */
  distance: Distance | null;
  dispose(): void;
}

/** @throws InvalidData for weights that do not fit. */
export function yardsticks({ files, backend }: Pick<TrainContext, 'files' | 'backend'>, params: DlpParams): Yardsticks {
  if (params.recon_loss_type === 'mse') return { distance: null, dispose: () => {} };
  requireKernels(backend, KERNELS);
  const vgg = opened('vgg_weights', params.vgg_weights, files, vgg16);
  return { distance: perceptualDistance(vgg), dispose: () => vgg.dispose() };
}

function opened<T>(
  name: string,
  given: string | null,
  files: TrainContext['files'],
  open: (tensors: Record<string, { shape: number[]; data: Float32Array }>) => T,
): T {
  const file = files.get(uploadedHash(given ?? '') ?? '');
  if (!file) throw new InvalidData(`${name}: no weights ${given ?? 'named'}; allowed: the sha256 of uploaded weights`);
  try {
    return open(file.tensors);
  } catch (error) {
    if (error instanceof CheckpointError) throw new InvalidData(`${name}: ${given}: ${error.message}`);
    throw error;
  }
}
