/** A media worker's process: composition only. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runChild } from '../supervisor/child-process.ts';
import { Fanouts } from './fanout/fanouts.ts';
import { HlsServer } from './hls/hls-server.ts';
import { ControlProxy } from './http/control-proxy.ts';
import { Health } from './http/health.ts';
import { HttpServer } from './http/http-server.ts';
import { InternalServer } from './http/internal-server.ts';
import { openPages } from './http/pages.ts';
import { Router } from './http/router.ts';
import { Hub } from './hub/hub.ts';
import { ImServer } from './im/im-server.ts';
import { ConnectionLimits } from './limits.ts';
import { registerMetrics } from './metrics.ts';
import { Programs } from './program/programs.ts';
import { RelayServer } from './relay/relay-server.ts';
import { RtcHttp } from './rtc/rtc-http.ts';
import { RtcServer } from './rtc/rtc-server.ts';
import { RtmpServer } from './rtmp/server.ts';
import { Variants } from './variant/variants.ts';

const PAGES = new URL('../../../web/dist/', import.meta.url);
/** Bytes of a running HTTP answer that a stopping worker still waits for. */
const HTTP_GRACE_MS = 2000;

runChild(async ({ name, settings, bus, log, metrics, runtimeDir }) => {
  const internalAddress = join(runtimeDir, `${name}.sock`);
  const tls =
    settings.tlsCert === null || settings.tlsKey === null
      ? null
      : { cert: readFileSync(settings.tlsCert), key: readFileSync(settings.tlsKey) };
  const limits = new ConnectionLimits(settings);
  const now = monotonicNow();

  const hub = new Hub({ bus, workerId: name, internalAddress, settings, log, now });
  const fanouts = new Fanouts({ ...settings, log });
  const variants = new Variants({
    hub,
    transcoderAddress: join(runtimeDir, 'transcoder.sock'),
    ownAddress: (stream, variant) => hub.variantAddress(stream, variant),
    settings,
    traffic: hub.traffic,
    log,
    now,
  });
  const programs = new Programs({ hub, variants, bus, settings, log, now });
  const hls = new HlsServer({ bus, hub: programs, workerId: name, settings, log });
  const relays = new RelayServer({
    internalAddress,
    find: (stream) => hub.published(stream) ?? rtc.relayed(stream),
    maxQueueBytes: settings.viewerQueueBytes,
  });
  const control = new ControlProxy(join(runtimeDir, 'control.sock'));
  const rtc = new RtcServer({
    hub: programs,
    bus,
    workerId: name,
    settings,
    limits,
    published: {
      holder: (stream) => hub.holder(stream),
      address: (stream) => hub.publisherAddress(stream),
      gopCacheBytes: settings.gopCacheBytes,
      traffic: hub.traffic,
    },
    log,
    now,
  });
  const rtcHttp = new RtcHttp({ rtc, bus, workerId: name, settings, now });
  const im = new ImServer({ bus, workerId: name, visitors: settings.visitors, log, now });
  const router = new Router({
    hub: programs,
    fanouts,
    hls,
    rtc: rtcHttp,
    im,
    control,
    health: new Health(bus),
    bus,
    pages: openPages(PAGES, settings.pictureSources),
    log,
  });
  const internal = new InternalServer(internalAddress, router.internal);
  const http = new HttpServer({ settings, tls, limits, handlers: router, log });
  const rtmp = new RtmpServer({ hub: programs, fanouts, settings, tls, limits, log });
  registerMetrics(metrics, { hub, fanouts, im, limits });

  await internal.listen();
  await relays.listen();
  await hls.start();
  await hub.start();
  await programs.start();
  await rtc.start();
  await rtcHttp.start();
  im.start();
  await http.listen();
  await rtmp.listen();
  log.info({ httpPort: settings.httpPort, rtmpPort: settings.rtmpPort, rtcPort: rtc.port }, 'media worker is ready');

  return {
    async close() {
      im.close();
      rtc.close();
      rtcHttp.close();
      programs.close();
      variants.close();
      await Promise.all([rtmp.close(), hls.close(), hub.close()]);
      fanouts.close();
      await http.close(HTTP_GRACE_MS);
      await relays.close();
      await internal.close();
      control.close();
    },
  };
});

/** Unix time, ms, that never goes back when somebody sets the clock. */
function monotonicNow(): () => number {
  return () => performance.timeOrigin + performance.now();
}
