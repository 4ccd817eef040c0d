/** What VGG16 asks of a backend beside what the models of particles do, by TensorFlow.js name. */
export const KERNELS: readonly string[] = ['ConvLayer', 'LeakyRelu', 'MaxPool', 'MaxPoolGrad'];
