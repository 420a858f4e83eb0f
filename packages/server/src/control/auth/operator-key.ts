import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '../../store/errors.ts';
import { newApiKey } from './secrets.ts';

export interface OperatorKey {
  key: string;
  /** It was made just now, so nobody has seen it yet. */
  generated: boolean;
  /** Where it is kept; null when it came from the settings. */
  file: string | null;
}

const LEAST_LENGTH = 16;

/**
 * The operator's key: from the settings, else from `api-key` in the data folder, which is made at the first start and
 * readable by its owner only.
 * @throws StoreError when the file cannot be used.
 */
export function loadOperatorKey(dataDir: string, fromSettings: string | null): OperatorKey {
  if (fromSettings !== null) return { key: fromSettings, generated: false, file: null };
  const file = join(dataDir, 'api-key');
  try {
    if (existsSync(file)) return { key: read(file), generated: false, file };
    mkdirSync(dataDir, { recursive: true });
    const key = newApiKey('op');
    writeFileSync(file, `${key}\n`, { mode: 0o600, flag: 'wx', flush: true });
    return { key, generated: true, file };
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError(`The API key file ${file} cannot be used: ${(error as Error).message}`);
  }
}

function read(file: string): string {
  const key = readFileSync(file, 'utf8').trim();
  if (key.length < LEAST_LENGTH)
    throw new StoreError(
      `The API key in ${file} is shorter than ${LEAST_LENGTH} characters: delete the file to have one made`,
    );
  // Someone may have copied it about; others on this machine need not read it.
  if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
  return key;
}
