/** A chat room by Socket.IO 4, as its documentation has it; a peer of the benchmarks. Prints its port. */
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer();
// Nothing but the WebSocket, and no pings while it is measured: the least it can cost.
const io = new Server(http, { transports: ['websocket'], pingInterval: 600_000, perMessageDeflate: false });
io.on('connection', (socket) => {
  socket.join('room');
  socket.on('message', (body: string) => io.to('room').emit('message', { from: socket.id, body }));
});
http.listen(0, '127.0.0.1', 8192, () => console.log((http.address() as { port: number }).port));
process.stdin.on('end', () => process.exit()).resume();
