// A proxy as some offices have: plain HTTP goes through, an upgrade to WebSocket is refused.
import { createServer, request } from 'node:http';
import { once } from 'node:events';

export async function startProxyWithoutUpgrades(server) {
  const seen = { upgradesRefused: 0, polls: 0 };
  const proxy = createServer((incoming, outgoing) => {
    if (incoming.url.includes('transport=polling')) seen.polls += 1;
    const onward = request(
      { host: '127.0.0.1', port: server.httpPort, method: incoming.method, path: incoming.url, headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  proxy.on('upgrade', (_, socket) => {
    seen.upgradesRefused += 1;
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    seen,
    url: `http://127.0.0.1:${proxy.address().port}`,
    close: () => {
      proxy.close();
      proxy.closeAllConnections();
    },
  };
}
