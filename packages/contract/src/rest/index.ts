export * from './account.ts';
export * from './app.ts';
export * from './channel.ts';
export * from './common.ts';
export * from './conference.ts';
export * from './figures.ts';
export * from './live.ts';
export * from './traffic.ts';
