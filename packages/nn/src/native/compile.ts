import { rename } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { NativeInstallError } from '../errors.js';
import { ADDON_FILE, addonPackage } from './builds.js';
import { lastLines, runCommand } from './command.js';
import { fileOf, type OwnLibrary, sourcesOf } from './own.js';
import { findCompiler } from './prerequisites.js';
import type { Library } from './source.js';

const require = createRequire(import.meta.url);

/**
 * Compiles the two sources of @tensorflow/tfjs-node-gpu against a libtensorflow. The npm package would fetch one of
 * 2022 instead; the C API that the sources use has not changed since.
 */
export async function compileAddon(staging: string, { files, include }: Library): Promise<void> {
  const compiler = await findCompiler();
  if (compiler === null) throw new NativeInstallError('no C++ compiler\nRemedy: apt-get install g++');
  const nodeApi: { include_dir: string } = require('node-api-headers');
  const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => join(addonPackage().dir, 'binding', file));
  const flags = ['-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8'];
  const includes = ['-I', nodeApi.include_dir, '-I', include];
  // By file name: the two must come from one release, and be found beside the addon wherever the cache lies.
  const libraries = ['-L', join(staging, 'tensorflow'), ...files.map((file) => `-l:${file}`)];
  const output = ['-Wl,-rpath,$ORIGIN/tensorflow', '-o', join(staging, ADDON_FILE)];
  const result = await runCommand(compiler, [...flags, ...includes, ...sources, ...libraries, ...output]);
  if (result.code !== 0) {
    throw new NativeInstallError(
      `the addon did not compile:\n${lastLines(result)}\nRemedy: use another release of TensorFlow, or the wasm backend.`,
    );
  }
}

/**
 * Compiles a library of ours into a build, staged or in use. It needs no headers of TensorFlow's. Returns why it did not
 * compile, or null: without it all is computed too, more slowly.
 */
export async function compileOwn(own: OwnLibrary, dir: string, files: readonly string[]): Promise<string | null> {
  const compiler = await findCompiler();
  const file = fileOf(own);
  if (compiler === null || file === null) return compiler === null ? 'no C++ compiler' : 'no source';
  // What runs ahead stands between the addon and TensorFlow, and finds it when it is called.
  const libraries = own === 'ahead' ? ['-ldl'] : ['-L', join(dir, 'tensorflow'), ...files.map((name) => `-l:${name}`)];
  const staged = join(dir, `.${process.pid}-${file}`);
  const flags = ['-std=c++17', '-O3', '-fPIC', '-shared', '-pthread'];
  const output = ['-Wl,-rpath,$ORIGIN/tensorflow', '-o', staged];
  const result = await runCommand(compiler, [...flags, ...sourcesOf(own), ...libraries, ...output]);
  if (result.code !== 0) return lastLines(result);
  await rename(staged, join(dir, file));
  return null;
}
