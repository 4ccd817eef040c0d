import * as tf from '@tensorflow/tfjs-core';
import type { ParticlesArray } from '@trawl/spec';
import { EPOCH_PARTICLES, epochParticlesFile, PARTICLES_FILE, PARTICLES_IMAGES } from '@trawl/spec';
import type { NpyArray } from '../npz.js';
import { npz } from '../npz.js';
import type { Box } from './boxes.js';
import { shownBoxes } from './boxes.js';
import { glimpseSide } from './geometry.js';
import { VISIBLE } from './metricCards.js';
import type { Images } from './network.js';
import type { Plate } from './plate.js';
import { plateOf } from './plate.js';
import type { DlpNetwork } from './network.js';
import type { DlpParams } from './params.js';
import type { LeftFile } from './loop/model.js';
import { SETTLED } from './loop/schedule.js';

/** What figures of a run are drawn from; sizes and meanings stand in the vocabulary. */
type Arrays = Record<ParticlesArray, NpyArray>;

type Network = Pick<DlpNetwork, 'encode' | 'decode'>;

/** `particles.npz` and `particles.png` of the weights as they stand; `imagesOf` makes at most so many. */
export function evaluationFiles(network: Network, params: DlpParams, imagesOf: (count: number) => Images): LeftFile[] {
  const arrays = arraysOf(network, params, () => imagesOf(PARTICLES_IMAGES));
  return [
    { name: PARTICLES_FILE, content: npz(arrays, { compress: true }), mediaType: 'application/zip' },
    { name: 'particles.png', content: plateOf(plateRows(arrays, params)), mediaType: 'image/png' },
  ];
}

/** What the weights of an epoch make of the first images. */
export function epochFile(
  epoch: number,
  network: Network,
  params: DlpParams,
  imagesOf: (count: number) => Images,
): LeftFile {
  const all = arraysOf(network, params, () => imagesOf(EPOCH_PARTICLES.images));
  const arrays = Object.fromEntries(EPOCH_PARTICLES.arrays.map((name) => [name, all[name]]));
  return { name: epochParticlesFile(epoch), content: npz(arrays, { compress: true }), mediaType: 'application/zip' };
}

const floats = (t: tf.Tensor, shape: number[]): NpyArray => ({ shape, data: t.dataSync<'float32'>() });

function bytes(t: tf.Tensor, shape: number[]): NpyArray {
  const values = t.dataSync<'float32'>();
  return { shape, data: Uint8Array.from(values, (value) => Math.round(255 * Math.min(1, Math.max(0, value)))) };
}

function arraysOf(network: Network, params: DlpParams, makeImages: () => Images): Arrays {
  const { image_size: size, n_kp_enc: k, ch } = params;
  const side = glimpseSide(params.anchor_s, size);
  const found: Arrays[] = [];
  tf.tidy(() => {
    const images = makeImages();
    const encoded = network.encode(images, SETTLED, null);
    const decoded = network.decode(encoded, SETTLED, null);
    const n = images.x.shape[0];
    const picture = [n, size, size, ch];
    const upright = (columns: tf.Tensor4D): NpyArray => bytes(tf.transpose(columns, [0, 1, 3, 2]), picture);
    const certainty = tf.neg(tf.sum(encoded.attributes.offsetLogvar, 1, true));
    found.push({
      images: bytes(images.x, picture),
      reconstructions: upright(decoded.reconstruction),
      foregrounds: upright(decoded.foreground),
      backgrounds: upright(decoded.background),
      alpha_masks: bytes(decoded.alphaMasks, [n, k, size, size]),
      glimpses: bytes(encoded.glimpses, [n, k, side, side, ch]),
      decoded_glimpses: bytes(decoded.glimpses, [n, k, side, side, ch + 1]),
      keypoints: floats(encoded.positionMean, [n, k, 2]),
      prior_keypoints: floats(encoded.prior.keypoints, encoded.prior.keypoints.shape),
      scales: floats(tf.sigmoid(encoded.scale), [n, k, 2]),
      transparency: floats(encoded.transparency, [n, k]),
      depth: floats(encoded.depth, [n, k]),
      score: floats(tf.mul(certainty, encoded.transparency), [n, k]),
    });
  });
  const [arrays] = found;
  if (!arrays) throw new Error('evaluation: nothing was computed');
  return arrays;
}

const at = (array: NpyArray, index: number): number => array.data[index] ?? 0;

const points = (of: NpyArray, image: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({
    row: at(of, 2 * (image * count + i)),
    column: at(of, 2 * (image * count + i) + 1),
    colour: i,
  }));

/** The rows of the original's figure of an epoch, less two that only repeat. */
function plateRows(arrays: Arrays, params: DlpParams): Plate {
  const { image_size: size, n_kp_enc: k, topk, iou_thresh } = params;
  const [n = 0] = arrays.images.shape;
  const boxes = (image: number): Box[] =>
    Array.from({ length: k }, (_, particle) => {
      const i = image * k + particle;
      return {
        particle,
        row: 0.5 + at(arrays.keypoints, 2 * i) / 2,
        column: 0.5 + at(arrays.keypoints, 2 * i + 1) / 2,
        height: at(arrays.scales, 2 * i),
        width: at(arrays.scales, 2 * i + 1),
        score: at(arrays.score, i),
      };
    });
  const images = [...Array(n).keys()];
  const proposals = arrays.prior_keypoints.shape[1] ?? 0;
  const visible = (image: number) =>
    points(arrays.keypoints, image, k).filter(({ colour }) => at(arrays.transparency, image * k + colour) > VISIBLE);
  const certain = (image: number) => {
    const best = boxes(image)
      .toSorted((a, b) => b.score - a.score)
      .slice(0, topk);
    return points(arrays.keypoints, image, k).filter(({ colour }) => best.some(({ particle }) => particle === colour));
  };
  const plain = (of: NpyArray) => ({ pixels: of.data, points: images.map(() => []), boxes: images.map(() => []) });
  return {
    size,
    images: n,
    rows: [
      plain(arrays.images),
      { ...plain(arrays.images), points: images.map((image) => points(arrays.prior_keypoints, image, proposals)) },
      { ...plain(arrays.images), points: images.map(visible) },
      { ...plain(arrays.images), points: images.map(certain) },
      plain(arrays.reconstructions),
      { ...plain(arrays.images), boxes: images.map((image) => shownBoxes(boxes(image), iou_thresh)) },
      plain(arrays.foregrounds),
      plain(arrays.backgrounds),
    ],
  };
}
