import { useId, useMemo } from 'react';
import styles from './Cover.module.css';
import { coverArt } from './cover-art.ts';

/** A stream's picture. Drawn from its name; fills its box, so that a thumbnail can take its place without a shift. */
export function Cover({ stream, name, plain = false }: { stream: string; name: string; plain?: boolean }) {
  const art = useMemo(() => coverArt(stream, name), [stream, name]);
  const id = useId();
  return (
    <svg
      className={styles.cover}
      viewBox="0 0 160 90"
      preserveAspectRatio="xMidYMid slice"
      aria-hidden="true"
      focusable="false"
    >
      <defs>
        <linearGradient id={id} x1="0" y1="0" x2="1" y2="1">
          <stop offset="0" stopColor={`oklch(0.42 0.06 ${art.hue})`} />
          <stop offset="1" stopColor={`oklch(0.24 0.035 ${art.hue + 40})`} />
        </linearGradient>
      </defs>
      <rect width="160" height="90" fill={`url(#${id})`} />
      <g fill="none" stroke={`oklch(0.75 0.08 ${art.hue})`} strokeWidth="7" opacity="0.16">
        {art.rings.map((ring) => (
          <circle key={`${ring.x} ${ring.y}`} cx={ring.x * 1.6} cy={ring.y * 0.9} r={ring.radius} />
        ))}
      </g>
      {!plain && (
        <text className={styles.initial} x="80" y="46" fill={`oklch(0.92 0.03 ${art.hue})`}>
          {art.initial}
        </text>
      )}
    </svg>
  );
}

/** The same picture, round, in place of a portrait. */
export function Portrait({ stream, name, size }: { stream: string; name: string; size: number }) {
  const art = useMemo(() => coverArt(stream, name), [stream, name]);
  return (
    <svg
      className={styles.portrait}
      width={size}
      height={size}
      viewBox="0 0 40 40"
      aria-hidden="true"
      focusable="false"
    >
      <circle cx="20" cy="20" r="20" fill={`oklch(0.45 0.08 ${art.hue})`} />
      <text className={styles.initial} x="20" y="20.5" fill="#fff">
        {art.initial}
      </text>
    </svg>
  );
}
