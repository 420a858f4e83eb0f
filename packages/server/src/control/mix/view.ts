import { mixMinusName } from '@lianmai/contract';
import type { Mix, MixInputShown } from '@lianmai/contract/rest';
import type { Addresses } from '../addresses.ts';
import { playUrls } from '../channel/urls.ts';
import type { ProgramBoard } from '../live/programs.ts';
import { rfc3339 } from '../rest/time.ts';
import type { MixState } from './desk.ts';

export interface MixViewDeps {
  addresses: Addresses;
  programs: ProgramBoard;
}

/** Shows a mix to its owner: as it was understood, with its addresses, and how it goes. */
export class MixView {
  readonly #deps: MixViewDeps;

  constructor(deps: MixViewDeps) {
    this.#deps = deps;
  }

  mix(state: MixState, expiresAtMs: number): Mix {
    const { row, spec, channels, playAuth, mixer, status, estimate } = state;
    const key = playAuth === 'signed' ? row.keys.playKey : null;
    const urls = (stream: string) => playUrls(this.#deps.addresses, stream, key, expiresAtMs);
    return {
      id: row.id,
      appId: row.appId,
      accountId: row.accountId,
      version: row.version,
      ...stateOf(state),
      stream: row.stream,
      play: urls(row.stream),
      channels: channels.map(({ channelId, stream }) => ({
        id: channelId,
        stream,
        showing: this.#deps.programs.get(stream)?.source === row.stream,
      })),
      inputs: inputsOf(state, urls),
      layout: 'template' in spec.layout ? spec.layout.template : [...spec.layout.tiles],
      output: outputOf(state),
      status:
        status && mixer !== null
          ? {
              mixer,
              version: status.version,
              fps: status.fps,
              frames: status.frames,
              lateFrames: status.lateFrames,
              cpu: status.cpu,
              estimatedCpu: Math.round(estimate * 1000) / 1000,
            }
          : null,
      createdAt: rfc3339(row.createdAt),
    };
  }
}

function stateOf({ job, mixer, status, problem }: MixState): Pick<Mix, 'state' | 'detail'> {
  if (!job) return { state: 'suspended', detail: 'its account may not go live' };
  if (mixer === null) return { state: 'waiting', detail: problem };
  if (!status) return { state: 'starting', detail: problem };
  return { state: status.state, detail: status.detail ?? problem };
}

const inputsOf = ({ row, spec, status }: MixState, urls: (stream: string) => Mix['play']): MixInputShown[] =>
  spec.inputs.map(({ id, source, ...input }) => {
    const minus = mixMinusName(row.stream, id);
    const { id: _, ...now } = status?.inputs.find((one) => one.id === id) ?? { id };
    return {
      id,
      ...source,
      ...input,
      minus: input.mixMinus ? { stream: minus, play: urls(minus) } : null,
      status: 'state' in now ? now : null,
    };
  });

function outputOf({ spec: { canvas, output }, playAuth }: MixState): Mix['output'] {
  const { width, height, ...rest } = canvas;
  return {
    width,
    height,
    fps: output.fps,
    bitrateKbps: output.videoKbps,
    audioBitrateKbps: output.audioKbps,
    gopSeconds: output.gopMs / 1000,
    preset: output.preset,
    playAuth,
    ...rest,
  };
}
