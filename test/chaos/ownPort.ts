import { createServer } from 'node:net';
import { listen } from '../support/ports.js';

/** Below the ports that systems give away by themselves, so that an api which comes back finds its own free. */
const PORTS = { first: 15_000, count: 15_000 };
let nextPort = process.pid * 37;

export async function ownPort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + (nextPort++ % PORTS.count);
    const server = createServer();
    const free = await listen(server, port).then(
      () => true,
      () => false,
    );
    await new Promise((resolve) => server.close(resolve));
    if (free) return port;
  }
}
