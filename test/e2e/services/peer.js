// A server or a client in a network namespace of a test: `serve NAME HOST PORT...`, `web PORT`, `ask HOST PORT COUNT [UDP]`, `hold HOST PORT`,
// `datagrams HOST PORT`, `forward PORT SOCKET`, `load HOST PORT CONNECTIONS PAUSE_MS` or `calls HOST PORT LANES`.
import { createServer, connect } from 'node:net'
import { createSocket } from 'node:dgram'
import { Agent, createServer as createWebServer, get } from 'node:http'

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
  const one = transport === 'UDP' ? askByDatagram : askOnce
  let left = Number(count)
  const lane = async () => {
    while (left > 0) {
      left -= 1
      const answer = await one(host, Number(port))
      answers[answer] = (answers[answer] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: left > 1_000 ? 16 : 1 }, lane))
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

/** One socket: each line of the standard input is a question, and who answers is printed. */
function datagrams(host, port) {
  const socket = createSocket('udp4')
  socket.on('message', (data) => console.log(data.toString().trim()))
  socket.on('error', (error) => console.log(error.code))
  process.stdin.on('end', () => process.exit(0))
  socket.connect(Number(port), host, () => process.stdin.on('data', () => socket.send('?')))
}

/** Answers each request; once it is asked to end it takes leave of each client with an answer, as web servers do. */
function web(port) {
  let leaving = false
  let connections = 0
  const server = createWebServer((_, response) => {
    if (leaving) response.setHeader('Connection', 'close')
    response.end('here\n')
  })
  server.keepAliveTimeout = 600_000
  server.on('connection', (socket) => {
    connections += 1
    socket.on('close', () => {
      connections -= 1
      if (leaving && connections === 0) process.exit(0)
    })
  })
  process.on('SIGTERM', () => {
    leaving = true
    if (connections === 0) process.exit(0)
  })
  server.listen(Number(port), '0.0.0.0')
}

/** Whoever comes to a port of loopback here is led to a socket in the file system, which other network namespaces see too. */
function forward(port, path) {
  const server = createServer((socket) => {
    const other = connect({ path })
    for (const one of [socket, other]) one.on('error', () => undefined)
    socket.pipe(other).pipe(socket)
  })
  server.listen(Number(port), '127.0.0.1', () => console.log('ready'))
}

/**
 * So many clients, each with a connection of its own that it keeps, until the standard input ends; how many requests came to what. From a pool
 * the last one used would be taken first, and one that nobody uses outlives its server's grace period.
 */
async function load(host, port, count, pauseMs) {
  const counts = { answered: 0, failed: {} }
  let ended = false
  process.stdin.on('end', () => (ended = true)).resume()
  const request = (agent) =>
    new Promise((resolve) => {
      const failed = (error) => {
        const code = `${error.code ?? error.message}, ${asked.reusedSocket ? 'kept' : 'new'} connection`
        counts.failed[code] = (counts.failed[code] ?? 0) + 1
        resolve()
      }
      const asked = get({ host, port: Number(port), agent, timeout: 5_000 }, (response) => {
        response.on('error', failed).on('end', () => {
          counts.answered += 1
          resolve()
        })
        response.resume()
      })
      asked.on('error', failed).on('timeout', () => asked.destroy(new Error('ETIMEDOUT')))
    })
  const clients = Array.from({ length: Number(count) }, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    while (!ended) {
      await request(agent)
      await new Promise((resolve) => setTimeout(resolve, Number(pauseMs)))
    }
  })
  await Promise.all(clients)
  console.log(JSON.stringify(counts))
  process.exit(0)
}

/**
 * One request after another on so many lanes, each with a connection of its own, until the standard input ends; says how many were answered, and
 * when each of the others began and what became of it.
 */
async function calls(host, port, lanes) {
  const counts = { answered: 0, failed: [] }
  let ended = false
  process.stdin.on('end', () => (ended = true)).resume()
  const call = () =>
    new Promise((resolve) => {
      const at = Date.now()
      const failed = (error) => {
        counts.failed.push({ at, code: error.code ?? error.message })
        resolve()
      }
      const asked = get({ host, port: Number(port), agent: false, timeout: 2_000 }, (response) => {
        response.on('error', failed).on('end', () => {
          counts.answered += 1
          resolve()
        })
        response.resume()
      })
      asked.on('error', failed).on('timeout', () => asked.destroy(new Error('ETIMEDOUT')))
    })
  const lane = async () => {
    while (!ended) {
      await call()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  await Promise.all(Array.from({ length: Number(lanes) }, lane))
  console.log(JSON.stringify(counts))
}

if (what === 'serve') await serve(...args)
else if (what === 'ask') await ask(...args)
else if (what === 'datagrams') datagrams(...args)
else if (what === 'forward') forward(...args)
else if (what === 'web') web(...args)
else if (what === 'load') await load(...args)
else if (what === 'calls') await calls(...args)
else hold(...args)
