export { Backoff } from './backoff.ts';
export { ImClient, type ImClientOptions, type ImState } from './im-client.ts';
export { ImFailure } from './im-failure.ts';
