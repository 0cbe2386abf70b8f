// Preloaded into the servers under fuzz: at SIGUSR2 it collects garbage and writes what memory is left, so that a leak shows as one.
const { renameSync, writeFileSync } = require('node:fs');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

process.on('SIGUSR2', () => {
  collect();
  const path = `${process.env.FRESHET_FUZZ_DIRECTORY}/memory-${process.pid}.json`;
  writeFileSync(`${path}.new`, JSON.stringify(process.memoryUsage()));
  renameSync(`${path}.new`, path);
});
