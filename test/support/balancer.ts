import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { listen } from './ports.js';

/** What stands before several copies of a server: each connection goes to the next that answers. */
export interface Balancer {
  port: number;
  /** Connections that each port has served. */
  served: ReadonlyMap<number, number>;
  close(): Promise<void>;
}

/** Balances TCP connections over servers on 127.0.0.1, some of which may be away. */
export async function startBalancer(ports: readonly number[]): Promise<Balancer> {
  const open = new Set<Socket>();
  const served = new Map(ports.map((port) => [port, 0]));
  let turn = 0;

  const keep = (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket));
  };
  const connect = (client: Socket, tried: number, first: number): void => {
    const port = ports[(first + tried) % ports.length] ?? 0;
    const upstream = createConnection({ host: '127.0.0.1', port });
    const refused = () => (tried + 1 < ports.length ? connect(client, tried + 1, first) : client.resetAndDestroy());
    upstream.once('error', refused);
    upstream.once('connect', () => {
      upstream.off('error', refused);
      served.set(port, (served.get(port) ?? 0) + 1);
      client.pipe(upstream).pipe(client);
      client.on('close', () => upstream.destroy());
      upstream.on('close', () => client.destroy());
    });
    keep(upstream);
  };
  const server: Server = createServer((client) => {
    keep(client);
    connect(client, 0, turn++);
  });
  return {
    port: await listen(server, 0),
    served,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
