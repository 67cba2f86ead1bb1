import { listUnusedVariables, parseEnvironment, type Environment } from '../../config/environment.js';
import { App } from '../app.js';
import { createLogger } from '../log/create-logger.js';
import type { Logger } from '../log/logger.js';
import { note, type Terminal } from './terminal.js';

/** The environment as parsed; names that this version does not use are pointed out instead of being ignored silently. */
export function readEnvironment(terminal: Terminal): Environment {
  const environment = parseEnvironment(terminal.env);
  for (const name of listUnusedVariables(terminal.env)) {
    note(terminal, `warning: ${name} is set, but this version does not use it`);
  }
  return environment;
}

/** Commands that only look or add a job write no log: the workers do. */
const SILENT: Logger = { log: () => undefined, isEnabled: () => false };

/** Opens Redis for one command and closes it whatever happens. */
export async function withApp<T>(terminal: Terminal, run: (app: App) => Promise<T>): Promise<T> {
  const environment = readEnvironment(terminal);
  await using app = await App.open(environment, SILENT);
  return await run(app);
}

/** As {@link withApp}, with the log file open: for long-running commands. */
export async function withLoggedApp<T>(terminal: Terminal, run: (app: App) => Promise<T>): Promise<T> {
  const environment = readEnvironment(terminal);
  const logger = createLogger({
    file: environment.logFile,
    debugConf: environment.debugConf,
  });
  try {
    await using app = await App.open(environment, logger);
    return await run(app);
  } finally {
    await logger.close();
  }
}
