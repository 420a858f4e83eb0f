import type { ErrorBody } from '@lianmai/contract';

/** What the server's error body says; empty strings when it has another shape. */
export async function readError(response: Response): Promise<{ name: string; message: string }> {
  const body: unknown = await response.json().catch(() => null);
  const error = isErrorBody(body) ? body.error : null;
  return { name: textOf(error?.name), message: textOf(error?.message) };
}

function isErrorBody(body: unknown): body is Partial<ErrorBody> {
  return typeof body === 'object' && body !== null && 'error' in body && typeof body.error === 'object';
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
