export * from './bus.ts';
export * from './errors.ts';
export * from './im-bus.ts';
export * from './im-wire.ts';
export * from './mix.ts';
export * from './play-policy.ts';
export * from './streams.ts';
