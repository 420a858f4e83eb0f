import type { LiveChannel } from '@lianmai/contract/rest';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useAgo } from '../app/useAgo.ts';
import { useLanguage } from '../app/useLanguage.ts';
import { LiveBadge } from '../front/LiveBadge.tsx';
import { codecName, dayAndTime, decimal, pictureSize, wholeNumber } from '../i18n/format.ts';
import { playQuery } from '../player/engines/addresses.ts';
import { CopyField } from '../theme/CopyField.tsx';
import { ShareIcon } from '../theme/icons.tsx';
import styles from './DetailsPanel.module.css';
import { NextUp } from './NextUp.tsx';
import type { LiveView } from './useLiveView.ts';
import { useShare } from './useShare.ts';

/** What is known of the broadcast, how to watch it elsewhere, and what else is on. `keys`: list the keyboard's too. */
export function DetailsPanel({
  stream,
  name,
  view,
  keys = false,
}: {
  stream: string;
  name: string;
  view: LiveView;
  keys?: boolean;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const share = useShare(name);
  const { live } = view;
  return (
    <div className={styles.details}>
      <div>
        <h1 className={styles.name}>{name}</h1>
        <p className={styles.state}>
          {live ? <LiveBadge state={live.state} /> : <span>{t('details.notLive')}</span>}
          {live && (
            <span>{t('front.viewers', { count: live.viewers, shown: wholeNumber(live.viewers, language) })}</span>
          )}
        </p>
      </div>
      <button type="button" className="button" onClick={share}>
        <ShareIcon size={20} />
        {t('watch.share')}
      </button>
      {view.status.is === 'unknown' && <div className={styles.unknown} />}
      {live && <About live={live} />}
      {live && <Elsewhere live={live} />}
      <NextUp except={stream} below={keys && <Keys />} />
    </div>
  );
}

function About({ live }: { live: LiveChannel }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const ago = useAgo();
  return (
    <Part title={t('details.about')}>
      <dl className={styles.facts}>
        <dt>{t('details.started')}</dt>
        <dd>
          {live.since && (
            <time dateTime={live.since} title={dayAndTime(Date.parse(live.since), language)}>
              {ago(live.since)}
            </time>
          )}
        </dd>
        <dt>{t('details.picture')}</dt>
        <dd>
          <Picture live={live} />
        </dd>
        <dt>{t('details.sound')}</dt>
        <dd>
          <Sound live={live} />
        </dd>
      </dl>
    </Part>
  );
}

/** Play addresses for other players; a signed one only when this page was opened with the signature. */
function Elsewhere({ live }: { live: LiveChannel }) {
  const { t } = useTranslation();
  const signature = live.playAuth === 'signed' ? playQuery(location.search) : '';
  if (live.playAuth === 'signed' && signature === '') return null;
  return (
    <Part title={t('details.watchElsewhere')}>
      <CopyField showLabel label={t('details.rtmp')} text={live.play.rtmp + signature} />
      <CopyField showLabel label={t('details.flv')} text={live.play.flv + signature} />
      <CopyField showLabel label={t('details.hls')} text={live.play.hls + signature} />
    </Part>
  );
}

function Picture({ live: { video } }: { live: LiveChannel }) {
  const { t } = useTranslation();
  const language = useLanguage();
  if (!video) return t('details.none');
  return [
    video.width > 0 && pictureSize(video),
    codecName(video.codec),
    video.fps > 0 && t('stats.fpsValue', { shown: decimal(video.fps, 1, language) }),
    video.bitrateKbps > 0 && t('stats.bitrateValue', { shown: wholeNumber(video.bitrateKbps, language) }),
  ]
    .filter(Boolean)
    .join(' · ');
}

function Sound({ live: { audio } }: { live: LiveChannel }) {
  const { t } = useTranslation();
  const language = useLanguage();
  if (!audio) return t('details.none');
  const layouts: Record<number, string> = { 1: t('details.mono'), 2: t('details.stereo') };
  return [
    codecName(audio.codec),
    `${decimal(audio.sampleRate / 1000, 1, language)}\u00a0kHz`,
    layouts[audio.channels] ?? t('details.channels', { shown: wholeNumber(audio.channels, language) }),
    audio.bitrateKbps > 0 && t('stats.bitrateValue', { shown: wholeNumber(audio.bitrateKbps, language) }),
  ]
    .filter(Boolean)
    .join(' · ');
}

function Keys() {
  const { t } = useTranslation();
  const keys: [string, string][] = [
    [t('details.keySpace'), t('details.keyPlay')],
    ['M', t('details.keyMute')],
    ['↑ ↓', t('details.keyVolume')],
    ['→', t('details.keyLive')],
    ['F', t('details.keyFullscreen')],
    ['I', t('details.keyStats')],
  ];
  return (
    <Part title={t('details.keys')}>
      <dl className={styles.facts}>
        {keys.map(([key, does]) => (
          <div key={key} className={styles.key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </Part>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles.part}>
      <h2 className={styles.title}>{title}</h2>
      {children}
    </section>
  );
}
