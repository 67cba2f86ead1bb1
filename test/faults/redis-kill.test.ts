import { ConnectionLost, type Fault, type FragilePlay } from '../helpers/fragile-play.js';
import { enumerateFaults } from '../helpers/redis-stories.js';

/** The job meets one lost connection; its next command finds the Redis that was started again. */
const blink: Fault = {
  strike: async (stage: FragilePlay) => {
    await stage.crash();
    throw new ConnectionLost();
  },
  mend: () => Promise.resolve(),
};

/** Redis stays away until the job has given up. */
const outage: Fault = {
  strike: async (stage: FragilePlay) => {
    await stage.server.kill();
    throw new ConnectionLost();
  },
  mend: async (stage: FragilePlay) => {
    await stage.server.start();
    await stage.reconnect();
  },
};

enumerateFaults('kill -9 of Redis (appendfsync always)', {
  'it comes back at once': blink,
  'it stays away until the job has given up': outage,
});
