import { LiveError } from '@lianmai/contract';
import type { AppRow } from '../../store/schema.ts';
import { newSigningKey } from '../auth/secrets.ts';

/** The keys a push URL may be signed with, main first. */
export const pushKeys = (app: Pick<AppRow, 'pushKey' | 'pushKeyBackup'>): string[] =>
  app.pushKeyBackup === null ? [app.pushKey] : [app.pushKey, app.pushKeyBackup];

/** The keys a play URL may be signed with. Others than for pushing, or every viewer's URL could be pushed to. */
export const playKeys = (app: Pick<AppRow, 'playKey' | 'playKeyBackup'>): string[] =>
  app.playKeyBackup === null ? [app.playKey] : [app.playKey, app.playKeyBackup];

export function newApp(id: string, accountId: string, name: string, createdAt: number): AppRow {
  return {
    id,
    accountId,
    name,
    pushKey: newSigningKey(),
    pushKeyBackup: null,
    playKey: newSigningKey(),
    playKeyBackup: null,
    createdAt,
  };
}

export const appMissing = (id: string, field?: string): LiveError =>
  new LiveError('NOT_FOUND', `there is no app "${id}"`, field);
