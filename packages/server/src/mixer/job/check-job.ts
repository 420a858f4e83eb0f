import { LiveError, MAX_MIX_INPUTS, type MixJob, mixMinusName, STREAM_NAME } from '@lianmai/contract';

const LEAST_SIDE = 16;
const MOST_SIDE = 1920;

/**
 * What no mixer can make, or would harm others by: control has checked the rest.
 * @throws LiveError BAD_REQUEST naming the field.
 */
export function checkJob({ stream, inputs, canvas, output }: MixJob): void {
  for (const [field, side] of [
    ['canvas/width', canvas.width],
    ['canvas/height', canvas.height],
  ] as const)
    if (!Number.isInteger(side) || side % 2 !== 0 || side < LEAST_SIDE || side > MOST_SIDE)
      throw new LiveError('BAD_REQUEST', `must be an even number from ${LEAST_SIDE} to ${MOST_SIDE}`, field);
  between(output.fps, 1, 60, 'output/fps');
  between(output.videoKbps, 10, 50_000, 'output/videoKbps');
  between(output.audioKbps, 8, 512, 'output/audioKbps');
  between(output.gopMs, 200, 20_000, 'output/gopMs');
  if (!STREAM_NAME.test(stream)) throw new LiveError('BAD_REQUEST', `"${stream}" cannot be a stream's name`, 'stream');
  if (inputs.length < 1 || inputs.length > MAX_MIX_INPUTS)
    throw new LiveError('BAD_REQUEST', `a mix has 1 to ${MAX_MIX_INPUTS} inputs`, 'inputs');
  checkInputs(stream, inputs);
}

function checkInputs(stream: string, inputs: MixJob['inputs']): void {
  const ids = new Set<string>();
  const own = new Set([stream, ...inputs.map(({ id }) => mixMinusName(stream, id))]);
  for (const [i, { id, source, volume }] of inputs.entries()) {
    if (ids.has(id)) throw new LiveError('BAD_REQUEST', `two inputs have the id "${id}"`, `inputs/${i}/id`);
    ids.add(id);
    if ('stream' in source && own.has(source.stream))
      throw new LiveError('BAD_REQUEST', `"${source.stream}" is what the mix itself makes`, `inputs/${i}/source`);
    between(volume, 0, 4, `inputs/${i}/volume`);
  }
}

function between(value: number, least: number, most: number, field: string): void {
  if (!(value >= least && value <= most)) throw new LiveError('BAD_REQUEST', `must be from ${least} to ${most}`, field);
}
