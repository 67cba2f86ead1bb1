import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { System } from '../helpers/system.js';
import { Screen } from './command-line.js';

const CLI = fileURLToPath(new URL('../../dist/src/cli.js', import.meta.url));

it(
  'Ctrl-C ends a command that waits for days, although no worker takes its job',
  { timeout: 60_000 },
  async () => {
    await using idle = await System.start({ worker: false });
    const child = spawn(process.execPath, [CLI, 'certificate', 'import'], { env: idle.environment });
    const [stdout, stderr] = [child.stdout.pipe(new Screen()), child.stderr.pipe(new Screen())];
    const exited = once(child, 'exit');
    await stdout.until('import-default-');
    child.kill('SIGINT');
    expect(await exited, stderr.text).toEqual([1, null]);
    expect(stderr.text).toContain('Stopped waiting. It goes on by itself');
  },
);
