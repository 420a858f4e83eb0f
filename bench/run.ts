/** `npm run bench [name] [-- options]`: runs the named benchmarks, or all, and prints a table of each. */
import { writeFile } from 'node:fs/promises';
import { benchDelay } from './delay.ts';
import { benchFanout } from './fanout.ts';
import { benchIm } from './im.ts';
import { benchIngest } from './ingest.ts';
import { benchMix } from './mix.ts';
import { benchMixLoad } from './mix-load.ts';
import { benchMixSoak } from './mix-soak.ts';
import { OPTIONS_HELP, parseOptions } from './options.ts';
import { endChildrenOnSignals } from './processes.ts';
import { loadAverage, machine } from './report/machine.ts';
import { benchRtc } from './rtc.ts';
import { benchRtcJoin } from './rtc-join.ts';

const BENCHES = {
  fanout: benchFanout,
  ingest: benchIngest,
  rtc: benchRtc,
  'rtc-join': benchRtcJoin,
  delay: benchDelay,
  mix: benchMix,
  'mix-load': benchMixLoad,
  'mix-soak': benchMixSoak,
  im: benchIm,
};
type Name = keyof typeof BENCHES;
/** Takes ten minutes: run when it is named. */
const ONLY_NAMED: Name = 'mix-soak';

endChildrenOnSignals();
try {
  await main();
} catch (error) {
  console.error((error as Error).message);
  if (error instanceof TypeError) console.error(error.stack);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  if (process.argv.includes('--help')) return console.log(help());
  const { names, options } = parseOptions(process.argv.slice(2));
  const unknown = names.find((name) => !(name in BENCHES));
  if (unknown !== undefined) throw new Error(`There is no benchmark "${unknown}".\n${help()}`);
  if (process.platform !== 'linux') throw new Error('The benchmarks read /proc: they need Linux');
  const results: Record<string, unknown> = { at: new Date().toISOString(), machine: machine() };
  console.log(`${machine()}, load average ${loadAverage()}`);
  const all = (Object.keys(BENCHES) as Name[]).filter((name) => name !== ONLY_NAMED);
  for (const name of names.length > 0 ? (names as Name[]) : all) {
    const { text, json } = await BENCHES[name](options);
    console.log(`\n${text}\n`);
    results[name] = json;
  }
  if (options.json !== null) await writeFile(options.json, `${JSON.stringify(results, null, 2)}\n`);
}

function help(): string {
  return `npm run bench [${Object.keys(BENCHES).join('|')}] [-- options]\n${OPTIONS_HELP}`;
}
