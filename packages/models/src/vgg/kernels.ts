/** What VGG16, the perceptual loss and LPIPS ask of a backend beside what the models of particles do, by TensorFlow.js name. */
export const KERNELS: readonly string[] = ['ConvLayer', 'LeakyRelu', 'MaxPool', 'MaxPoolGrad', 'Sqrt'];
