import { useTranslation } from 'react-i18next';
import { codecName } from '../i18n/format.ts';
import { judgeAll, type Obstacle } from '../player/choose.ts';
import { ENGINES, type EngineId } from '../player/player.ts';
import { CheckIcon } from '../theme/icons.tsx';
import { Sheet } from '../theme/Sheet.tsx';
import styles from './EngineSheet.module.css';
import type { WatchedPlayer } from './useLivePlayer.ts';

/** Which way the stream is played; what this browser can't do stays visible, with the reason. */
export function EngineSheet({ watched, open, onClose }: { watched: WatchedPlayer; open: boolean; onClose(): void }) {
  const { t } = useTranslation();
  const { player, snapshot, browser } = watched;
  if (!player || !browser) return null;
  const obstacles = new Map(judgeAll(browser, player.codecs).map((verdict) => [verdict.engine, verdict.obstacle]));
  const pick = (wish: EngineId | 'auto') => {
    player.use(wish);
    onClose();
  };
  return (
    <Sheet title={t('watch.playWith')} open={open} onClose={onClose}>
      <ul className={styles.list}>
        {(['auto', ...ENGINES] as const).map((id) => {
          const obstacle = id === 'auto' ? null : (obstacles.get(id) ?? null);
          const chosen = snapshot.wish === id;
          const inUse = snapshot.wish === 'auto' && snapshot.engine === id;
          return (
            <li key={id}>
              <button
                type="button"
                className={styles.option}
                aria-pressed={chosen}
                disabled={obstacle !== null}
                onClick={() => pick(id)}
              >
                <span className={styles.words}>
                  <span className={styles.name}>{t(`engine.${id}`)}</span>
                  <span className={styles.about}>
                    {obstacle ? <ObstacleText obstacle={obstacle} /> : t(`engine.${id}Text`)}
                  </span>
                </span>
                {chosen ? <CheckIcon size={20} /> : inUse && <span className={styles.used} />}
              </button>
            </li>
          );
        })}
      </ul>
    </Sheet>
  );
}

function ObstacleText({ obstacle }: { obstacle: Obstacle }) {
  const { t } = useTranslation();
  return obstacle.kind === 'codec'
    ? t('engine.codec', { codec: codecName(obstacle.codec) })
    : t(`engine.${obstacle.kind}`);
}
