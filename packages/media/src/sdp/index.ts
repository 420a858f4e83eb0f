export * from './candidate.ts';
export * from './codec-choice.ts';
export * from './description.ts';
export * from './fragment.ts';
export type { Offer, OfferedCodec, OfferedMedia } from './offer.ts';
export { parseOffer } from './offer.ts';
