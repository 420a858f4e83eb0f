import { type Ref, useEffect, useImperativeHandle, useRef } from 'react';
import type { UsedRoom } from '../room/useRoomSession.ts';
import { useRoomEvents } from '../room/useRoomSession.ts';
import { HEART } from '../theme/icons.tsx';
import { textOf } from './chat-lines.ts';
import { CROSSING_MS, DanmakuLanes } from './danmaku-lanes.ts';
import { GiftParade } from './GiftParade.tsx';
import styles from './Liveliness.module.css';

export interface LivelinessHandle {
  /** Lets hearts rise; from a point in the stage, px, or from what `data-hearts` marks. */
  hearts(count: number, from?: { x: number; y: number }): void;
}

const LANES = 4;
/** A thousand likes at once look like so many. */
const MOST_HEARTS = 14;
const HEART_MS = 2_200;
/** Where they rise from without a mark, px from the right and the bottom. */
const FROM_EDGE = 48;
const COLOURS = ['#ff4763', '#ff7a5c', '#ffb338', '#ff6fb5', '#a878ff'];
const SVG = 'http://www.w3.org/2000/svg';

/** Hearts that rise, words that fly and gifts, over the picture. Decoration: the same is in the chat and the count of likes. */
export function Liveliness({
  room,
  danmaku,
  others,
  ref,
}: {
  room: UsedRoom | null;
  /** Words fly. */
  danmaku: boolean;
  /** How many of so many likes are other people's. */
  others(count: number): number;
  ref: Ref<LivelinessHandle>;
}) {
  const hearts = useRef<HTMLDivElement>(null);
  const words = useRef<HTMLDivElement>(null);
  const lanes = useRef(new DanmakuLanes(LANES));
  const likes = useRef<number | null>(null);

  const rise = (count: number, from?: { x: number; y: number }) => {
    if (!hearts.current || document.hidden || isStill()) return;
    const point = from ?? origin(hearts.current);
    for (let i = 0; i < Math.min(count, MOST_HEARTS); i++) riseOne(hearts.current, i, point);
  };
  useImperativeHandle(ref, () => ({ hearts: rise }));
  useEffect(() => {
    if (!danmaku) words.current?.replaceChildren();
  }, [danmaku]);
  useRoomEvents(room, ({ name, params }) => {
    if (name === 'room.stats') {
      const more = likes.current === null ? 0 : params.likes - likes.current;
      likes.current = params.likes;
      if (more > 0) rise(others(more));
    }
    if (name !== 'room.message' || params.kind !== 'danmaku' || !danmaku || document.hidden || isStill()) return;
    if (words.current)
      fly(words.current, lanes.current, textOf(params.body), params.from?.userId === room?.state.selfId);
  });
  return (
    <>
      <div ref={words} className={styles.words} aria-hidden="true" />
      <div ref={hearts} className={styles.hearts} aria-hidden="true" />
      <GiftParade room={room} />
    </>
  );
}

const isStill = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

/** Above the buttons that lie on the picture, so that nothing flies over them; the lower right where there are none. */
function origin(layer: HTMLElement): { x: number; y: number } {
  const { left, top, width, height } = layer.getBoundingClientRect();
  const mark = document.querySelector('[data-hearts]')?.getBoundingClientRect();
  const isOver = mark && mark.left >= left && mark.right <= left + width && mark.top < top + height;
  if (!isOver) return { x: width - FROM_EDGE, y: height - FROM_EDGE };
  return { x: mark.left + mark.width / 2 - left, y: mark.top - top };
}

function riseOne(layer: HTMLElement, i: number, { x, y }: { x: number; y: number }): void {
  const heart = document.createElementNS(SVG, 'svg');
  const shape = document.createElementNS(SVG, 'path');
  heart.setAttribute('class', styles.heart ?? '');
  heart.setAttribute('viewBox', '0 0 24 24');
  shape.setAttribute('d', HEART);
  shape.setAttribute('fill', COLOURS[Math.floor(Math.random() * COLOURS.length)] ?? '');
  heart.append(shape);
  heart.style.left = `${x}px`;
  heart.style.top = `${y}px`;
  layer.append(heart);
  const sway = (Math.random() - 0.5) * 90;
  const height = 180 + Math.random() * 160;
  heart.animate(
    [
      { transform: 'translate(-50%, -50%) scale(0.3)', opacity: 0 },
      {
        transform: `translate(calc(-50% + ${sway * 0.4}px), -${50 + height * 0.2}px) scale(1.15)`,
        opacity: 1,
        offset: 0.2,
      },
      { transform: `translate(calc(-50% + ${sway}px), -${height}px) scale(0.9)`, opacity: 0 },
    ],
    { duration: HEART_MS * (0.8 + Math.random() * 0.4), delay: i * 90, easing: 'ease-out', fill: 'backwards' },
  ).onfinish = () => heart.remove();
}

function fly(layer: HTMLElement, lanes: DanmakuLanes, text: string, isOwn: boolean): void {
  const word = document.createElement('span');
  word.className = styles.word ?? '';
  word.textContent = text;
  word.dataset['own'] = String(isOwn);
  layer.append(word);
  const stage = layer.clientWidth;
  const width = word.offsetWidth;
  const lane = lanes.take(performance.now(), width, stage);
  if (lane === null) return word.remove();
  word.style.top = `${lane * 34}px`;
  word.animate([{ transform: `translateX(${stage}px)` }, { transform: `translateX(-${width}px)` }], {
    duration: CROSSING_MS,
    easing: 'linear',
  }).onfinish = () => word.remove();
}
