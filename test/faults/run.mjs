// npm run faults -- --seeds 10000 [--from 1] [--processes 2] [--theme late]   many schedules, on both cores
// npm run faults -- --seed 4711 [--theme late]                                 one of them, with every call
// npm run faults -- --control lane+fence --theme takeover --seeds 50           with defences turned off: violations are what is looked for
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    processes: { type: 'string', default: '2' },
    seed: { type: 'string' },
    theme: { type: 'string', default: '' },
    control: { type: 'string', default: '' },
  },
});
const from = Number(values.seed ?? values.from);
const total = values.seed === undefined ? Number(values.seeds) : 1;
const processes = values.seed === undefined ? Number(values.processes) : 1;
if (![from, total, processes].every((one) => Number.isInteger(one) && one > 0)) {
  process.stderr.write('--seeds, --from, --processes and --seed take whole numbers from 1\n');
  process.exit(2);
}
const started = Date.now();
const sum = { schedules: 0, calls: 0, themes: {}, faults: {}, deaths: {}, violations: [] };

function add(tally) {
  sum.schedules += tally.schedules;
  sum.calls += tally.calls;
  sum.violations.push(...tally.violations);
  for (const name of ['themes', 'faults', 'deaths'])
    for (const [key, count] of Object.entries(tally[name])) sum[name][key] = (sum[name][key] ?? 0) + count;
  for (const violation of tally.violations) process.stdout.write(`\nVIOLATION ${violation}\n`);
}

function run(place) {
  const child = spawn('npx', ['vitest', 'run', '--config', 'test/faults/vitest.config.ts'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      FAULTS_FROM: String(from + place),
      FAULTS_TO: String(from + total - 1),
      FAULTS_STEP: String(processes),
      FAULTS_THEME: values.theme,
      FAULTS_CONTROL: values.control,
    },
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('@@')) add(JSON.parse(line.slice(2)));
    else if (values.seed !== undefined) process.stdout.write(`${line}\n`);
  });
  return new Promise((resolve) => child.on('close', resolve));
}

const seconds = () => (Date.now() - started) / 1000;
const progress = setInterval(() => {
  const rate = (sum.schedules / seconds()).toFixed(1);
  process.stdout.write(
    `${sum.schedules} of ${total}, ${rate} a second, ${sum.violations.length} violations\n`,
  );
}, 10_000);
const codes = await Promise.all(Array.from({ length: Math.min(processes, total) }, (_, place) => run(place)));
clearInterval(progress);

function print(title, counts) {
  const rows = Object.entries(counts).sort((a, b) => b[1] - a[1]);
  process.stdout.write(
    `\n${title}\n${rows.map(([name, count]) => `${String(count).padStart(8)}  ${name}`).join('\n')}\n`,
  );
}
print('Schedules by theme', sum.themes);
print('Faults that struck', sum.faults);
print('Calls at which a process died', sum.deaths);
const injected = Object.values(sum.faults).reduce((all, count) => all + count, 0);
process.stdout.write(
  `\n${sum.schedules} schedules (seeds ${from} to ${from + total - 1}), ${injected} faults, ${sum.calls} calls, ` +
    `${sum.violations.length} violations, ${seconds().toFixed(0)} s\n`,
);
const isComplete = sum.schedules === total && codes.every((code) => code === 0);
if (!isComplete) process.stdout.write('The run is not complete.\n');
process.exit(sum.violations.length === 0 && isComplete ? 0 : 1);
