import { remember } from '../app/remember.ts';
import type { Player, PlayerState } from '../player/player.ts';
import type { KeyAction } from './keys.ts';

/** Whether it plays, or will as soon as it can: what a pause button is for. */
export function isRunning(state: PlayerState): boolean {
  return (
    state === 'playing' ||
    state === 'buffering' ||
    state === 'connecting' ||
    state === 'interrupted' ||
    state === 'offline'
  );
}

/** What keys and buttons do to the player; sound is remembered for the next visit. */
export function control(player: Player, action: Exclude<KeyAction, 'fullscreen' | 'stats'>): void {
  const { state, muted, volume } = player.snapshot;
  switch (action) {
    case 'play-pause':
      if (state === 'paused' || state === 'blocked') player.play();
      else if (state === 'failed') player.retry();
      else if (isRunning(state)) player.pause();
      return;
    case 'mute':
      return setMuted(player, !muted);
    case 'louder':
      return setVolume(player, (muted ? 0 : volume) + 0.05);
    case 'quieter':
      return setVolume(player, (muted ? 0 : volume) - 0.05);
    case 'to-live':
      return player.toLiveEdge();
  }
}

export function setMuted(player: Player, muted: boolean): void {
  player.setMuted(muted);
  remember('muted', muted ? 'yes' : 'no');
}

export function setVolume(player: Player, volume: number): void {
  player.setVolume(volume);
  remember('muted', player.snapshot.muted ? 'yes' : 'no');
  if (!player.snapshot.muted) remember('volume', String(player.snapshot.volume));
}
