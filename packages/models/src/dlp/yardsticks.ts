import type { HostTensors } from '@trawl/nn';
import { CheckpointError, requireKernels } from '@trawl/nn';
import { uploadedHash } from '@trawl/spec';
import type { TrainContext } from '../contract.js';
import { InvalidData } from '../contract.js';
import type { Distance } from '../vgg/distance.js';
import { perceptualDistance } from '../vgg/distance.js';
import { KERNELS } from '../vgg/kernels.js';
import { lpipsOf } from '../vgg/lpips.js';
import { vgg16 } from '../vgg/vgg16.js';
import type { DlpParams } from './params.js';

/** What images are held against each other with, beside squared error: of uploaded weights, that nothing trains. */
export interface Yardsticks {
  /** Of the loss; null: squared error. */
  distance: Distance | null;
  /** Null without weights. */
  lpips: Distance | null;
  dispose(): void;
}

type Given = Pick<TrainContext, 'files' | 'backend'>;

/** @throws InvalidData for weights that do not fit. */
export function yardsticks(given: Given, params: DlpParams): Yardsticks {
  const networks: { dispose(): void }[] = [];
  const open = (name: 'vgg_weights' | 'lpips_weights', make: (tensors: HostTensors) => Distance): Distance => {
    requireKernels(given.backend, KERNELS);
    return opened(given, name, params[name], make);
  };
  const vggOf = (tensors: HostTensors) => {
    const vgg = vgg16(tensors);
    networks.push(vgg);
    return vgg;
  };
  return {
    distance:
      params.recon_loss_type === 'vgg' ? open('vgg_weights', (tensors) => perceptualDistance(vggOf(tensors))) : null,
    lpips: params.lpips_weights === null ? null : open('lpips_weights', (tensors) => lpipsOf(vggOf(tensors), tensors)),
    dispose: () => networks.forEach((network) => network.dispose()),
  };
}

function opened<T>({ files }: Given, name: string, upload: string | null, open: (tensors: HostTensors) => T): T {
  const file = files.get(uploadedHash(upload ?? '') ?? '');
  if (!file) throw new InvalidData(`${name}: no weights ${upload ?? 'named'}; allowed: the sha256 of uploaded weights`);
  try {
    return open(file.tensors);
  } catch (error) {
    if (error instanceof CheckpointError) throw new InvalidData(`${name}: ${upload}: ${error.message}`);
    throw error;
  }
}
