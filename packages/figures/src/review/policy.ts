/** Content-Security-Policy of a review sheet where a server sends it: what is in it may run, nothing may be loaded. */
export const REVIEW_POLICY =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; sandbox allow-scripts";
