// Preloaded into a process of ours: on SIGUSR2 it fails in a way that nobody foresaw, with a text that holds secrets.
process.on('SIGUSR2', () => {
  const error = new Error(`nobody foresaw this: ${process.env.TEST_CANARY}`);
  if (process.env.TEST_FAULT === 'exception') throw error;
  void Promise.reject(error);
});
