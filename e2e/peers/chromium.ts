import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { PATIENT_MS } from '../until.ts';

const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
];

/** Debian's Chromium with an empty profile. */
export class Browser implements AsyncDisposable {
  readonly #context: BrowserContext;
  readonly #profile: string;
  /** What its pages' consoles said of errors. */
  readonly complaints: string[] = [];

  private constructor(context: BrowserContext, profile: string) {
    this.#context = context;
    this.#profile = profile;
  }

  /** @param camera a .y4m file in place of the browser's fake camera, see fake-camera.ts. */
  static async start({ camera }: { camera?: string } = {}): Promise<Browser> {
    const profile = await mkdtemp(join(tmpdir(), 'lianmai-chromium-'));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: '/usr/bin/chromium',
      headless: false, // says the flag below, with the full browser's media
      args: camera === undefined ? FLAGS : [...FLAGS, `--use-file-for-fake-video-capture=${camera}`],
      viewport: { width: 1440, height: 900 },
    });
    context.setDefaultTimeout(PATIENT_MS);
    return new Browser(context, profile);
  }

  async open(url: string, size = { width: 1440, height: 900 }): Promise<Page> {
    const page = await this.#context.newPage();
    await page.setViewportSize(size);
    page.on('pageerror', (error) => this.complaints.push(`${url}: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(`${url}: ${message.text()}`);
    });
    await page.goto(url);
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
