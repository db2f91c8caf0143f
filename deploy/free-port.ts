import { createServer } from 'node:net';
import { describeError, JoulegateError } from '../broker/contract/error.ts';

/** Resolves when `port` can be listened on; 0 always can. @throws JoulegateError PORT_IN_USE naming the option that changes it. */
export async function requireFreePort(options: {
  readonly host: string;
  readonly port: number;
  /** What wants it, e.g. "MQTT broker". */
  readonly purpose: string;
  /** How to choose another, e.g. "--mqtt-port". */
  readonly remedy: string;
}): Promise<void> {
  const { host, port, purpose, remedy } = options;
  if (port === 0) return;
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, exclusive: true }, resolve);
    });
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    throw new JoulegateError(
      'PORT_IN_USE',
      `port ${port} on ${host} for the ${purpose} ${taken ? 'is in use by another program' : `cannot be opened (${describeError(error)})`}; stop that program or choose another with ${remedy}`,
      { cause: error },
    );
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
