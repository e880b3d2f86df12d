// The twin of examples/bench_server on Node's server: the same events, the same answers.
//
//     node server.mjs --port 3000
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { Server } from 'socket.io';

const { values } = parseArgs({ options: { port: { type: 'string', default: '3000' } } });
const http = createServer();
const io = new Server(http, { serveClient: false });

io.on('connection', (socket) => {
  socket.on('echo', (data, ack) => ack(data));
  socket.on('join', (room, ack) => {
    socket.join(room);
    ack();
  });
  socket.on('blast', ({ room, count, size }, ack) => {
    const data = 'x'.repeat(size);
    for (let i = 0; i < count; i++) io.to(room).emit('b', i, data);
    ack();
  });
  socket.on('relay', ({ room, data }) => {
    io.to(room).emit('r', data);
  });
});

http.listen(Number(values.port), '127.0.0.1', 8192, () => console.log(`ready on http://localhost:${http.address().port}`));
process.on('SIGTERM', () => process.exit(0));
