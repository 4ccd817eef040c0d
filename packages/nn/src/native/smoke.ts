/*
 * Run by an install, in a process of its own: a broken build may take its process down.
 * Arguments: the addon. Prints a SmokeResult as its last line.
 */
import * as tf from '@tensorflow/tfjs-core';
import { tellLibtensorflow } from '../backend/environment.js';
import { loadAddon } from '../backend/native.js';
import type { SmokeResult } from './install.js';

const [addon = ''] = process.argv.slice(2);
tellLibtensorflow(undefined);
const { version, gpu } = loadAddon(addon);
await tf.setBackend('tensorflow');

const image = tf.ones<tf.Rank.R4>([1, 4, 4, 1]);
const filter = tf.ones<tf.Rank.R4>([3, 3, 1, 1]);
const sums = (x: tf.Tensor4D, f: tf.Tensor4D): tf.Tensor => tf.conv2d(x, f, 2, 'same');
const [byImage, byFilter] = tf.grads((x, f) => sums(tf.reshape(x, [1, 4, 4, 1]), tf.reshape(f, [3, 3, 1, 1])))([
  image,
  filter,
]);
const ok =
  sums(image, filter).dataSync().join() === '9,6,6,4' &&
  byImage?.dataSync().join() === '1,1,2,1,1,1,2,1,2,2,4,2,1,1,2,1' &&
  byFilter?.dataSync().join() === '4,4,2,4,4,2,2,2,1';
const result: SmokeResult = { ok, version, gpu };
process.stdout.write(`${JSON.stringify(result)}\n`);
