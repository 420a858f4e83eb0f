/** A chat room by the `ws` package, broadcast as its documentation has it; a peer of the benchmarks. Prints its port. */
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const http = createServer();
const server = new WebSocketServer({ server: http, perMessageDeflate: false });
server.on('connection', (socket) => {
  socket.on('message', (data) => {
    const text = JSON.stringify({ kind: 'message', body: String(data) });
    for (const client of server.clients) client.send(text);
  });
});
http.listen(0, '127.0.0.1', 8192, () => console.log((http.address() as { port: number }).port));
process.stdin.on('end', () => process.exit()).resume();
