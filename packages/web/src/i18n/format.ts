import type { AudioCodec, VideoCodec } from '@lianmai/contract';
import type { Language } from './language.ts';

const LOCALES: Record<Language, string> = { en: 'en', zh: 'zh-Hans-CN' };

/** 10,000 as people read it at a glance: 10K, 1万. */
export function shortNumber(value: number, language: Language): string {
  return new Intl.NumberFormat(LOCALES[language], { notation: 'compact', maximumFractionDigits: 1 }).format(value);
}

/** With its digits grouped. */
export function wholeNumber(value: number, language: Language): string {
  return new Intl.NumberFormat(LOCALES[language], { maximumFractionDigits: 0 }).format(value);
}

/** A decimal with at most `digits` after the point. */
export function decimal(value: number, digits: number, language: Language): string {
  return new Intl.NumberFormat(LOCALES[language], { maximumFractionDigits: digits }).format(value);
}

/** A duration of some seconds: 1.2 s, 850 ms. */
export function seconds(ms: number, language: Language): string {
  const [value, unit, digits] =
    ms < 995 ? ([Math.round(ms / 10) * 10, 'millisecond', 0] as const) : ([ms / 1000, 'second', 1] as const);
  return new Intl.NumberFormat(LOCALES[language], {
    style: 'unit',
    unit,
    unitDisplay: 'short',
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

/** How long ago: 5 minutes ago, 5分钟前. Null within the last minute, and for clocks that are a little ahead. */
export function ago(thenMs: number, nowMs: number, language: Language): string | null {
  const format = new Intl.RelativeTimeFormat(LOCALES[language]);
  const elapsed = nowMs - thenMs;
  for (const [unit, size] of STEPS) {
    if (elapsed >= size) return format.format(-Math.floor(elapsed / size), unit);
  }
  return null;
}

/** Day and time, in the reader's time zone. */
export function dayAndTime(thenMs: number, language: Language): string {
  return new Intl.DateTimeFormat(LOCALES[language], { dateStyle: 'medium', timeStyle: 'short' }).format(thenMs);
}

/** 1280 × 720 */
export function pictureSize({ width, height }: { width: number; height: number }): string {
  return `${width}\u00a0×\u00a0${height}`;
}

/** What people call a picture of this size: 720p, by its shorter side, so that upright pictures have the same names. */
export function definition({ width, height }: { width: number; height: number }): string {
  return `${Math.min(width, height)}p`;
}

const CODEC_NAMES: Record<VideoCodec | AudioCodec, string> = {
  h264: 'H.264',
  h265: 'H.265',
  av1: 'AV1',
  vp8: 'VP8',
  vp9: 'VP9',
  aac: 'AAC',
  mp3: 'MP3',
  opus: 'Opus',
};

/** A codec's usual spelling; unknown ones as they are. */
export function codecName(codec: string): string {
  return codec in CODEC_NAMES ? CODEC_NAMES[codec as VideoCodec | AudioCodec] : codec;
}

/** How long something took: 1 hr 5 min, 12 sec. */
export function duration(totalSeconds: number, language: Language): string {
  const hours = Math.floor(totalSeconds / 3600);
  const minutes = Math.floor((totalSeconds % 3600) / 60);
  const parts: [number, string][] = [
    [hours, 'hour'],
    [minutes, 'minute'],
  ];
  // Seconds matter only when there is little else.
  if (hours === 0 && minutes < 10) parts.push([Math.floor(totalSeconds % 60), 'second']);
  const shown = parts.filter(([value], i) => value > 0 || (i === parts.length - 1 && totalSeconds < 60));
  return shown
    .map(([value, unit]) =>
      new Intl.NumberFormat(LOCALES[language], { style: 'unit', unit, unitDisplay: 'short' }).format(value),
    )
    .join(language === 'zh' ? '' : ' ');
}

/** A clock that runs: 0:07, 12:40, 1:02:03. */
export function clock(totalSeconds: number): string {
  const whole = Math.max(0, Math.floor(totalSeconds));
  const two = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
