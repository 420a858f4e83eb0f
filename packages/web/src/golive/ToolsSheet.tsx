import type { ImParams } from '@lianmai/contract/im';
import type { Room } from '@lianmai/contract/rest';
import { useTranslation } from 'react-i18next';
import { useSay } from '../app/Toast.tsx';
import { useAirFailure } from '../cohost/useSeat.ts';
import { DevicePicker } from '../devices/DevicePicker.tsx';
import type { UsedMedia } from '../devices/useLocalMedia.ts';
import type { UsedRoom } from '../room/useRoomSession.ts';
import { copyText } from '../theme/CopyField.tsx';
import { FlipIcon, ScreenIcon, ShareIcon, SwitchIcon } from '../theme/icons.tsx';
import { Sheet } from '../theme/Sheet.tsx';
import styles from './Tools.module.css';

const LAYOUTS = [
  'cohost',
  'side-by-side',
  'grid',
  'pip-bottom-right',
  'speaker',
] as const satisfies readonly ImParams<'cohost.layout'>['layout'][];

/** What is changed now and then during a broadcast. */
export function ToolsSheet({
  room,
  inRoom,
  used,
  open,
  mirrored,
  onMirrored,
  onClose,
}: {
  room: Room;
  inRoom: UsedRoom | null;
  used: UsedMedia | null;
  open: boolean;
  mirrored: boolean;
  onMirrored(mirrored: boolean): void;
  onClose(): void;
}) {
  const { t } = useTranslation();
  const say = useSay();
  const failed = useAirFailure();
  const share = async () => {
    const done = await copyText(`${location.origin}/room/${room.id}`);
    say(t(done ? 'watch.linkCopied' : 'app.copyFailed'));
  };
  const choose = async (layout: (typeof LAYOUTS)[number]) => {
    const failure = await inRoom?.session.try('cohost.layout', { roomId: room.id, layout });
    if (failure) say(failed(failure));
  };
  return (
    <Sheet title={t('golive.tools')} open={open} onClose={onClose}>
      <div className={styles.tools}>
        <button type="button" className={styles.tool} onClick={() => void share()}>
          <ShareIcon />
          {t('watch.share')}
        </button>
        {used && <CameraTools used={used} mirrored={mirrored} onMirrored={onMirrored} />}
      </div>
      <fieldset className={styles.layouts}>
        <legend className={styles.label}>{t('golive.layout')}</legend>
        {LAYOUTS.map((layout) => (
          <button
            key={layout}
            type="button"
            className={styles.layout}
            aria-pressed={inRoom?.state.layout === layout}
            onClick={() => void choose(layout)}
          >
            <LayoutDrawing layout={layout} />
            {t(`golive.layout_${layout}`)}
          </button>
        ))}
      </fieldset>
      {used && <DevicePicker used={used} />}
    </Sheet>
  );
}

function CameraTools({
  used: { media, snapshot },
  mirrored,
  onMirrored,
}: {
  used: UsedMedia;
  mirrored: boolean;
  onMirrored(mirrored: boolean): void;
}) {
  const { t } = useTranslation();
  const { cameras, cameraId, screen } = snapshot;
  const next = cameras[(cameras.findIndex(({ id }) => id === cameraId) + 1) % Math.max(1, cameras.length)];
  return (
    <>
      {typeof navigator.mediaDevices?.getDisplayMedia === 'function' && (
        <button
          type="button"
          className={styles.tool}
          aria-pressed={screen}
          onClick={() => (screen ? media.stopScreen() : void media.shareScreen())}
        >
          <ScreenIcon />
          {t(screen ? 'golive.screenOff' : 'golive.screenOn')}
        </button>
      )}
      {cameras.length > 1 && next && (
        <button type="button" className={styles.tool} onClick={() => void media.chooseCamera(next.id)}>
          <SwitchIcon />
          {t('golive.switchCamera')}
        </button>
      )}
      <button type="button" className={styles.tool} aria-pressed={mirrored} onClick={() => onMirrored(!mirrored)}>
        <FlipIcon />
        {t(mirrored ? 'golive.mirrorOff' : 'golive.mirror')}
      </button>
    </>
  );
}

/** A layout in little: x, y, width, height of its tiles in a box of 32 by 24. */
const DRAWINGS: Record<(typeof LAYOUTS)[number], readonly (readonly [number, number, number, number])[]> = {
  cohost: [
    [0, 0, 32, 24],
    [22, 13, 9, 10],
    [22, 2, 9, 10],
  ],
  'side-by-side': [
    [0, 0, 15.5, 24],
    [16.5, 0, 15.5, 24],
  ],
  grid: [
    [0, 0, 15.5, 11.5],
    [16.5, 0, 15.5, 11.5],
    [0, 12.5, 15.5, 11.5],
    [16.5, 12.5, 15.5, 11.5],
  ],
  'pip-bottom-right': [
    [0, 0, 32, 24],
    [20, 14, 11, 9],
  ],
  speaker: [
    [0, 0, 32, 16],
    [0, 17, 10, 7],
    [11, 17, 10, 7],
    [22, 17, 10, 7],
  ],
};

function LayoutDrawing({ layout }: { layout: (typeof LAYOUTS)[number] }) {
  return (
    <svg width="40" height="30" viewBox="0 0 32 24" aria-hidden="true" focusable="false">
      {DRAWINGS[layout].map(([x, y, width, height], i) => (
        <rect
          key={`${x} ${y}`}
          x={x}
          y={y}
          width={width}
          height={height}
          rx="2"
          fill="currentColor"
          opacity={i === 0 ? 0.45 : 0.9}
        />
      ))}
    </svg>
  );
}
