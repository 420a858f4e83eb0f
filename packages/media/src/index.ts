export * from './frame.ts';
export * from './result.ts';
