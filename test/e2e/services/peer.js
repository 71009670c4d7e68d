// A server or a client in a network namespace of a test: `serve NAME HOST PORT...`, or `ask HOST PORT COUNT [UDP]`.
import { createServer, connect } from 'node:net'
import { createSocket } from 'node:dgram'

const [, , what, ...args] = process.argv

/** Tells its name and who asks, and says so once it listens. */
async function serve(name, host, ...ports) {
  for (const port of ports) {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.write(`${name} ${socket.remoteAddress}\n`)
      // An echo for whoever stays.
      socket.on('data', (data) => socket.write(data))
    })
    await new Promise((resolve) => server.listen(Number(port), host, resolve))
    const datagrams = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    datagrams.on('message', (_, from) => datagrams.send(`${name} ${from.address}`, from.port, from.address))
    await new Promise((resolve) => datagrams.bind(Number(port), host, resolve))
  }
  console.log('ready')
}

function askOnce(host, port) {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    socket.setTimeout(2_000, () => socket.destroy(new Error('ETIMEDOUT')))
    socket.on('data', (data) => {
      resolve(data.toString().trim())
      socket.destroy()
    })
    socket.on('error', (error) => resolve(error.code ?? error.message))
  })
}

function askByDatagram(host, port) {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    const end = (answer) => {
      clearTimeout(late)
      socket.close()
      resolve(answer)
    }
    const late = setTimeout(() => end('ETIMEDOUT'), 2_000)
    socket.on('message', (data) => end(data.toString().trim()))
    socket.on('error', (error) => end(error.code))
    socket.connect(port, host, (error) => (error ? end(error.code) : socket.send('?')))
  })
}

async function ask(host, port, count, transport) {
  const answers = {}
  for (let asked = 0; asked < Number(count); asked += 1) {
    const one = transport === 'UDP' ? askByDatagram : askOnce
    const answer = await one(host, Number(port))
    answers[answer] = (answers[answer] ?? 0) + 1
  }
  console.log(JSON.stringify(answers))
}

/** Stays connected; each line from the standard input goes to the server, and what comes back is printed. */
function hold(host, port) {
  const socket = connect({ host, port: Number(port) })
  socket.on('data', (data) => process.stdout.write(data))
  socket.on('error', (error) => console.log(error.code))
  socket.on('close', () => process.exit(0))
  process.stdin.pipe(socket)
}

if (what === 'serve') await serve(...args)
else if (what === 'ask') await ask(...args)
else hold(...args)
