/** A safetensors file of F32 vectors; `changed` may break its header. */
export function safetensors(
  tensors: Record<string, number[]>,
  changed: (header: Record<string, unknown>) => unknown = (header) => header,
): Buffer {
  const header: Record<string, unknown> = {};
  let at = 0;
  for (const [name, values] of Object.entries(tensors)) {
    const end = at + 4 * values.length;
    header[name] = { dtype: 'F32', shape: [values.length], data_offsets: [at, end] };
    at = end;
  }
  const json = Buffer.from(JSON.stringify(changed(header)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.from(Float32Array.from(Object.values(tensors).flat()).buffer)]);
}
