import { LiveError } from '@lianmai/contract';
import type { AppRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import type { Principal } from '../auth/principal.ts';
import { DEFAULT_ID } from '../first-start.ts';
import { appMissing } from './rules.ts';
import { findApp } from './store.ts';

/**
 * The app that something new belongs to: the caller's own, or for the operator the one asked for, or the default app.
 * @throws LiveError UNAUTHENTICATED, NOT_FOUND.
 */
export async function owningApp(db: Db, asked: string | undefined, principal: Principal | null): Promise<AppRow> {
  if (!principal) throw new LiveError('UNAUTHENTICATED', 'give a valid API key');
  const id = principal.kind === 'operator' ? (asked ?? DEFAULT_ID) : principal.appId;
  if (asked !== undefined && asked !== id) throw appMissing(asked, 'appId');
  const app = await findApp(db, id);
  if (!app) throw appMissing(id, 'appId');
  return app;
}
