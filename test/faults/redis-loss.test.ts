import { composeCut, composeRestore, enumerateLosses } from '../helpers/loss-stories.js';
import { seedRandom } from '../helpers/redis-points.js';

const SEED = 20_261_125;

enumerateLosses(
  `kill -9 of Redis that loses its last writes (seed ${SEED})`,
  composeCut(seedRandom(SEED)),
  6,
);
enumerateLosses('an old copy of the data put back', composeRestore(), 3);
