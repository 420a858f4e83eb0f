import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { CameraIcon, MicrophoneIcon } from '../theme/icons.tsx';
import styles from './DevicePicker.module.css';
import type { Device } from './local-media.ts';
import type { UsedMedia } from './useLocalMedia.ts';

/** Which camera and which microphone. The browser's own lists: phones have good ones. */
export function DevicePicker({ used: { media, snapshot } }: { used: UsedMedia }) {
  const { t } = useTranslation();
  const { cameras, microphones, cameraId, microphoneId, failed, access } = snapshot;
  return (
    <div className={styles.picker}>
      <Choice
        kind={t('call.camera')}
        icon={<CameraIcon size={20} />}
        none={t('call.noCamera')}
        devices={cameras}
        chosen={cameraId}
        onChoose={(id) => void media.chooseCamera(id)}
      />
      <Choice
        kind={t('call.microphone')}
        icon={<MicrophoneIcon size={20} />}
        none={t('call.noMicrophone')}
        devices={microphones}
        chosen={microphoneId}
        onChoose={(id) => void media.chooseMicrophone(id)}
      />
      {access === 'given' && failed.microphone && microphones.length > 0 && (
        <p className={styles.failed} role="status">
          {t('call.microphoneFailed')}
        </p>
      )}
    </div>
  );
}

function Choice({
  kind,
  icon,
  none,
  devices,
  chosen,
  onChoose,
}: {
  kind: string;
  icon: React.ReactNode;
  none: string;
  devices: readonly Device[];
  chosen: string | null;
  onChoose(id: string): void;
}) {
  const { t } = useTranslation();
  const id = useId();
  return (
    <div className={styles.choice}>
      <label htmlFor={id} className={styles.kind}>
        {icon}
        <span className="unseen">{kind}</span>
      </label>
      <select
        id={id}
        className={styles.select}
        disabled={devices.length === 0}
        value={chosen ?? ''}
        onChange={(event) => onChoose(event.target.value)}
      >
        {devices.length === 0 && <option value="">{none}</option>}
        {devices.map((device, i) => (
          <option key={device.id} value={device.id}>
            {device.name || t('call.deviceNo', { kind, no: i + 1 })}
          </option>
        ))}
      </select>
    </div>
  );
}
