import library from 'mpegts.js';

/** The library's types tell of a default export; its one file is CommonJS and exports the thing itself. */
export const mpegts = library as unknown as typeof library.default;
