import { unlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';

/** Relative on purpose: a socket's path may have about 100 characters, and the child's current folder is the data folder. */
const LOCK = 'lock.sock';

function listen(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen(LOCK, () => resolve(server));
  });
}

function isHeld(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(LOCK);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/**
 * Keeps two servers from writing to the same data folder, which would destroy the append-only file. The lock is
 * a listening socket in the current folder: the kernel lets go of it however the process ends, and what a crash
 * leaves behind is recognised because nobody answers there.
 * @throws Error naming the reason when another process holds the folder or it cannot be written to.
 */
export async function lockCurrentFolder(): Promise<Server> {
  try {
    return await listen();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
  }
  if (await isHeld())
    throw new Error('another private Redis is using this folder: stop it or use another folder');
  unlinkSync(LOCK);
  return listen();
}
