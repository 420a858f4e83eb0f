import { join } from 'node:path';
import type { Settings } from '../settings/settings.ts';
import { FileStorage } from './file-storage.ts';

/** The storage that the settings name: files below the data folder. */
export const openStorage = ({ dataDir }: Pick<Settings, 'dataDir'>): FileStorage =>
  new FileStorage(join(dataDir, 'storage'));
