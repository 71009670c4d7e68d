// A server of WebSockets in a pod (`serve PORT`): what comes is sent back.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'

const [, , , port] = process.argv

/** https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2 */
const ID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

const server = createServer((_, response) => response.end('no WebSocket\n'))
server.on('upgrade', ({ headers }, socket) => {
  const accept = createHash('sha1')
    .update(`${headers['sec-websocket-key']}${ID}`)
    .digest('base64')
  socket.on('error', () => undefined)
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  socket.on('data', (data) => {
    socket.write(echoed(data))
    if ((data[0] & 0x0f) === CLOSE) socket.end()
  })
})
server.listen(Number(port), '0.0.0.0')

const CLOSE = 0x8

/** A short frame, which clients mask and servers do not. */
function echoed(frame) {
  const length = frame[1] & 0x7f
  const mask = frame.subarray(2, 6)
  const text = frame.subarray(6, 6 + length).map((byte, index) => byte ^ mask[index % 4])
  return Buffer.concat([Buffer.from([frame[0], length]), text])
}
