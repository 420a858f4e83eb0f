import { randomBytes } from 'node:crypto';
import { setTimeout as after } from 'node:timers/promises';
import pg from 'pg';
import { StoreError } from './errors.ts';
import { explain, placeOf } from './postgres.ts';

/** "lianmai" as a number: one lock a database, whatever else is in it. */
const LOCK = "x'6c69616e6d6169'::bigint";
/** Who is not heard of any more is given up by PostgreSQL after some 10 s, not after its usual two hours. */
const KEEPALIVE = 'set tcp_keepalives_idle = 5; set tcp_keepalives_interval = 2; set tcp_keepalives_count = 3';
const CONNECT_WITHIN_MS = 5000;
const BEAT_EVERY_MS = 5000;
const RETRY_AFTER_MS = 250;

export interface ClaimOptions {
  /** How long to wait for another server to let go. */
  waitMs: number;
  /** Another server took the database while it could not be reached: nothing more may be written to it. Called once. */
  onTaken(error: StoreError): void;
}

/**
 * A PostgreSQL database that one server alone works on: a session's advisory lock, which ends with the connection, and that with
 * the process. A connection that breaks, PostgreSQL being restarted for instance, is made again, and the lock taken again.
 */
export class PostgresClaim {
  readonly #url: string;
  readonly #onTaken: ClaimOptions['onTaken'];
  /** By which its own connections are known to PostgreSQL. */
  readonly #name = `lianmai ${randomBytes(9).toString('base64url')}`;
  #client: pg.Client | null = null;
  #beat: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(url: string, onTaken: ClaimOptions['onTaken']) {
    this.#url = url;
    this.#onTaken = onTaken;
  }

  /** @throws StoreError one line: another server has it, or it cannot be reached. */
  static async take(url: string, { waitMs, onTaken }: ClaimOptions): Promise<PostgresClaim> {
    const claim = new PostgresClaim(url, onTaken);
    let taken: boolean;
    try {
      taken = await claim.#take(waitMs);
    } catch (error) {
      throw new StoreError(explain(error, url));
    }
    if (!taken) throw databaseTaken(url);
    return claim;
  }

  /** Lets the database go. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#beat);
    const client = this.#client;
    this.#client = null;
    await client?.end();
  }

  /** @returns false: another server has it. */
  async #take(waitMs: number): Promise<boolean> {
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: this.#name,
      connectionTimeoutMillis: CONNECT_WITHIN_MS,
      keepAlive: true,
    });
    // That it breaks is known by its end.
    client.on('error', () => {});
    await client.connect();
    try {
      // A connection of before that only this side knows to be broken.
      await client.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and pid <> pg_backend_pid()',
        [this.#name],
      );
      await client.query(`${KEEPALIVE}; set lock_timeout = ${Math.max(1, waitMs)}`);
      await client.query(`select pg_advisory_lock(${LOCK})`);
    } catch (error) {
      await client.end();
      if ((error as { code?: string }).code === LOCK_NOT_AVAILABLE) return false;
      throw error;
    }
    if (this.#closed) await client.end();
    else this.#hold(client);
    return true;
  }

  #hold(client: pg.Client): void {
    this.#client = client;
    client.once('end', () => void this.#regain());
    const beat = { text: 'select 1', query_timeout: BEAT_EVERY_MS };
    this.#beat = setInterval(() => client.query(beat).catch(() => client.end()), BEAT_EVERY_MS);
  }

  async #regain(): Promise<void> {
    clearInterval(this.#beat);
    while (!this.#closed) {
      try {
        if (!(await this.#take(RETRY_AFTER_MS)) && !this.#closed) this.#onTaken(databaseTaken(this.#url));
        return;
      } catch {
        // It is away, as all who use it find too.
        await after(RETRY_AFTER_MS);
      }
    }
  }
}

/** PostgreSQL's lock_not_available. */
const LOCK_NOT_AVAILABLE = '55P03';

const databaseTaken = (url: string): StoreError =>
  new StoreError(
    `Another server uses the database ${placeOf(url).database} at ${placeOf(url).host}: stop it, or give this one its own with --database-url`,
  );
