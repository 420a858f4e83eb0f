import { LiveError } from '@lianmai/contract';
import type { AppRow } from '../../store/schema.ts';
import { newSecretKey, newSigningKey } from '../auth/secrets.ts';

const DEFAULT_ROOM_QUOTA = 1000;

/** The keys a push URL may be signed with, main first. */
export const pushKeys = (app: Pick<AppRow, 'pushKey' | 'pushKeyBackup'>): string[] =>
  app.pushKeyBackup === null ? [app.pushKey] : [app.pushKey, app.pushKeyBackup];

/** The keys a play URL may be signed with. Others than for pushing, or every viewer's URL could be pushed to. */
export const playKeys = (app: Pick<AppRow, 'playKey' | 'playKeyBackup'>): string[] =>
  app.playKeyBackup === null ? [app.playKey] : [app.playKey, app.playKeyBackup];

/** The keys a UserSig may be made with, main first. */
export const secretKeys = (app: Pick<AppRow, 'secretKey' | 'secretKeyBackup'>): string[] =>
  app.secretKeyBackup === null ? [app.secretKey] : [app.secretKey, app.secretKeyBackup];

/** All but its number, which the store gives it. */
export function newApp(id: string, accountId: string, name: string, createdAt: number): Omit<AppRow, 'sdkAppId'> {
  return {
    id,
    accountId,
    name,
    pushKey: newSigningKey(),
    pushKeyBackup: null,
    playKey: newSigningKey(),
    playKeyBackup: null,
    secretKey: newSecretKey(),
    secretKeyBackup: null,
    roomQuota: DEFAULT_ROOM_QUOTA,
    createdAt,
  };
}

export const appMissing = (id: string, field?: string): LiveError =>
  new LiveError('NOT_FOUND', `there is no app "${id}"`, field);
