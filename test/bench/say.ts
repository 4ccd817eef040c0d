/** Progress; stdout is for the result. */
export const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};
