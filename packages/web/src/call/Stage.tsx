import { type RefObject, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CallSnapshot } from '../conference/call-session.ts';
import { FloatingPreview } from '../conference/FloatingPreview.tsx';
import type { UsedMedia } from '../devices/useLocalMedia.ts';
import { CopyField } from '../theme/CopyField.tsx';
import { arrange, columnOf, type Grid, type Size, shapeOf } from './grid.ts';
import styles from './Stage.module.css';
import { MemberTile, SelfTile } from './Tile.tsx';

const GAP = 8;

/**
 * Who is seen: alone, oneself on all of the page; two, the other one, and oneself on top of that; more, everybody in a
 * grid.
 */
export function Stage({ snapshot: { others, self }, used }: { snapshot: CallSnapshot; used: UsedMedia }) {
  const stage = useRef<HTMLUListElement>(null);
  const size = useSize(stage);
  const { t } = useTranslation();
  const selfInGrid = others.length !== 1;
  const count = others.length + (selfInGrid ? 1 : 0);
  const [pictures, setPictures] = useState<Readonly<Record<string, Size>>>({});
  const known = others.flatMap(({ userId }) => pictures[userId] ?? []);
  const grid = arrange(count, size, GAP, shapeOf(known, size));
  const place = (index: number) => placeOf(index, count, grid);
  return (
    <>
      <ul
        ref={stage}
        className={styles.stage}
        data-full={count === 1}
        style={{
          gridTemplateColumns: `repeat(${grid.columns * 2}, minmax(0, 1fr))`,
          gridTemplateRows: `repeat(${grid.rows}, minmax(0, 1fr))`,
        }}
      >
        {others.map((member, i) => (
          <MemberTile
            key={member.userId}
            member={member}
            picture={pictures[member.userId] ?? null}
            onPicture={(picture) => setPictures((before) => ({ ...before, [member.userId]: picture }))}
            size={grid.tile}
            style={place(i)}
          />
        ))}
        {selfInGrid && <SelfTile self={self} used={used} size={grid.tile} style={place(others.length)} />}
      </ul>
      {!selfInGrid && <FloatingPreview self={self} used={used} />}
      {others.length === 0 && self.state !== 'connecting' && (
        <div className={styles.alone}>
          <h2 className={styles.aloneTitle}>{t('call.alone')}</h2>
          <p>{t('call.aloneText')}</p>
          <CopyField label={t('call.invite')} text={location.origin + location.pathname} />
        </div>
      )}
    </>
  );
}

function placeOf(index: number, count: number, grid: Grid): { gridColumn: string } {
  return { gridColumn: `${columnOf(index, count, grid)} / span 2` };
}

/** Of the element, kept current. */
function useSize(element: RefObject<HTMLElement | null>): Size {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useEffect(() => {
    const measured = element.current;
    if (!measured) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setSize({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    observer.observe(measured);
    return () => observer.disconnect();
  }, [element]);
  return size;
}
