// Health of one container, by JOULEGATE_HEALTH: "tcp:HOST:PORT", an http(s) URL, or nothing = the process runs.
import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';
import { connect } from 'node:net';

const probe = process.env.JOULEGATE_HEALTH ?? '';
const end = (healthy) => process.exit(healthy ? 0 : 1);
setTimeout(end, 4000, false);

if (probe.startsWith('tcp:')) {
  const [, host, port] = probe.split(':');
  connect({ host, port: Number(port) })
    .on('connect', () => end(true))
    .on('error', () => end(false));
} else if (probe.startsWith('https:')) {
  // The container asks itself; whether others may trust the certificate is not the question here.
  getHttps(probe, { rejectUnauthorized: false }, ({ statusCode }) => end(statusCode === 200)).on('error', () =>
    end(false),
  );
} else if (probe.startsWith('http:')) {
  getHttp(probe, ({ statusCode }) => end(statusCode === 200)).on('error', () => end(false));
} else {
  end(true);
}
