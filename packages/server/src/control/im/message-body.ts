import { LiveError, type SentKind } from '@lianmai/contract';
import { type Gift, GiftBody, IM_LONGEST_TEXT, TextBody } from '@lianmai/contract/im';
import { type TSchema, Type } from 'typebox';
import { compileValidator } from '../rest/validation.ts';
import type { WordFilter } from './words.ts';

const LONGEST_CUSTOM = 4096;
const FIELDS_BESIDE_TEXT = 10;
/** Of these fields, as JSON: everybody in the room gets them with every text. */
const LONGEST_BESIDE_TEXT = 1000;

/** What turns a text's direction around, or cannot be seen at all: with it a message can look like somebody else's. */
const UNSEEN = /(?![\t\n])\p{Cc}|[\u202a-\u202e\u2066-\u2069\ufeff]/gu;

const check = <T extends TSchema>(schema: T) => {
  const validate = compileValidator({ schema: Type.Object({ body: schema }), method: '', url: '', httpPart: 'body' });
  return (body: unknown): void => {
    const outcome = validate({ body }) as { error?: Error };
    if (outcome.error) throw outcome.error;
  };
};
const checkText = check(TextBody);
const checkGift = check(GiftBody);

/** A gift as others see it. */
export interface GivenGift {
  giftId: string;
  count: number;
  name: string;
  price: number;
}

/**
 * The body of a message as it goes to others: what cannot be seen is taken out of texts, unwanted words become stars.
 * HTML stays what it is, a text: pages show it as one.
 * @throws LiveError BAD_REQUEST
 */
export function readBody(kind: Exclude<SentKind, 'like' | 'gift'>, body: unknown, words: WordFilter): unknown {
  if (kind === 'custom') return readCustom(body);
  checkText(body);
  if (typeof body === 'string') return readText(body, words);
  const { text, ...beside } = body as { text: string } & Record<string, unknown>;
  if (Object.keys(beside).length > FIELDS_BESIDE_TEXT)
    throw new LiveError('BAD_REQUEST', `a text may have ${FIELDS_BESIDE_TEXT} fields beside it`, 'body');
  if (JSON.stringify(beside).length > LONGEST_BESIDE_TEXT)
    throw new LiveError(
      'BAD_REQUEST',
      `fields beside a text may have ${LONGEST_BESIDE_TEXT} characters as JSON`,
      'body',
    );
  return { ...beside, text: readText(text, words) };
}

/** @throws LiveError BAD_REQUEST */
export function readText(text: string, words: WordFilter): string {
  const seen = text.toWellFormed().normalize('NFC').replace(UNSEEN, '').trim();
  if (seen === '') throw new LiveError('BAD_REQUEST', 'body is empty: write something', 'body');
  if (seen.length > IM_LONGEST_TEXT)
    throw new LiveError('BAD_REQUEST', `a text may have ${IM_LONGEST_TEXT} characters`, 'body');
  return words.clean(seen);
}

function readCustom(body: unknown): unknown {
  if (body === undefined) throw new LiveError('BAD_REQUEST', 'body is required', 'body');
  if (JSON.stringify(body).length > LONGEST_CUSTOM)
    throw new LiveError('BAD_REQUEST', `a custom body may have ${LONGEST_CUSTOM} characters as JSON`, 'body');
  return body;
}

/** @throws LiveError BAD_REQUEST when it is none of the list. */
export function readGift(body: unknown, gifts: readonly Gift[]): GivenGift {
  checkGift(body);
  const { giftId, count = 1 } = body as { giftId: string; count?: number };
  const gift = gifts.find((one) => one.giftId === giftId);
  if (!gift) throw new LiveError('BAD_REQUEST', `there is no gift "${giftId}": see room.gifts`, 'body/giftId');
  return { giftId, count, name: gift.name, price: gift.price };
}
