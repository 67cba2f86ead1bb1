// npm run audit [-- --offline] [-- --lockfile FILE]: what the production tree is made of. Exit 0: nothing found;
// 1: something was found, one line each on stderr; 2: the lock file cannot be read. The checks of the lock file need no
// network; `npm audit` is asked where the registry answers.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/** Licences that a program of this kind may be built on without asking anybody. */
const LICENSES = new Set(['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'CC0-1.0']);

/** Deprecated packages that were looked at and kept, with the reason. */
const KNOWN_DEPRECATED = new Map();

/** One of a choice such as `(MIT OR CC0-1.0)` is enough; of `A AND B` each is needed. */
function isAllowedLicense(license) {
  if (typeof license !== 'string') return false;
  const words = license.replace(/[()]/g, '');
  return words.split(' OR ').some((choice) => choice.split(' AND ').every((one) => LICENSES.has(one.trim())));
}

function listEntryFaults([place, entry]) {
  const name = place.replace(/^.*node_modules\//, '');
  const faults = [];
  const say = (text) => faults.push(`${name} ${entry.version ?? ''}: ${text}`);
  if (entry.link === true) say('is a link to a folder, not a package');
  if (!/^sha512-[\w+/]{86}==$/.test(entry.integrity ?? '')) say('has no sha512 integrity in the lock file');
  if (entry.resolved !== undefined)
    say(`the lock file names where it comes from (${new URL(entry.resolved).host})`);
  if (entry.dev === true) return faults;
  if (entry.hasInstallScript === true) say('runs a script when it is installed');
  if (!isAllowedLicense(entry.license))
    say(`its licence is ${entry.license ?? 'unknown'}, which is not on the list`);
  if (entry.deprecated !== undefined && !KNOWN_DEPRECATED.has(name))
    say(`is deprecated: ${entry.deprecated}`);
  return faults;
}

/** Git, URL and file dependencies have no integrity that a registry vouches for; ranges change under our feet. */
function listRootFaults({ dependencies = {}, devDependencies = {} }) {
  return Object.entries({ ...dependencies, ...devDependencies })
    .filter(([, range]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(range))
    .map(([name, range]) => `${name}: "${range}" is no exact version of the registry`);
}

function readLock(file) {
  const { packages, lockfileVersion } = JSON.parse(readFileSync(file, 'utf8'));
  if (lockfileVersion !== 3 || packages?.[''] === undefined) throw new Error('it is not of version 3');
  return packages;
}

/** @returns faults; null where the registry does not answer. */
function askRegistry() {
  const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  try {
    const { vulnerabilities } = JSON.parse(stdout);
    return Object.values(vulnerabilities).map(({ name, severity }) => `${name}: ${severity} (npm audit)`);
  } catch {
    return null;
  }
}

const { values } = parseArgs({
  options: { offline: { type: 'boolean' }, lockfile: { type: 'string', default: 'package-lock.json' } },
});
let packages;
try {
  packages = readLock(values.lockfile);
} catch (error) {
  process.stderr.write(`${values.lockfile} cannot be read: ${error.message}\n`);
  process.exit(2);
}
const { '': root, ...entries } = packages;
const faults = [...listRootFaults(root), ...Object.entries(entries).flatMap(listEntryFaults)];
const answer = values.offline === true ? undefined : askRegistry();
if (answer === null)
  process.stderr.write(
    'note: the registry did not answer npm audit; known vulnerabilities were not checked\n',
  );
faults.push(...(answer ?? []));
for (const fault of faults) process.stderr.write(`${fault}\n`);
const production = Object.values(entries).filter(({ dev }) => dev !== true).length;
process.stdout.write(
  `${Object.keys(entries).length} packages, ${production} in production, ${faults.length} faults\n`,
);
process.exitCode = faults.length === 0 ? 0 : 1;
