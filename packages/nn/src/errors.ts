/** A backend cannot be opened, or lacks an op; the message holds the remedy. */
export class BackendError extends Error {
  override name = 'BackendError';
}

/** A checkpoint file, or the tensors in it, are not what they should be. */
export class CheckpointError extends Error {
  override name = 'CheckpointError';
}

/** A native build could not be made; the message holds the remedy. */
export class NativeInstallError extends Error {
  override name = 'NativeInstallError';
}
