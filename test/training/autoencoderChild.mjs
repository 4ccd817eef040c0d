// Trains a small convolutional autoencoder on squares, in a process of its own. argv: backend, steps. Prints JSON.
import { createHash } from 'node:crypto';
import {
  addConv,
  addConvTranspose,
  addDense,
  amsgrad,
  conv,
  convTranspose,
  dense,
  leakyRelu,
  openBackend,
  randomStreams,
  toHost,
  valueAndGradients,
} from '@trawl/nn';

const [backend, steps] = [process.argv[2], Number(process.argv[3])];
const NEEDS = ['Conv2D', 'Conv2DBackpropFilter', 'Conv2DBackpropInput', 'BatchMatMul'];
const { tf, info } = await openBackend(backend, { threads: 2, needs: NEEDS });

const [BATCH, SIZE] = [32, 32];
const streams = randomStreams(7);
const weights = streams.get('weights');
const variables = new Map();
addConv(variables, 'conv0', weights, { kernel: 3, in: 1, out: 16 });
addConv(variables, 'conv1', weights, { kernel: 3, in: 16, out: 32 });
addDense(variables, 'code', weights, { in: 8 * 8 * 32, out: 4 });
addDense(variables, 'uncode', weights, { in: 4, out: 8 * 8 * 32 });
addConvTranspose(variables, 'up1', weights, { kernel: 3, in: 32, out: 16 });
addConvTranspose(variables, 'up0', weights, { kernel: 3, in: 16, out: 1 });

function squares() {
  const data = new Float32Array(BATCH * SIZE * SIZE);
  for (let n = 0; n < BATCH; n += 1) {
    const [top, left] = [streams.get('data').int(16), streams.get('data').int(16)];
    for (let row = top; row < top + 16; row += 1)
      data.fill(1, (n * SIZE + row) * SIZE + left, (n * SIZE + row) * SIZE + left + 16);
  }
  return data;
}

function reconstruct(x) {
  let h = leakyRelu(conv(variables, 'conv0', x, { stride: 2 }), 0.05);
  h = leakyRelu(conv(variables, 'conv1', h, { stride: 2 }), 0.05);
  const code = dense(variables, 'code', tf.reshape(h, [BATCH, -1]));
  h = tf.reshape(dense(variables, 'uncode', code), [BATCH, 8, 8, 32]);
  h = leakyRelu(convTranspose(variables, 'up1', h, [16, 16], { stride: 2 }), 0.05);
  return tf.sigmoid(convTranspose(variables, 'up0', h, [32, 32], { stride: 2 }));
}

const optimizer = amsgrad(variables, { learningRate: 1e-2 });
const result = { info, losses: [], tensors: [], milliseconds: [] };
for (let step = 0; step < steps; step += 1) {
  const began = performance.now();
  const loss = tf.tidy(() => {
    const x = tf.tensor4d(squares(), [BATCH, SIZE, SIZE, 1]);
    const { values, gradients } = valueAndGradients(variables, () => ({
      loss: tf.mean(tf.squaredDifference(reconstruct(x), x)),
    }));
    optimizer.apply(gradients);
    return values.loss.dataSync()[0];
  });
  result.losses.push(loss);
  result.tensors.push(tf.memory().numTensors);
  result.milliseconds.push(performance.now() - began);
}
const digest = createHash('sha256');
for (const { data } of Object.values({ ...toHost(variables), ...optimizer.slots() }))
  digest.update(new Uint8Array(data.buffer));
process.stdout.write(JSON.stringify({ ...result, weights: digest.digest('hex') }));
