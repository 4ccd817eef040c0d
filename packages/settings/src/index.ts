export { apiKeyShape, readApiKey } from './apiKey.js';
export { readEnvironment } from './environment.js';
