/**
 * A reporter of node:test beside the one that people read as it runs. It writes lines of JSON: one for each failed test,
 * one for each file, and one for the whole, so that the end of a long run can say in few words what matters.
 */
export default async function* findings(events) {
  /** What each file wrote to its standard error last: all there is when it cannot be loaded, and then has its name. */
  const stderr = new Map();
  for await (const { type, data } of events) {
    if (type === 'test:stderr') stderr.set(data.file, `${stderr.get(data.file) ?? ''}${data.message}`.slice(-2000));
    if (type === 'test:summary')
      yield line(data.file ? { file: data.file, ms: data.duration_ms } : { counts: data.counts });
    // A suite that failed says only that some test of it did.
    if (type === 'test:fail' && data.details.error.failureType !== 'subtestsFailed') {
      const error = stderr.get(data.name) ?? wordsOf(data.details.error);
      yield line({ failed: data.name, at: `${data.file}:${data.line}`, error });
    }
  }
}

const line = (finding) => `${JSON.stringify(finding)}\n`;

/** What went wrong, what caused that, and where. */
function wordsOf(error) {
  const words = [];
  for (let cause = error.cause ?? error; cause; cause = cause.cause) {
    const { message, stack } = cause;
    words.push(message ?? String(cause));
    const where = stack?.split('\n').find((frame) => /^ +at .*\.test\.ts/.test(frame));
    if (where) words.push(where.trim());
  }
  return words.join('\n');
}
