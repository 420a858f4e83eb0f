import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLanguage } from '../app/useLanguage.ts';
import { codecName, decimal, pictureSize, seconds, wholeNumber } from '../i18n/format.ts';
import type { Delay, NetworkState, Player, PlayerStats } from '../player/player.ts';
import { CloseIcon } from '../theme/icons.tsx';
import styles from './StatsPanel.module.css';
import type { LiveView } from './useLiveView.ts';

const REFRESH_MS = 1_000;

const DELAY_TEXT = {
  buffer: 'stats.delayBuffer',
  edge: 'stats.delayEdge',
  clock: 'stats.delayClock',
} as const satisfies Record<Delay['behind'], string>;

const NETWORK_TEXT = {
  good: 'stats.networkGood',
  smaller: 'stats.networkSmaller',
  strained: 'stats.networkStrained',
} as const satisfies Record<NetworkState, string>;

/** How it plays, in numbers, on demand. */
export function StatsPanel({ player, view, onClose }: { player: Player; view: LiveView; onClose(): void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const stats = useStats(player);
  const show = <T,>(value: T | null | undefined, format: (value: T) => string) =>
    value === null || value === undefined ? t('stats.unknown') : format(value);
  const codecs = [view.live?.video?.codec, view.live?.audio?.codec]
    .filter((codec) => codec !== undefined)
    .map(codecName);
  const rows: [string, string][] = [
    [t('stats.protocol'), stats?.protocol ?? t('stats.unknown')],
    [t('stats.codecs'), codecs.join(' + ') || t('stats.unknown')],
    [t('stats.size'), show(stats?.size, pictureSize)],
    [t('stats.fps'), show(stats?.fps, (fps) => t('stats.fpsValue', { shown: decimal(fps, 1, language) }))],
    [
      t('stats.bitrate'),
      show(stats?.bitrateKbps, (kbps) => t('stats.bitrateValue', { shown: wholeNumber(Math.round(kbps), language) })),
    ],
    [t('stats.delay'), show(stats?.delay, ({ ms }) => seconds(ms, language))],
    [t('stats.buffer'), show(stats?.bufferMs, (ms) => seconds(ms, language))],
    [t('stats.speed'), show(stats?.playbackRate, (rate) => `${decimal(rate, 2, language)}×`)],
    [t('stats.network'), show(stats?.network, (network) => t(NETWORK_TEXT[network]))],
    [t('stats.dropped'), show(stats?.droppedFrames, (frames) => wholeNumber(frames, language))],
  ];
  return (
    <section className={styles.panel} aria-label={t('stats.title')}>
      <header className={styles.head}>
        <h2>{t('stats.title')}</h2>
        <button type="button" className="icon-button" aria-label={t('watch.hideStats')} onClick={onClose}>
          <CloseIcon size={20} />
        </button>
      </header>
      <dl className={styles.rows}>
        {rows.map(([label, value]) => (
          <div key={label} className={styles.row}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className={styles.about}>{stats?.delay && t(DELAY_TEXT[stats.delay.behind])}</p>
    </section>
  );
}

function useStats(player: Player): PlayerStats | null {
  const [stats, setStats] = useState<PlayerStats | null>(() => player.stats());
  useEffect(() => {
    const timer = setInterval(() => setStats(player.stats()), REFRESH_MS);
    return () => clearInterval(timer);
  }, [player]);
  return stats;
}
