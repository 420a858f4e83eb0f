import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe, { type AxeResults, type Result } from 'axe-core';
import type { Page } from 'playwright-core';

/** Screenshots of the newest run, to be looked at. */
const SHOTS = join(tmpdir(), 'lianmai-screenshots');
mkdirSync(SHOTS, { recursive: true });

/** Rules of WCAG 2.2, levels A and AA, and what axe holds for good practice. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Pictures of pages as they are, and what a machine can see of them. */
export class Looks {
  /** What keeps people from using a page: by axe, serious or critical; or something that sticks out to the side. */
  readonly findings: string[] = [];
  readonly #prefix: string;

  /** @param prefix of the pictures' file names. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Takes a picture of the page, and looks for what is wrong with it. */
  async at(page: Page, name: string): Promise<void> {
    await stillness(page);
    await page.screenshot({ path: join(SHOTS, `${this.#prefix}-${name}.png`) });
    const sticksOut = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (sticksOut > 0) this.findings.push(`${name}: something sticks out to the side by ${sticksOut} px`);
    for (const finding of await lasting(page)) this.findings.push(`${name}: ${finding}`);
  }
}

/** What fades in has half its colours until then; what turns for ever is left alone. */
async function stillness(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const ending = document
      .getAnimations()
      .filter(({ effect }) => effect?.getComputedTiming().iterations !== Number.POSITIVE_INFINITY);
    const late = new Promise((resolve) => setTimeout(resolve, 1_000));
    await Promise.race([Promise.allSettled(ending.map(({ finished }) => finished)), late]);
  });
}

/** Something may have begun to change colour meanwhile: what is found is looked for once more when that is over. */
async function lasting(page: Page): Promise<string[]> {
  const found = await serious(page);
  if (found.length === 0) return found;
  await stillness(page);
  return serious(page);
}

/** What axe finds that keeps people from using the page. */
async function serious(page: Page): Promise<string[]> {
  const isThere = await page.evaluate(() => 'axe' in window);
  if (!isThere) await page.evaluate(axe.source);
  const { violations } = await page.evaluate(
    (tags) =>
      (window as unknown as { axe: typeof axe }).axe.run(document, {
        runOnly: tags,
        resultTypes: ['violations'],
      }) as Promise<AxeResults>,
    TAGS,
  );
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(wordOf);
}

const wordOf = ({ id, help, nodes }: Result): string =>
  `${id} (${help}): ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary?.split('\n').slice(1).join(' ')}`).join('\n')}`;
