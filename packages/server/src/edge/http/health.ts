import type { ServerResponse } from 'node:http';
import type { HealthReport } from '@lianmai/contract';
import type { Bus } from '../../bus/bus.ts';

const ASK_AGAIN_AFTER_MS = 100;

/** `GET /healthz`: 200 once every process can serve, else 503 naming the parts that cannot. */
export class Health {
  readonly #bus: Bus;
  #asked: { atMs: number; report: Promise<HealthReport> } | null = null;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  async serve(response: ServerResponse): Promise<void> {
    const report = await this.#report();
    const failing = report.processes.filter(({ ok }) => !ok).map(({ name, detail }) => ({ name, detail }));
    const body = report.ok ? { status: 'ok' } : { status: 'failing', failing };
    response.writeHead(report.ok ? 200 : 503, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(JSON.stringify(body));
  }

  /** One question at a time, however many ask. */
  #report(): Promise<HealthReport> {
    const nowMs = performance.now();
    if (!this.#asked || nowMs - this.#asked.atMs > ASK_AGAIN_AFTER_MS) {
      const report = this.#bus.request('supervisor.health', null, { timeoutMs: 4000 }).catch(
        (): HealthReport => ({
          ok: false,
          processes: [{ name: 'supervisor', ok: false, detail: 'does not answer' }],
        }),
      );
      this.#asked = { atMs: nowMs, report };
    }
    return this.#asked.report;
  }
}
