import { useTranslation } from 'react-i18next';
import { CameraButton, MicrophoneButton, RoundButton, ScreenButton } from '../devices/MediaButtons.tsx';
import type { UsedMedia } from '../devices/useLocalMedia.ts';
import { LeaveIcon, PeopleIcon } from '../theme/icons.tsx';
import styles from './CallBar.module.css';

/** Within a thumb's reach: what is switched during a call. */
export function CallBar({ used, onPeople, onLeave }: { used: UsedMedia; onPeople(): void; onLeave(): void }) {
  const { t } = useTranslation();
  return (
    <div className={styles.bar} role="toolbar" aria-label={t('watch.controls')}>
      <MicrophoneButton used={used} words />
      <CameraButton used={used} words />
      <ScreenButton used={used} />
      <RoundButton icon={<PeopleIcon />} word={t('call.people')} label={t('call.people')} onClick={onPeople} />
      <RoundButton icon={<LeaveIcon />} word={t('call.leave')} label={t('call.leave')} kind="leave" onClick={onLeave} />
    </div>
  );
}
