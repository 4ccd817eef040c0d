import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { NativeInstallError } from '../errors.js';
import { lastLines, runCommand } from './command.js';

/** The release that the parity suite was run on. */
export const WHEEL_VERSION = '2.21.0';

export const wheelName = (gpu: boolean): string => (gpu ? 'tensorflow' : 'tensorflow-cpu');

/** Downloads TensorFlow's wheel, with `gpu` also CUDA's, and unpacks `<staging>/tensorflow` and `<staging>/nvidia`. */
export async function downloadWheel(staging: string, gpu: boolean, say: (message: string) => void): Promise<void> {
  const downloads = join(staging, 'download');
  await mkdir(downloads);
  say(`downloading ${wheelName(gpu)} ${WHEEL_VERSION} (${gpu ? '650' : '275'} MB)`);
  await download([`${wheelName(gpu)}==${WHEEL_VERSION}`], downloads);
  say('unpacking');
  const [metadata = ''] = await unpackWheels(
    downloads,
    staging,
    String.raw`tensorflow/libtensorflow_(cc|framework)\.so\.2$|tensorflow/include/`,
  );
  if (gpu) {
    const cuda = [...metadata.matchAll(/^Requires-Dist: (nvidia-[^;\s]+)\s*;\s*extra == ["']and-cuda["']/gm)].map(
      (match) => match[1] ?? '',
    );
    say(`downloading CUDA (${cuda.length} packages, about 2.5 GB)`);
    await download(cuda, downloads);
    await unpackWheels(downloads, staging, String.raw`nvidia/[^/]+/(lib|bin|nvvm)/`);
  }
  await rm(downloads, { recursive: true });
}

async function download(requirements: readonly string[], to: string): Promise<void> {
  // pip's own temporary files go there too: it is on the disk whose space was checked.
  const pip = [`TMPDIR=${to}`, 'python3', '-m', 'pip', 'download', '--disable-pip-version-check', '--progress-bar=off'];
  const whole = ['--no-deps', '--only-binary=:all:', '--dest', to, ...requirements];
  const first = await runCommand('env', [...pip, ...whole]);
  if (first.code === 0) return;
  // There may be no wheel for the Python that happens to be here. Any will do: nothing of it is run.
  const second = await runCommand('env', [...pip, ...ANY_PYTHON, ...whole]);
  if (second.code === 0) return;
  throw new NativeInstallError(
    `pip could not download ${requirements.join(' ')}:\n${lastLines(first)}\n` +
      'Remedy: check the network and `python3 -m pip config list`, or install --from a folder that holds libtensorflow.',
  );
}

const MACHINE = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
const PLATFORMS = ['manylinux_2_27', 'manylinux_2_17', 'manylinux2014'].flatMap((name) => [
  '--platform',
  `${name}_${MACHINE}`,
]);
const ANY_PYTHON = [
  '--python-version',
  '3.12',
  '--implementation',
  'cp',
  '--abi',
  'cp312',
  '--abi',
  'none',
  ...PLATFORMS,
];

/** Takes the members that match out of a wheel, holds each against its checksum in RECORD, prints METADATA. */
const UNPACK = `
import base64, csv, hashlib, io, os, re, sys, zipfile
path, target, pattern = sys.argv[1:4]
wheel = zipfile.ZipFile(path)
info = next(n[:-6] for n in wheel.namelist() if n.count("/") == 1 and n.endswith(".dist-info/RECORD"))
record = {row[0]: row[1] for row in csv.reader(io.StringIO(wheel.read(info + "RECORD").decode())) if row}
root = os.path.realpath(target) + os.sep
for name in wheel.namelist():
    if name.endswith("/") or not re.match(pattern, name):
        continue
    out = os.path.normpath(root + name)
    if not out.startswith(root):
        sys.exit(name + " would lie outside of the folder")
    os.makedirs(os.path.dirname(out), exist_ok=True)
    digest = hashlib.sha256()
    with wheel.open(name) as source, open(out, "wb") as sink:
        while chunk := source.read(1 << 20):
            digest.update(chunk)
            sink.write(chunk)
    mode = wheel.getinfo(name).external_attr >> 16 & 0o777
    if mode:
        os.chmod(out, mode)
    if record.get(name) != "sha256=" + base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode():
        sys.exit(name + " does not have the checksum of RECORD")
print(wheel.read(info + "METADATA").decode())
`;

/** Unpacks and deletes every wheel of a folder; returns their METADATA. */
export async function unpackWheels(downloads: string, to: string, members: string): Promise<string[]> {
  const metadata: string[] = [];
  for (const name of await readdir(downloads)) {
    if (!name.endsWith('.whl')) continue;
    const result = await runCommand('python3', ['-c', UNPACK, join(downloads, name), to, members]);
    if (result.code !== 0)
      throw new NativeInstallError(`${name}: broken download: ${lastLines(result, 1)}\nRemedy: run the install again.`);
    metadata.push(result.stdout);
    await rm(join(downloads, name));
  }
  return metadata;
}
