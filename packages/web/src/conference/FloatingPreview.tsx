import { type PointerEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { SelfPicture } from '../devices/SelfPicture.tsx';
import type { UsedMedia } from '../devices/useLocalMedia.ts';
import { Portrait } from '../front/Cover.tsx';
import { MicrophoneOffIcon } from '../theme/icons.tsx';
import type { SelfView } from './call-session.ts';
import styles from './FloatingPreview.module.css';
import { QualityBars } from './QualityBars.tsx';

/** Clockwise. */
const CORNERS = ['top-left', 'top-right', 'bottom-right', 'bottom-left'] as const;
type Corner = (typeof CORNERS)[number];

/** Moved by less, a finger has pressed, not dragged. */
const DRAG_PX = 6;

/** Oneself on top of the other one: dragged into any corner, or pressed from one to the next. */
export function FloatingPreview({
  self,
  used: { snapshot },
  at = 'bottom-right',
}: {
  self: SelfView;
  used: UsedMedia;
  /** Where it begins. */
  at?: Corner;
}) {
  const { t } = useTranslation();
  const [corner, setCorner] = useState<Corner>(at);
  const drag = useDrag(setCorner);
  const next = () => setCorner((now) => CORNERS[(CORNERS.indexOf(now) + 1) % CORNERS.length] ?? now);
  return (
    <button
      type="button"
      className={styles.preview}
      data-corner={corner}
      aria-label={t('call.preview')}
      onClick={() => !drag.moved() && next()}
      {...drag.handlers}
    >
      {snapshot.preview ? (
        <SelfPicture preview={snapshot.preview} mirrored={!snapshot.screen} />
      ) : (
        <span className={styles.portrait}>
          <Portrait stream={self.nickname} name={self.nickname} size={48} />
        </span>
      )}
      <span className={styles.foot}>
        {!snapshot.microphone && (
          <span className={styles.muted}>
            <MicrophoneOffIcon size={16} />
          </span>
        )}
        <QualityBars bars={self.bars} />
      </span>
    </button>
  );
}

/** Follows the finger, then says which corner it was let go in. */
function useDrag(droppedIn: (corner: Corner) => void) {
  const from = useRef<{ x: number; y: number } | null>(null);
  const moved = useRef(false);
  const end = (event: PointerEvent<HTMLElement>) => {
    if (!from.current) return;
    from.current = null;
    const element = event.currentTarget;
    if (moved.current) droppedIn(cornerOf(element));
    element.style.translate = '';
    delete element.dataset['dragged'];
  };
  return {
    moved: () => moved.current,
    handlers: {
      onPointerDown: (event: PointerEvent<HTMLElement>) => {
        from.current = { x: event.clientX, y: event.clientY };
        moved.current = false;
        event.currentTarget.setPointerCapture(event.pointerId);
      },
      onPointerMove: (event: PointerEvent<HTMLElement>) => {
        if (!from.current) return;
        const x = event.clientX - from.current.x;
        const y = event.clientY - from.current.y;
        if (Math.hypot(x, y) > DRAG_PX) moved.current = true;
        if (!moved.current) return;
        event.currentTarget.dataset['dragged'] = 'true';
        event.currentTarget.style.translate = `${x}px ${y}px`;
      },
      onPointerUp: end,
      onPointerCancel: end,
      onKeyDown: () => {
        moved.current = false;
      },
    },
  };
}

function cornerOf(element: HTMLElement): Corner {
  const { left, top, width, height } = element.getBoundingClientRect();
  const isLeft = left + width / 2 < window.innerWidth / 2;
  const isTop = top + height / 2 < window.innerHeight / 2;
  return `${isTop ? 'top' : 'bottom'}-${isLeft ? 'left' : 'right'}`;
}
