import type { Room } from '@lianmai/contract/rest';
import { useEffect, useState } from 'react';
import { onLeavingPage } from '../app/leaving.ts';
import { Meter } from '../conference/meter.ts';
import { OnAir } from '../conference/on-air.ts';
import type { LocalMedia } from '../devices/local-media.ts';
import { ownRoom } from '../room/api.ts';
import { onThisOrigin } from '../rtc/endpoint.ts';
import type { Bars } from '../rtc/quality.ts';
import { WhipClient } from '../rtc/whip-client.ts';
import { freshPushAddress } from './push-address.ts';

export interface Broadcast {
  state: 'connecting' | 'reconnecting' | 'on-air';
  bars: Bars | null;
}

const OWN = 'own';

/** Publishes camera and microphone to the room's channel for as long as the component is there. @param media null: an encoder does. */
export function useBroadcast({ id, channel }: Room, media: LocalMedia | null): Broadcast {
  const [broadcast, setBroadcast] = useState<Broadcast>({ state: 'connecting', bars: null });
  const address = channel.push && onThisOrigin(channel.push.whip);
  useEffect(() => {
    if (!media || address === undefined) return;
    const tell = () => setBroadcast({ state: onAir.state, bars: meter.of(OWN).bars });
    const meter = new Meter(tell);
    const onAir: OnAir = new OnAir({
      address,
      iceServers: [],
      media,
      openPublisher: (options) => new WhipClient(options),
      freshAddress: () => freshPushAddress(id, ownRoom),
      // Told by a constructor, too: before there is what it tells of.
      changed: () => queueMicrotask(tell),
      random: Math.random,
    });
    meter.watch([{ key: OWN, peer: () => onAir.peer }]);
    const unsubscribe = media.subscribe(() => onAir.mediaChanged());
    const hurry = () => onAir.hurry();
    window.addEventListener('online', hurry);
    const stay = onLeavingPage(() => onAir.close());
    return () => {
      window.removeEventListener('online', hurry);
      stay();
      unsubscribe();
      meter.close();
      onAir.close();
    };
  }, [id, media, address]);
  return broadcast;
}
