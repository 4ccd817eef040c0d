/** This worker is not set up right, and starting it again would not help; the message holds the remedy. */
export class CannotStart extends Error {
  override name = 'CannotStart';
}
