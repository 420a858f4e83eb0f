import { LiveError, type PlayPolicy } from '@lianmai/contract';
import { verifyTxSignature } from '../../auth/tx-signature.ts';
import type { PlayOptions } from './ports.ts';

const REFUSALS = {
  missing: 'this play address must be signed: it needs txSecret and txTime',
  expired: 'this play address has expired: ask for a new one',
  wrong: 'the signature of this play address does not fit',
};

/** @throws LiveError BAD_SIGNATURE when the policy does not let this play URL in. */
export function checkPlay({ signedWith }: PlayPolicy, { stream, query }: PlayOptions, nowMs: number): void {
  if (signedWith === null) return;
  const verdict = verifyTxSignature({ keys: signedWith, stream, query, nowMs });
  if (verdict !== 'ok') throw new LiveError('BAD_SIGNATURE', REFUSALS[verdict]);
}
