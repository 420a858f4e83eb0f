import { useTranslation } from 'react-i18next';
import { Notice } from '../app/Notice.tsx';
import { CopyField } from '../theme/CopyField.tsx';
import { BroadcastIcon } from '../theme/icons.tsx';
import styles from './NobodyLive.module.css';

const DEMO = 'npm start -- --demo';

/** FFmpeg's own test picture and a tone, encoded the way live video should be: no B-frames, a key frame every 2 s. */
function ffmpegLine(pushAddress: string): string {
  return [
    'ffmpeg -re -f lavfi -i testsrc2=size=1280x720:rate=25 -f lavfi -i sine=frequency=440:sample_rate=44100',
    '-c:v libx264 -preset veryfast -tune zerolatency -pix_fmt yuv420p -g 50 -b:v 1500k -c:a aac -b:a 96k',
    `-f flv "${pushAddress}"`,
  ].join(' ');
}

/** An empty list says how to fill it. */
export function NobodyLive() {
  const { t } = useTranslation();
  return (
    <Notice icon={<BroadcastIcon size={32} />} title={t('front.emptyTitle')} text={t('front.emptyText')}>
      <ol className={styles.ways}>
        <li className={styles.way}>
          <p>{t('front.emptyDemo')}</p>
          <CopyField label="npm" text={DEMO} />
        </li>
        <li className={styles.way}>
          <p>{t('front.emptyPush')}</p>
          <CopyField label="FFmpeg" text={ffmpegLine(t('front.pushAddress'))} />
        </li>
        <li className={styles.way}>
          <p>{t('front.emptyObs')}</p>
        </li>
      </ol>
    </Notice>
  );
}
