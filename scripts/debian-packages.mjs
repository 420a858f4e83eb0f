import { spawnSync } from 'node:child_process';

/** The Debian packages the tests and benchmarks talk to: encoders, players, a browser, a database, a peer server, certificates; the compiler of the load generators. */
const PACKAGES = [
  'gcc',
  'libc6-dev',
  'ffmpeg',
  'openssl',
  'chromium',
  'fonts-noto-cjk',
  'postgresql',
  'nginx',
  'libnginx-mod-rtmp',
  'gstreamer1.0-tools',
  'gstreamer1.0-plugins-base',
  'gstreamer1.0-plugins-good',
  'gstreamer1.0-plugins-bad',
  'gstreamer1.0-plugins-ugly',
  'gstreamer1.0-libav',
];

/** Those of them that this machine lacks; none where it is no Debian and nobody can tell. */
export function missingDebianPackages() {
  return PACKAGES.filter((name) => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own template
    const query = spawnSync('dpkg-query', ['-W', '-f', '${Status}', name], { encoding: 'utf8' });
    return !query.error && !query.stdout.includes('install ok installed');
  });
}
