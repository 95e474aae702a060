// The reference server with its file store: node tus_server.mjs FOLDER. Says its port once it listens.
import { createServer } from 'node:http'
import { FileStore } from '@tus/file-store'
import { Server } from '@tus/server'

const tus = new Server({ path: '/uploads', datastore: new FileStore({ directory: process.argv[2] }) })
const listener = createServer((request, response) => tus.handle(request, response))
listener.listen(0, '127.0.0.1', () => console.log(`listening on ${listener.address().port}`))
