import { once } from 'node:events';
import { Writable } from 'node:stream';
import winston from 'winston';
import { redact } from '../redact.js';
import { FileStream, MESSAGE, type FormattedEntry } from './file-stream.js';
import { formatLine, LEVEL_NAMES } from './line.js';
import type { Level, Logger } from './logger.js';
import { WatchedDebugConf } from './watched-conf.js';

export interface LoggerOptions {
  /** The log file; its folder is made when missing. */
  file: string;
  /** The `debug.conf` with the levels; may be missing. */
  debugConf: string;
  /** Gets every line as well, and complaints about the file. Null or absent: no copies, complaints go to stderr. */
  console?: NodeJS.WritableStream | null;
}

export interface ClosableLogger extends Logger {
  /** Resolves when every line is on disk. Lines logged afterwards are dropped. */
  close(): Promise<void>;
}

const WARNINGS: Level = 4;

/** Copies the lines for people. Ending it leaves the console itself open. */
function createConsoleStream(console: NodeJS.WritableStream): Writable {
  return new Writable({
    objectMode: true,
    write: (entry: FormattedEntry, _encoding, done) => {
      console.write(`${entry[MESSAGE]}\n`);
      done();
    },
  });
}

/** A winston logger is a stream of entries; whatever it is piped into acts as a transport and ends with it. */
function createWinston(streams: readonly Writable[]): winston.Logger {
  const logger = winston.createLogger({
    levels: Object.fromEntries(LEVEL_NAMES.map((name, index) => [name, index + 1])),
    format: winston.format.printf(({ level, message, component }) =>
      formatLine({
        at: new Date(),
        pid: process.pid,
        level,
        component: String(component),
        text: redact(String(message)),
      }),
    ),
  });
  for (const stream of streams) logger.pipe(stream);
  return logger;
}

/**
 * The log: lines in mgr5's native format, levels out of `debug.conf`, rotation at `max_log_size`, known secrets
 * masked in every line. Several processes may use the same file. A line is in the file when `log` returns.
 */
export function createLogger({ file, debugConf, console = null }: LoggerOptions): ClosableLogger {
  const conf = new WatchedDebugConf(debugConf);
  const complain = (text: string): void => void (console ?? process.stderr).write(`${redact(text)}\n`);
  const fileStream = new FileStream({ file, maxSize: () => conf.current().maxLogSize, complain });
  const logger = createWinston([fileStream, ...(console === null ? [] : [createConsoleStream(console)])]);
  let isClosed = false;

  const write = (level: Level, component: string, text: string): void => {
    logger.log({ level: LEVEL_NAMES[level - 1] ?? 'DEBUG', message: text, component });
  };
  const isEnabled = (level: Level, component: string): boolean => {
    if (isClosed) return false;
    const { levelOf } = conf.current();
    const faults = conf.takeFaults();
    if (faults.length > 0) write(WARNINGS, 'log', `Ignored in ${debugConf}: ${faults.join('; ')}`);
    return level <= levelOf(component);
  };

  return {
    isEnabled,
    log: (level, component, text) => {
      if (isEnabled(level, component)) write(level, component, text);
    },
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      logger.end();
      await once(logger, 'finish');
    },
  };
}
